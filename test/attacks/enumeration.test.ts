import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD, usersYaml } from '../harness/demo-users.js'
import { HOST, SECOND, startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { openRaw } from '../harness/raw-client.js'
import { machineToken } from '../portal/program.js'

/** Who there is, all of five letters; nobody is called ghost. */
const NAMES = ['ghost', 'alice', 'bobby', 'carol'] as const
const WHO = {
  ghost: 'unknown',
  alice: 'with a second factor',
  bobby: 'without a second factor',
  carol: 'disabled',
}

const gateway = await startGateway(t, {
  yaml: `public_url: https://${HOST}
upstream: http://127.0.0.1:1
trusted_proxies: [127.0.0.1]
users: { file: users.yaml }
login: { methods: [password, passkey, email, sms, link] }
mail: { from: gate@app.example, file: mails.jsonl }
sms: { file: texts.jsonl }
`,
  users: await usersYaml([
    { name: 'alice', email: 'alice@app.example', phone: '+491701234561' },
    { name: 'bobby', email: 'bobby@app.example', phone: '+491701234562' },
    { name: 'carol', email: 'carol@app.example', phone: '+491701234563', disabled: true },
  ]),
})
const NUMBERS = { alice: '1', bobby: '2', carol: '3', ghost: '4' }
if (noAuthenticator === false)
  await createPerson(gateway, { headers: { 'X-Forwarded-For': '192.0.2.1' } }).login('alice')
const bearer = await machineToken(gateway, ['authenticate'])

let clients = 0

/** What a door answers, but for what differs by chance: ids, the time, and the name that was typed. */
async function answerOf(
  name: string,
  path: string,
  body: object,
  asBackend: boolean,
  form: boolean,
): Promise<string> {
  clients += 1
  const text = form ? new URLSearchParams(Object.entries(body)).toString() : JSON.stringify(body)
  const connection = await openRaw(gateway)
  connection.write(
    [
      `POST /auth${path} HTTP/1.1`,
      `Host: ${HOST}`,
      // Another client each time, so that what is counted by address says nothing.
      `X-Forwarded-For: 198.18.${clients >> 8}.${clients & 255}`,
      'X-Forwarded-Proto: https',
      'User-Agent: a browser',
      ...(asBackend ? [`Authorization: Bearer ${bearer}`] : []),
      ...(form
        ? [
            `Origin: https://${HOST}`,
            'Sec-Fetch-Site: same-origin',
            'Sec-Fetch-Mode: navigate',
            'Accept: text/html',
          ]
        : []),
      `Content-Type: application/${form ? 'x-www-form-urlencoded' : 'json'}`,
      `Content-Length: ${Buffer.byteLength(text)}`,
      'Connection: close',
      '',
      text,
    ].join('\r\n'),
  )
  const answer = await connection.answer()
  connection.destroy()
  const headers = (answer?.headers ?? []).filter(([field]) => field.toLowerCase() !== 'date')
  const lines = [answer?.statusLine, ...headers.map(([field, value]) => `${field}: ${value}`)]
  return `${lines.join('\n')}\n\n${answer?.body.toString() ?? ''}`
    .replaceAll(name, 'NAME?')
    .replaceAll(`+49170123456${NUMBERS[name as keyof typeof NUMBERS]}`, 'NUMBER')
    .replaceAll(/[A-Za-z0-9_-]{43,}/g, secret => `<${secret.length}>`)
}

interface Door {
  readonly path: string
  readonly body: (name: keyof typeof WHO) => object
  readonly form?: true
  readonly asBackend?: true
  /** How often in a row: the last ones are throttled. */
  readonly times: number
}

const wrong = (username: string) => ({ username, password: 'a wrong password' })
const email = (name: string): string => `${name}@app.example`

/** Every door that takes a name, an address or a number before anything is proved. */
const DOORS: Readonly<Record<string, Door>> = {
  'the login form': { path: '/login', body: wrong, form: true, times: 3 },
  'the JSON login': { path: '/login', body: name => ({ ...wrong(name), mode: 'session' }), times: 3 },
  'the login for tokens': { path: '/login', body: name => ({ ...wrong(name), mode: 'token' }), times: 3 },
  'the stateless login': { path: '/stateless/login', body: wrong, times: 3 },
  'a stateless challenge': { path: '/challenge/get', body: wrong, times: 3 },
  'a stateless challenge of a type': {
    path: '/challenge/get',
    body: name => ({ ...wrong(name), auth_type: 'TOTP' }),
    times: 3,
  },
  'the answer to a stateless challenge': {
    path: '/challenge/verify',
    body: name => ({ ...wrong(name), id: 'x'.repeat(43), response: '123456' }),
    times: 3,
  },
  'a code by mail, for a form': {
    path: '/otp/send',
    body: name => ({ channel: 'email', identifier: email(name) }),
    form: true,
    times: 3,
  },
  'a code by mail': { path: '/otp/send', body: name => ({ channel: 'email', to: email(name) }), times: 3 },
  'a code by mail, by user name': {
    path: '/otp/send',
    body: name => ({ channel: 'email', to: name }),
    times: 3,
  },
  'a code by text message': {
    path: '/otp/send',
    body: name => ({ channel: 'sms', to: `+49170123456${NUMBERS[name]}` }),
    times: 3,
  },
  'a link by mail, for a form': {
    path: '/link/send',
    body: name => ({ identifier: email(name) }),
    form: true,
    times: 3,
  },
  'a link by mail': { path: '/link/send', body: name => ({ to: email(name) }), times: 3 },
  'a code for a backend': {
    path: '/otp/send',
    body: name => ({ channel: 'email', to: email(name) }),
    asBackend: true,
    times: 1,
  },
  'the options of a passkey': { path: '/passkey/options', body: username => ({ username }), times: 1 },
}

for (const [door, { path, body, form = false, asBackend = false, times }] of Object.entries(DOORS)) {
  await t.test(`i1, i2, i3, f14: ${door} does not tell who exists`, { skip: noAuthenticator }, async t => {
    gateway.clock.advance(48 * 3_600 * SECOND)
    const answers = new Map<string, readonly string[]>()
    for (const name of NAMES) {
      const told: string[] = []
      // Unknown or not, a name is throttled alike: what is free is used up, and the answers go on being the same.
      for (let time = 0; time < times * 3; time += 1)
        told.push(await answerOf(name, path, body(name), asBackend, form))
      answers.set(name, told)
    }
    const unknown = answers.get('ghost') ?? []
    t.notMatch(unknown[0], /HTTP\/1.1 5/, 'the door is open')
    if (times > 1) t.match(unknown.at(-1), /HTTP\/1.1 429/, 'and closes after some tries')
    for (const name of NAMES.slice(1))
      t.same(answers.get(name), unknown, `${WHO[name]} is answered as unknown`)
  })
}

t.test('i5: an address with two @ is nobody', async t => {
  const unknown = await answerOf('ghost', '/otp/send', { channel: 'email', to: email('ghost') }, true, false)
  t.equal(
    await answerOf(
      'alice',
      '/otp/send',
      { channel: 'email', to: 'alice@app.example@ghost.example' },
      true,
      false,
    ),
    unknown,
  )
})

t.test(
  'the second half of the comparison: a right password is told apart',
  { skip: noAuthenticator },
  async t => {
    gateway.clock.advance(48 * 3_600 * SECOND)
    const right = (username: string) => ({ username, password: PASSWORD, mode: 'session' })
    t.match(await answerOf('alice', '/login', right('alice'), false, false), /^HTTP\/1.1 202/)
    const disabled = await answerOf('carol', '/login', right('carol'), false, false)
    t.equal(
      disabled,
      await answerOf('ghost', '/login', right('ghost'), false, false),
      'but not of who is disabled',
    )
  },
)
