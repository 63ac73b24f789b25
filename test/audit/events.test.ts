import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { AuditEventName } from '../../src/audit/audit-event.js'
import { readMembers } from '../../src/audit/chain-line.js'
import { openAuditLog } from '../../src/audit/open-audit-log.js'
import { run as runUsers } from '../../src/cli/users.js'
import { testIo } from '../cli/test-io.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { HOST, startGateway, type OpenTestGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange } from '../harness/raw-client.js'
import { createPhone } from '../portal/phone.js'
import { createProgram, messageTo, textOf, tokensOf } from '../portal/program.js'
import { logInByForms, openTab, type Tab } from '../portal/tab.js'
import { codeIn } from '../portal/ways-in.js'

const SECRET = 'q3Vd8Jm3nPq7rTv2wXy5zAb9cEf4gHj6kL1mN0oPq7r'
const TYPO = 'a password that nobody has'
const NEXT = 'another long password'

/** What a line has besides `seq`, `prev`, `at` and `audit`. */
interface Told {
  readonly subject?: string
  /** The client's address, or `local` for the command line. */
  readonly address?: '127.0.0.1' | 'local'
  readonly requestId?: true
  readonly reason?: string
  readonly session?: true
}

const PERSON = { subject: 'alice', address: '127.0.0.1', requestId: true } as const
const LOGGED_IN = { ...PERSON, session: true } as const

/** Every name of the closed list; the compiler refuses one that is not here. */
const EVENTS = {
  'login.password_accepted': PERSON,
  'login.password_refused': { ...PERSON, subject: 'bob', reason: 'wrong' },
  'login.second_factor_accepted': { ...LOGGED_IN, reason: 'totp' },
  'login.second_factor_refused': { ...LOGGED_IN, reason: 'totp_wrong' },
  'login.first_factor_accepted': { ...PERSON, subject: 'carol', reason: 'email' },
  'login.first_factor_refused': { ...PERSON, subject: 'carol', reason: 'email' },
  'login.throttled': { ...PERSON, subject: 'judy', reason: 'password' },
  'factor.code_sent': { ...PERSON, subject: 'carol', reason: 'email' },
  'factor.enrolment_started': { ...LOGGED_IN, reason: 'totp' },
  'factor.enrolled': { ...LOGGED_IN, reason: 'totp' },
  'factor.renamed': LOGGED_IN,
  'factor.removed': { ...LOGGED_IN, reason: 'totp' },
  'factor.backup_codes_replaced': LOGGED_IN,
  'factor.reset': { subject: 'dave', address: 'local' },
  'device.remembered': LOGGED_IN,
  'device.forgotten': LOGGED_IN,
  'account.password_changed': LOGGED_IN,
  'account.second_factor_off': LOGGED_IN,
  'account.second_factor_on': LOGGED_IN,
  'token.refreshed': LOGGED_IN,
  'token.reused': LOGGED_IN,
  'api_token.created': LOGGED_IN,
  'api_token.revoked': LOGGED_IN,
  'session.started': { ...LOGGED_IN, reason: 'password' },
  'session.replaced': LOGGED_IN,
  'session.ended': { ...LOGGED_IN, reason: 'logout' },
  'request.refused': { address: '127.0.0.1', requestId: true, reason: 'repeated_header' },
  'request.denied': { ...PERSON, reason: 'not_in_group' },
  'bypass.used': { subject: 'erin', address: '127.0.0.1' },
  'policy.loaded': {},
  'policy.rejected': {},
  'operator.command': { subject: 'dave', address: 'local' },
  'audit.recovered': { reason: 'changed' },
  'audit.checkpoint': {},
  'audit.lost': {},
} as const satisfies Readonly<Record<AuditEventName, Told>>

