import t, { type Test } from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD, usersYaml } from '../harness/demo-users.js'
import { HOST, HOUR, type OpenTestGateway, startGateway } from '../harness/gateway.js'
import { startMailServer } from '../harness/mail-server.js'
import { createPerson, type Person, type Reply } from '../harness/person.js'

if (noAuthenticator !== false) {
  t.plan(0, noAuthenticator)
  process.exit(0)
}

const MAILBOX = 'alice@app.example'
const WRONG_CODE = 'A2B3-C4D5-E6F7-A2B3'

interface Office {
  readonly gateway: OpenTestGateway
  /** The subjects of all mails to Alice so far, without what all of them end with. */
  readonly subjects: () => readonly string[]
  /** Waits for so many mails to Alice with this subject, and gives the text of the last one. */
  readonly told: (subject: RegExp, count?: number) => Promise<string>
}

/** A gateway that sends its notices to a real mail server. */
async function startMailed(t: Test, more = ''): Promise<Office> {
  const { port, mails } = await startMailServer(t, { tls: 'none' })
  const gateway = await startGateway(t, {
    yaml: `public_url: https://${HOST}
upstream: http://127.0.0.1:1
users: { file: users.yaml }
mail: { from: gate@app.example, smtp: { host: 127.0.0.1, port: ${port}, tls: none } }
${more}`,
    users: await usersYaml([{ name: 'alice', email: MAILBOX }]),
  })
  const toAlice = () => mails.filter(({ to }) => to.includes(MAILBOX))
  const subjectOf = (mail: (typeof mails)[number]): string => mail.headers.get('subject') ?? ''
  return {
    gateway,
    subjects: () => toAlice().map(mail => subjectOf(mail).replace(` at ${HOST}`, '')),
    told: async (subject, count = 1) => {
      for (const end = performance.now() + 20_000; performance.now() < end;) {
        const found = toAlice().filter(mail => subject.test(subjectOf(mail)))
        if (found.length >= count) return found.at(-1)?.text ?? ''
        await new Promise(resolve => setTimeout(resolve, 10))
      }
      throw new Error(`no ${String(subject)}, but: ${toAlice().map(subjectOf).join('; ')}`)
    },
  }
}

/** The first login of Alice, with her new backup codes. */
async function enrol(alice: Person): Promise<readonly string[]> {
  await alice.giveUserName('alice')
  const done = await alice.giveCode(alice.nextCode())
  return done.json.backup_codes as readonly string[]
}

t.test(
  'a factor that is enrolled at the first login is told, with when, from where, and what to do',
  async t => {
    const { gateway, told } = await startMailed(t)
    await enrol(createPerson(gateway, { headers: { 'User-Agent': 'Mozilla/5.0 (X11) Firefox/140.0' } }))
    const text = await told(/^A way to log in was added/)
    for (const fact of [
      /An authenticator app can now be used/,
      /Account: alice at gw\.example/,
      /When: 15 Jan 2027, 08:00 UTC/,
      /From: 127\.0\.0\.1/,
      /Browser: .*Firefox/,
      /If it was not, log in at the address below, undo it/,
      /https:\/\/gw\.example\/auth\/account/,
    ])
      t.match(text, fact)
    t.notMatch(text, /\/auth\/link\/|[?&](?:token|code|challenge)=/, 'nothing in it logs anybody in')
  },
)

t.test('a right password with a wrong second factor is told, once an hour', async t => {
  const { gateway, told, subjects } = await startMailed(t)
  await enrol(createPerson(gateway))
  const stranger = createPerson(gateway)
  await stranger.giveUserName('alice', 'not the password')
  await stranger.giveUserName('alice')
  for (let tries = 0; tries < 4; tries++) await stranger.giveCode(WRONG_CODE, 'backup_code')
  t.match(await told(/^Somebody tried to log in/), /came past the first step/)
  gateway.clock.advance(HOUR)
  await stranger.giveUserName('alice')
  await stranger.giveCode(WRONG_CODE, 'backup_code')
  await told(/^Somebody tried to log in/, 2)
  t.equal(subjects().filter(subject => subject === 'Somebody tried to log in to your account').length, 2)
})

t.test(
  'a slip in a browser where somebody has logged in before is told of when it is one of many',
  async t => {
    const { gateway, told, subjects } = await startMailed(t)
    const alice = createPerson(gateway)
    await enrol(alice)
    await told(/^A way to log in was added/)
    await alice.giveUserName('alice')
    for (let tries = 0; tries < 3; tries++) await alice.giveCode(WRONG_CODE, 'backup_code')
    await alice.fetch('/auth/session')
    t.equal(subjects().length, 1, 'nothing so far')
    for (let tries = 0; tries < 9; tries++) {
      await alice.giveUserName('alice')
      await alice.giveCode(WRONG_CODE, 'backup_code')
    }
    t.match(await told(/^Somebody tried to log in/), /came past the first step/)
  },
)

t.test('a whole login in a new browser is told, in a known one it is not', async t => {
  const { gateway, told, subjects } = await startMailed(t)
  const alice = createPerson(gateway)
  await enrol(alice)
  await alice.login('alice')
  await alice.logout()
  await alice.login('alice')
  await told(/^A way to log in was added/)
  t.equal(subjects().length, 1, 'not in the browser of the enrolment')
  const other = createPerson(gateway, {
    headers: { 'User-Agent': 'Mozilla/5.0 (Macintosh) Safari/605.1.15' },
  })
  await other.giveUserName('alice')
  t.equal(subjects().length, 1, 'nor for a password alone')
  await other.giveCode(other.nextCode())
  t.match(await told(/^Your account was used in a new browser/), /Browser: .*Safari/)
  for (let logins = 0; logins < 2; logins++) await other.login('alice')
  for (let browsers = 0; browsers < 6; browsers++) await createPerson(gateway).login('alice')
  await told(/^Your account was used in a new browser/, 5)
  t.equal(subjects().length, 6, 'five an hour at most')
})

t.test('a backup code that was used is told, with how many are left', async t => {
  const { gateway, told } = await startMailed(t)
  const codes = await enrol(createPerson(gateway))
  const other = createPerson(gateway)
  for (const [used, left] of [
    [0, /9 are left/],
    [1, /8 are left/],
  ] as const) {
    await other.giveUserName('alice')
    t.equal((await other.giveCode(codes[used] ?? '', 'backup_code')).status, 200)
    t.match(await told(/^A backup code of your account was used/, used + 1), left)
  }
})

t.test('a factor that a hundred wrong codes have locked is told, once an hour', async t => {
  const { gateway, told, subjects } = await startMailed(t)
  await enrol(createPerson(gateway))
  const program = createPerson(gateway)
  const guess = async (): Promise<Reply> => {
    gateway.clock.advance(HOUR / 4)
    const known = { username: 'alice', password: PASSWORD }
    const post = (path: string, json: object): Promise<Reply> => program.fetch(path, { method: 'POST', json })
    const { id } = (await post('/auth/challenge/get', { ...known, auth_type: 'TOTP' })).json
    return post('/auth/challenge/verify', { ...known, id, response: '0000000'.slice(1) })
  }
  let reply = await guess()
  for (let tries = 1; tries < 105 && reply.json.reason !== 'factor_locked'; tries++) reply = await guess()
  t.equal(reply.json.reason, 'factor_locked', reply.text)
  await guess()
  await guess()
  const text = await told(/^A way to log in to your account is locked/)
  t.match(text, /An authenticator app was answered wrongly so often/)
  t.match(text, /whoever runs the site lifts the lock/)
  t.equal(subjects().filter(subject => subject.endsWith('is locked')).length, 1)
})
