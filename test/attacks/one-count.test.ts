import t from 'tap'
import { noAuthenticator, totpCode } from '../harness/authenticator.js'
import type { Reply } from '../harness/person.js'
import { LONG_PASSWORD, SESSION_COOKIE, startAllWays } from './all-ways-gateway.js'
import { beginMoment, begun, setUpAlice } from './every-secret.js'

if (noAuthenticator !== false) {
  t.plan(0, noAuthenticator)
  process.exit(0)
}

/** Tries of one account that are looked at before the first wait. */
const FREE = 5
const WRONG_CODE = '000000'

/** One address that takes a secret. */
interface Door {
  readonly name: string
  readonly right: () => string
  readonly send: (secret: string) => Promise<Reply>
}

const ways = await startAllWays(t)
const { ask, gateway, store } = ways
const alice = await setUpAlice(ways)
const moment = await beginMoment(alice)
const KNOWN = { username: 'alice', password: LONG_PASSWORD }
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A whole session whose proofs are fresh, with an app that is being added. */
async function openSession() {
  const { json, cookie } = await ask('/auth/login', { json: KNOWN })
  const answer = { challenge: json.challenge, factor: 'backup_code', code: moment.backupCode() }
  const verified = await ask('/auth/mfa/verify', {
    json: answer,
    cookies: { [SESSION_COOKIE]: cookie(SESSION_COOKIE) },
  })
  const cookies = { [SESSION_COOKIE]: verified.cookie(SESSION_COOKIE) }
  const offer = await ask('/auth/mfa/enrol/totp', { json: {}, cookies })
  return { cookies, newKey: text(offer.json.secret) }
}

const { cookies, newKey } = await openSession()
const secrets = {
  loginId: await moment.secret('login id'),
  loginCode: await moment.secret('login code'),
  linkId: await moment.secret('confirmed link id'),
  linkCode: await moment.secret('link code'),
  backendLinkId: await moment.secret('backend link id'),
  backendLinkCode: await moment.secret('backend link code'),
}
const backend = { authorization: `Bearer ${await moment.secret('backend token')}` }
const base = gateway.clock.now()
store.keep()

t.beforeEach(() => {
  store.rewind()
  gateway.clock.advance(base - gateway.clock.now())
})

const rightPassword = () => LONG_PASSWORD
const rightCode = () => totpCode(alice.totpKey, gateway.clock.now())
const newCode = () => totpCode(newKey, gateway.clock.now())

const PASSWORD_DOORS: readonly Door[] = [
  ...(['alice', 'ALICE', ' Alice\u3000', 'ａｌｉｃｅ'] as const).map(username => ({
    name: `JSON, as ${JSON.stringify(username)}`,
    right: rightPassword,
    send: (password: string) => ask('/auth/login', { json: { username, password } }),
  })),
  {
    name: 'the form',
    right: rightPassword,
    send: password => ask('/auth/login', { form: { username: 'alice', password } }),
  },
  {
    name: 'tokens',
    right: rightPassword,
    send: password => ask('/auth/login', { json: { ...KNOWN, password, mode: 'token' } }),
  },
  ...(['/auth/stateless/login', '/auth/challenge/get', '/auth/challenge/verify'] as const).map(path => ({
    name: path,
    right: rightPassword,
    send: (password: string) => ask(path, { json: { ...KNOWN, password, id: 'x', response: '123456' } }),
  })),
  {
    name: 'the password form of the account',
    right: rightPassword,
    send: current_password =>
      ask('/auth/account/password', {
        form: { current_password, new_password: 'short' },
        cookies,
      }),
  },
]