const YAML = `public_url: https://${HOST}
upstream: http://127.0.0.1:1
users: { file: users.yaml }
audit: { file: audit.jsonl }
store: { embedded: data }
login: { methods: [password, email] }
mail: { from: gate@app.example, file: mails.jsonl }
mfa: { factors: [totp, webauthn, backup_code], remember_device: 30d, may_disable: true }
tokens: { self_service_scopes: [calendar] }
routes:
  - path: /half/**
    access: bypassed
    reason: the password is enough here
  - path: /board/**
    access: required
    groups: [board]
  - path: /calendar/**
    access: required
    tokens: [calendar]
`

type Line = Readonly<Record<string, unknown>>

t.test(
  'every event of the closed list is told, with its fields and no secret',
  { skip: noAuthenticator },
  async t => {
    const gateway = await startGateway(t, { yaml: YAML, secrets: [SECRET] })
    const folder = dirname(gateway.configFile)
    const file = join(folder, 'audit.jsonl')
    mkdirSync(join(folder, 'data'), { mode: 0o700 })
    writeFileSync(join(folder, 'data', 'secret'), `${SECRET}\n`, { mode: 0o600 })
    const secrets = [SECRET, PASSWORD, TYPO, NEXT]

    await tellLogins(gateway, secrets)
    await tellFactors(gateway, secrets)
    await tellAccount(gateway, secrets)
    await tellRequests(gateway, secrets)
    await tellPolicies(gateway)
    t.equal(await runUsers(['reset-mfa', 'dave', '--yes'], testIo(folder)), 0)
    appendFileSync(file, '{"audit":"forged"}\n')
    await createPerson(gateway).giveUserName('bob', TYPO)
    await gateway.close()
    await tellLoss(folder)

    const text = readFileSync(file, 'utf8')
    const lines = text
      .split('\n')
      .slice(0, -1)
      .map(line => readMembers(line) ?? {})
    const known = new Set<unknown>([...Object.keys(EVENTS), 'forged'])
    t.same(
      [...new Set(lines.map(({ audit }) => audit))].filter(name => !known.has(name)),
      [],
      'the list is closed',
    )
    for (const [event, expected] of Object.entries<Told>(EVENTS)) {
      const told = lines.filter(({ audit }) => audit === event)
      const { subject, address, requestId, reason, session } = expected
      const fits = ({ at, ...line }: Line): boolean =>
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(at)) &&
        line.subject === subject &&
        line.address === address &&
        (requestId === undefined || /^[\w-]{4,}$/.test(String(line.request_id))) &&
        (reason === undefined || line.reason === reason) &&
        (session === undefined || /^[\w-]{22}$/.test(String(line.session)))
      t.ok(told.some(fits), event, { told: told.slice(0, 3), expected })
    }
    const logged = text + gateway.logLines.join('\n')
    for (const secret of secrets)
      t.notOk(secret.length < 6 || logged.includes(secret), 'no line holds a secret')
  },
)

async function tellLogins(gateway: OpenTestGateway, secrets: string[]): Promise<void> {
  const program = createProgram(gateway)
  await program.post('/login', { username: 'bob', password: TYPO })
  for (let tries = 0; tries < 30; tries += 1)
    if ((await program.post('/login', { username: 'judy', password: TYPO })).status === 429) break
  const to = 'carol@app.example'
  const begun = await program.post('/otp/send', { channel: 'email', to })
  const code = codeIn(await messageTo(gateway, 'mails', to))
  const wrong = code === '000000' ? '000001' : '000000'
  const id = textOf(begun, 'id')
  await program.post('/otp/authenticate', { id, code: wrong, mode: 'token' })
  await program.post('/otp/authenticate', { id, code, mode: 'token' })
  secrets.push(id, code)

  const first = await program.logIn('alice')
  const { refresh_token } = first
  const second = tokensOf(await program.post('/token/refresh', { refresh_token }))
  await program.post('/token/refresh', { refresh_token })
  program.bearer = undefined
  for (const tokens of [first, second])
    secrets.push(tokens.access_token, tokens.refresh_token, tokens.id_token)
  const due = await program.post('/login', { username: 'alice', password: PASSWORD, mode: 'token' })
  const challenge = textOf(due, 'challenge')
  await program.post('/mfa/verify', { challenge, factor: 'totp', code: '000000' })
  secrets.push(challenge)
}

async function tellFactors(gateway: OpenTestGateway, secrets: string[]): Promise<void> {
  const program = createProgram(gateway)
  await program.logIn('alice')
  const offer = await program.post('/mfa/enrol/totp')
  const key = textOf(offer, 'secret')
  const code = createPhone(gateway, 'tablet', key).code()
  await program.post('/mfa/enrol/totp/confirm', { code, name: 'Tablet' })
  const { factors } = (await program.get('/mfa/factors')).json as { factors: { id: string; name: string }[] }
  const path = `/auth/mfa/factors/${factors.find(({ name }) => name === 'Tablet')?.id ?? ''}`
  await program.send('PATCH', path, { name: 'Old tablet' })
  await program.send('DELETE', path)
  const { backup_codes } = (await program.post('/mfa/backup-codes')).json as { backup_codes: string[] }
  secrets.push(key, ...backup_codes)
  await program.post('/logout')
}

async function tellAccount(gateway: OpenTestGateway, secrets: string[]): Promise<void> {
  const tab = openTab(gateway)
  await tab.open('/auth/login')
  await tab.send('/auth/login', { username: 'alice', password: PASSWORD })
  await tab.send('/auth/mfa', { code: createPhone(gateway, 'alice').code(), remember_device: 'true' })
  keepCookies(tab, secrets)
  await tab.open('/auth/account')
  await tab.send('/auth/account/browsers/forget')
  for (const to of ['off', 'on']) {
    await tab.open('/auth/account/factors')
    await tab.send(`/auth/account/second-factor/${to}`)
  }
  await tab.open('/auth/account/tokens')
  const made = await tab.send('/auth/account/tokens/create', { name: 'phone', scope: 'calendar', days: '30' })
  secrets.push(/\bgh_[A-Za-z0-9_-]+/.exec(made.text)?.[0] ?? '')
  await tab.open('/auth/account/tokens')
  await tab.send('/auth/account/tokens/revoke')
  const other = openTab(gateway)
  await logInByForms(gateway, other, 'alice')
  keepCookies(other, secrets)
  await other.person.navigate('/board/x')
  await other.person.logout()
  await tab.open('/auth/account/password')
  await tab.send('/auth/account/password', { current_password: PASSWORD, new_password: NEXT })
}

function keepCookies(tab: Tab, secrets: string[]): void {
  secrets.push(...tab.person.cookies.values())
}

async function tellRequests(gateway: OpenTestGateway, secrets: string[]): Promise<void> {
  await exchange(gateway, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nHost: other.example\r\n\r\n`)
  const erin = createPerson(gateway)
  await erin.giveUserName('erin')
  secrets.push(...erin.cookies.values())
  await erin.navigate('/half/x')
}

async function tellPolicies(gateway: OpenTestGateway): Promise<void> {
  for (const more of ['  - { path: /more/**, access: public }\n', 'rutes: []\n']) {
    writeFileSync(gateway.configFile, `${YAML}${more}`)
    gateway.reload()
  }
  writeFileSync(gateway.configFile, YAML)
  gateway.reload()
}

/** Another process of the same log that could not write for a long time. */
async function tellLoss(folder: string): Promise<void> {
  const { now } = testIo(folder)
  const log = openAuditLog({
    file: join(folder, 'audit.jsonl'),
    mode: 'required',
    syslog: undefined,
    write: undefined,
    secrets: [SECRET],
    now,
    hostname: 'other',
    onFault: () => undefined,
    onMended: () => undefined,
  })
  for (let number = 0; number <= 10_000; number += 1)
    log.audit({ event: 'request.refused', reason: 'target', address: '192.0.2.7' })
  await log.takesLines()
  await log.close()
}