const CODE_DOORS: readonly Door[] = [
  {
    name: 'JSON, in a cookie',
    right: rightCode,
    send: async code => {
      const { json, cookie } = await ask('/auth/login', { json: KNOWN })
      const answer = { challenge: json.challenge, factor: 'totp', code }
      return ask('/auth/mfa/verify', {
        json: answer,
        cookies: { [SESSION_COOKIE]: cookie(SESSION_COOKIE) },
      })
    },
  },
  {
    name: 'JSON, in tokens',
    right: rightCode,
    send: async code => {
      const { json } = await ask('/auth/login', { json: { ...KNOWN, mode: 'token' } })
      return ask('/auth/mfa/verify', { json: { challenge: json.challenge, factor: 'totp', code } })
    },
  },
  {
    name: 'the form',
    right: rightCode,
    send: async code => {
      const { json, cookie } = await ask('/auth/login', { json: KNOWN })
      const form = { challenge: text(json.challenge), factor: 'totp', code }
      return ask('/auth/mfa', { form, cookies: { [SESSION_COOKIE]: cookie(SESSION_COOKIE) } })
    },
  },
  {
    name: 'the stateless protocol',
    right: rightCode,
    send: async response => {
      const { json } = await ask('/auth/challenge/get', { json: { ...KNOWN, auth_type: 'TOTP' } })
      return ask('/auth/challenge/verify', { json: { ...KNOWN, id: json.id, response } })
    },
  },
  {
    name: 'a step-up',
    right: rightCode,
    send: async code => {
      const { json } = await ask('/auth/mfa/challenge', { json: {}, cookies })
      return ask('/auth/mfa/verify', { json: { challenge: json.challenge, factor: 'totp', code }, cookies })
    },
  },
  {
    name: 'the first code of a new app',
    right: newCode,
    send: code => ask('/auth/mfa/enrol/totp/confirm', { json: { code, name: 'new' }, cookies }),
  },
  {
    name: 'the form for a new app',
    right: newCode,
    send: code => ask('/auth/account/factors/totp/confirm', { form: { code, name: 'new' }, cookies }),
  },
]

const MAILED_DOORS: readonly Door[] = [
  {
    name: 'a code, JSON',
    right: () => secrets.loginCode,
    send: code => ask('/auth/otp/authenticate', { json: { id: secrets.loginId, code } }),
  },
  {
    name: 'a code, the form',
    right: () => secrets.loginCode,
    send: code =>
      ask('/auth/otp/authenticate', {
        form: { channel: 'email', identifier: 'alice', code },
        cookies: begun('code', secrets.loginId),
      }),
  },
  {
    name: 'a link, JSON',
    right: () => secrets.linkCode,
    send: code => ask('/auth/link/authenticate', { json: { id: secrets.linkId, code } }),
  },
  {
    name: 'a link, the form',
    right: () => secrets.linkCode,
    send: code =>
      ask('/auth/link/authenticate', {
        form: { identifier: 'alice', code },
        cookies: begun('link', secrets.linkId),
      }),
  },
  {
    name: 'a link, a backend',
    right: () => secrets.backendLinkCode,
    send: code => ask('/auth/link/authenticate', { json: { id: secrets.backendLinkId, code }, ...backend }),
  },
]

for (const [what, wrong, doors] of [
  ['a password', 'wrong', PASSWORD_DOORS],
  ['a second factor', WRONG_CODE, CODE_DOORS],
  ['a code that begins a login', WRONG_CODE, MAILED_DOORS],
] as const) {
  t.test(`i4, f5: every door that takes ${what} shares one count`, async t => {
    for (const [at, door] of doors.entries()) {
      store.rewind()
      for (let tried = 0; tried < FREE; tried++) {
        const other = doors[(at + 1 + tried) % doors.length] ?? door
        t.equal((await other.send(wrong)).status, 401, `${tried + 1}: ${other.name} looks at it`)
      }
      t.equal((await door.send(door.right())).status, 429, `then nothing is right: ${door.name}`)
      store.rewind()
      const before = await door.send(door.right())
      store.rewind()
      t.not(before.status, 429)
      t.not(before.text, (await door.send(wrong)).text, `and before, it is: ${door.name}`)
    }
  })
}

t.test('i4: a name in another spelling is the same account, or none', async t => {
  const spellings = [
    'alice\u200b',
    'al\u0131ce',
    'alice\u00ad',
    'a\u0301lice',
    'ALİCE',
    'alic\u0435',
    'alice.',
  ]
  for (const username of spellings) {
    const { status } = await ask('/auth/login', { json: { ...KNOWN, username } })
    t.equal(status, 401, `${JSON.stringify(username)} is nobody, so that its count matters to nobody`)
  }
})
