import t from 'tap'
import { decide } from '../../src/access/decide.js'
import { parsePathPattern } from '../../src/access/path-pattern.js'
import { createAssertions } from '../../src/credentials/assertions.js'
import type { NewApiToken } from '../../src/credentials/api-token.js'
import { createAuthenticate } from '../../src/credentials/authenticate.js'
import { StoreUnavailable } from '../../src/store/store.js'
import {
  ALICE,
  AUDIENCE,
  credentialsBench,
  HOUR,
  ISSUER,
  MINUTE,
  SECOND,
  START,
  TOKEN_LOGIN,
} from './credentials-bench.js'

const HERE = '192.0.2.1'
const MACHINE: NewApiToken = {
  name: 'backup',
  owner: { kind: 'machine' },
  scopes: ['export:read'],
  expiresAt: START + 24 * HOUR,
}
const ALICES: NewApiToken = { ...MACHINE, name: 'my calendar', owner: { kind: 'user', subject: 'alice' } }

async function bench(...options: Parameters<typeof credentialsBench>) {
  const it = await credentialsBench(...options)
  const { id: cookie, record: cookieRecord } = await it.sessions.start({ ...TOKEN_LOGIN, carrier: 'cookie' })
  const { id, record } = await it.sessions.start(TOKEN_LOGIN)
  const { accessToken, idToken } = await it.accessTokens.issue(record, ALICE)
  const make = async (wanted: NewApiToken) => {
    const made = await it.apiTokens.create(wanted)
    if (made.outcome !== 'created') throw new Error(JSON.stringify(made))
    return made
  }
  return { ...it, cookie, cookieRecord, id, record, accessToken, idToken, make }
}

const identityOfAlice = (reference: string) => ({
  person: ALICE,
  proofs: TOKEN_LOGIN.proofs,
  hasSecondFactor: true,
  sessionReference: reference,
})

t.test(
  'a cookie, an access token and an API token each make somebody, at once after the first time',
  async t => {
    const { authenticate, cookie, cookieRecord, accessToken, record, make } = await bench()
    const machine = await make(MACHINE)
    const alices = await make(ALICES)
    for (const [what, ask, expected] of [
      ['cookie', () => authenticate.bySession(cookie, HERE), identityOfAlice(cookieRecord.reference)],
      [
        'access token',
        () => authenticate.byAccessToken(accessToken, HERE),
        identityOfAlice(record.reference),
      ],
      [
        'API token of a machine',
        () => authenticate.byApiToken(machine.token, undefined),
        {
          person: { subject: 'backup', displayName: 'backup', email: undefined, groups: [], mfa: 'enabled' },
          proofs: [],
          hasSecondFactor: false,
          sessionReference: machine.record.reference,
          apiToken: { scopes: ['export:read'], apps: undefined, paths: undefined, owner: 'machine' },
        },
      ],
      [
        'API token of a user',
        () => authenticate.byApiToken(alices.token, undefined),
        {
          person: ALICE,
          proofs: [],
          hasSecondFactor: false,
          sessionReference: alices.record.reference,
          apiToken: { scopes: ['export:read'], apps: undefined, paths: undefined, owner: 'user' },
        },
      ],
    ] as const) {
      const first = ask()
      t.ok(first instanceof Promise, what)
      const identity = await first
      t.same(identity, expected, what)
      t.equal(ask(), identity, `${what}: at once, and the same object`)
      const again = await authenticate.byReference(expected.person.subject, expected.sessionReference)
      t.same(again, identity, `${what}: by its reference`)
    }
  },
)

t.test(
  'the identity stays the same object while it is read again and again, and follows the groups (e13)',
  async t => {
    const { authenticate, accessToken, users, time, make } = await bench()
    const { token } = await make(ALICES)
    const machine = await make(MACHINE)
    const asks = [
      () => authenticate.byAccessToken(accessToken, HERE),
      () => authenticate.byApiToken(token, undefined),
      () => authenticate.byApiToken(machine.token, undefined),
    ]
    const first = await Promise.all(asks.map(async ask => ask()))
    for (let turn = 0; turn < 5; turn++) {
      time.now += SECOND
      t.same(await Promise.all(asks.map(async ask => (await ask()) === first[asks.indexOf(ask)])), [
        true,
        true,
        true,
      ])
    }
    users.set('alice', { person: { ...ALICE, groups: ['moved'] }, passwordVersion: 'v1', disabled: false })
    const moved = await Promise.all(asks.map(async ask => ask()))
    t.match(moved, [{ person: { groups: ['moved'] } }, { person: { groups: ['moved'] } }, first[2]])
  },
)

t.test('g9, e12: a user who is gone, disabled or has a new password has no session', async t => {
  const { authenticate, cookie, cookieRecord, accessToken, record, users } = await bench()
  const asks = {
    cookie: () => authenticate.bySession(cookie, HERE),
    'access token': () => authenticate.byAccessToken(accessToken, HERE),
    'stream of the cookie': () => authenticate.byReference('alice', cookieRecord.reference),
    'stream of the access token': () => authenticate.byReference('alice', record.reference),
  }
  for (const change of [undefined, { disabled: true }, { passwordVersion: 'v2' }] as const) {
    for (const [what, ask] of Object.entries(asks)) {
      users.set('alice', { person: ALICE, passwordVersion: 'v1', disabled: false })
      t.ok(await ask(), what)
      if (change === undefined) users.delete('alice')
      else users.set('alice', { person: ALICE, passwordVersion: 'v1', disabled: false, ...change })
      t.equal(await ask(), undefined, `${what} ${JSON.stringify(change)}`)
    }
  }
})

t.test('g9: an access token dies with its session: logout, logout everywhere, in every process', async t => {
  for (const end of ['end', 'endByReference', 'endAll'] as const) {
    const { authenticate, sessions, accessToken, id, record, process, time } = await bench()
    const elsewhere = process()
    t.ok(await authenticate.byAccessToken(accessToken, HERE))
    t.ok(await elsewhere.authenticate.byAccessToken(accessToken, HERE))
    if (end === 'end') await sessions.end(id)
    else if (end === 'endByReference') await sessions.endByReference('alice', record.reference)
    else await sessions.endAll('alice')
    t.equal(await authenticate.byAccessToken(accessToken, HERE), undefined, `${end}: at once here`)
    time.now += 500
    t.equal(await elsewhere.authenticate.byAccessToken(accessToken, HERE), undefined, `${end}: elsewhere`)
    t.equal(await authenticate.byReference('alice', record.reference), undefined, `${end}: its streams`)
  }
})

t.test('e2, g12: the partial token dies at the second factor, in every process', async t => {
  const { authenticate, accessTokens, sessions, process, time } = await bench()
  const elsewhere = process()
  const { id, record } = await sessions.start({ ...TOKEN_LOGIN, proofs: TOKEN_LOGIN.proofs.slice(0, 1) })
  const partial = await accessTokens.issue(record, ALICE)
  t.match(await authenticate.byAccessToken(partial.accessToken, HERE), { proofs: { length: 1 } })
  await elsewhere.authenticate.byAccessToken(partial.accessToken, HERE)
  const upgraded = await sessions.replace(id, () => ({ proofs: TOKEN_LOGIN.proofs, hasSecondFactor: true }))
  t.equal(await authenticate.byAccessToken(partial.accessToken, HERE), undefined)
  time.now += 500
  t.equal(await elsewhere.authenticate.byAccessToken(partial.accessToken, HERE), undefined)
  const full = await accessTokens.issue(upgraded?.record ?? record, ALICE)
  t.match(await authenticate.byAccessToken(full.accessToken, HERE), { proofs: TOKEN_LOGIN.proofs })
  const newer = await accessTokens.issue({ ...record, version: 3 }, ALICE)
  t.equal(await authenticate.byAccessToken(newer.accessToken, HERE), undefined, 'nor one of a later version')
})

t.test('a step of a login that one process took counts in another at once', async t => {
  const { authenticate, accessTokens, sessions, process } = await bench()
  const elsewhere = process()
  const { id, record } = await sessions.start({ ...TOKEN_LOGIN, proofs: TOKEN_LOGIN.proofs.slice(0, 1) })
  const partial = await accessTokens.issue(record, ALICE)
  await elsewhere.authenticate.byAccessToken(partial.accessToken, HERE)
  const upgraded = await sessions.replace(id, () => ({ proofs: TOKEN_LOGIN.proofs, hasSecondFactor: true }))
  const full = await accessTokens.issue(upgraded?.record ?? record, ALICE)
  t.match(await elsewhere.authenticate.byAccessToken(full.accessToken, HERE), { proofs: TOKEN_LOGIN.proofs })
  t.match(await authenticate.byAccessToken(full.accessToken, HERE), { proofs: TOKEN_LOGIN.proofs })
  t.equal(await elsewhere.authenticate.byAccessToken(partial.accessToken, HERE), undefined)
})

t.test('an access token that names the session of somebody else opens nothing', async t => {
  const { authenticate, accessTokens, record, cookieRecord } = await bench()
  for (const wrong of [
    { ...record, subject: 'bob' },
    { ...record, reference: 'A'.repeat(22) },
    cookieRecord,
  ]) {
    const { accessToken } = await accessTokens.issue(wrong, ALICE)
    t.ok(await accessTokens.read(accessToken), 'it is genuine')
    t.equal(await authenticate.byAccessToken(accessToken, HERE), undefined)
  }
})

t.test('a cookie opens no session that tokens carry, and the reverse', async t => {
  const { authenticate, id, record, cookie, cookieRecord, accessTokens, sessions } = await bench()
  t.ok(await sessions.find(id), 'the store finds it by this id')
  for (const value of [id, record.reference, `tokens:${cookieRecord.reference}`])
    t.equal(await authenticate.bySession(value, HERE), undefined, value)
  t.ok(await authenticate.bySession(cookie, HERE))
  const forged = await accessTokens.issue({ ...record, reference: cookie }, ALICE)
  t.equal(await authenticate.byAccessToken(forged.accessToken, HERE), undefined)
  const cookieAsTokens = createAuthenticate({
    sessions: { ...sessions, findCached: () => cookieRecord },
    accessTokens: { read: () => ({ subject: 'alice', reference: 'any', version: 1, expiresAt: Infinity }) },
    apiTokens: { find: () => undefined, findByReference: async () => undefined },
    findUser: () => ({ person: ALICE, passwordVersion: 'v1', disabled: false }),
    bindIp: false,
    remembersDevices: true,
  })
  t.equal(cookieAsTokens.byAccessToken('jwt', HERE), undefined, 'whatever the store gives')
  t.ok(cookieAsTokens.bySession('cookie', HERE))
})

t.test('g7: every credential at every door: only its own opens', async t => {
  const { authenticate, cookie, id, accessToken, idToken, refreshTokens, record, make, now, keys } =
    await bench()
  const identity = identityOfAlice(record.reference)
  const credentials = {
    cookie,
    sessionId: id,
    reference: record.reference,
    accessToken,
    idToken,
    refreshToken: await refreshTokens.issue({ ...record }),
    apiToken: (await make(ALICES)).token,
    assertion: await createAssertions({ keys, issuer: ISSUER, now }).sign(identity, AUDIENCE),
  }
  const doors = {
    cookie: (text: string) => authenticate.bySession(text, HERE),
    accessToken: (text: string) => authenticate.byAccessToken(text, HERE),
    apiToken: (text: string) => authenticate.byApiToken(text, undefined),
  }
  for (const [kind, text] of Object.entries(credentials))
    for (const [door, open] of Object.entries(doors))
      t.equal((await open(text)) !== undefined, kind === door, `${kind} as ${door}`)
})

t.test('a session of a remembered browser is spared nothing once the setting is gone', async t => {
  for (const remembersDevices of [true, false]) {
    const it = await bench({ remembersDevices })
    const rememberedDevice = { reference: 'a browser', expiresAt: START + 60_000 }
    const { id } = await it.sessions.start({ ...TOKEN_LOGIN, carrier: 'cookie', rememberedDevice })
    const caller = await it.authenticate.bySession(id, HERE)
    t.equal(caller?.rememberedDevice === true, remembersDevices)
  }
})

t.test('bindIp: a session is nobody from another address', async t => {
  const bound = await bench({ bindIp: true })
  const free = await bench()
  const v6 = await bound.sessions.start({ ...TOKEN_LOGIN, carrier: 'cookie', address: '2001:db8:1:2::7' })
  t.ok(await bound.authenticate.bySession(v6.id, '2001:db8:1:2:ffff::1'), 'the same /64')
  t.equal(await bound.authenticate.bySession(v6.id, '2001:db8:1:3::7'), undefined)
  for (const other of ['192.0.2.2', '::1', '', 'unknown']) {
    t.equal(await bound.authenticate.bySession(bound.cookie, other), undefined, other)
    t.equal(await bound.authenticate.byAccessToken(bound.accessToken, other), undefined, other)
    t.ok(await free.authenticate.bySession(free.cookie, other))
    t.ok(await free.authenticate.byAccessToken(free.accessToken, other))
  }
  t.ok(await bound.authenticate.bySession(bound.cookie, '::ffff:192.0.2.1'), 'the same in IPv6')
  t.ok(await bound.authenticate.byAccessToken(bound.accessToken, HERE))
})

t.test('an API token is its owner: the user name beside it must fit', async t => {
  const { authenticate, make } = await bench()
  const alices = (await make(ALICES)).token
  const machine = (await make(MACHINE)).token
  for (const name of ['alice', 'Alice', 'ALICE'])
    t.match(await authenticate.byApiToken(alices, name), { person: { subject: 'alice' } }, name)
  for (const name of ['bob', 'nobody', '', 'backup', 'my calendar', 'alice '])
    t.equal(await authenticate.byApiToken(alices, name), undefined, name)
  t.match(await authenticate.byApiToken(machine, 'backup'), { person: { subject: 'backup' } })
  for (const name of ['alice', '', 'Backup', 'machine', 'MACHINES'])
    t.equal(await authenticate.byApiToken(machine, name), undefined, name)
})

t.test(
  'e12: an API token of a user who is gone or disabled is nobody, and goes on after a new password',
  async t => {
    const { authenticate, make, users } = await bench()
    const { token, record } = await make(ALICES)
    users.set('alice', { person: ALICE, passwordVersion: 'v2', disabled: false })
    t.ok(await authenticate.byApiToken(token, undefined))
    users.set('alice', { person: ALICE, passwordVersion: 'v1', disabled: true })
    t.equal(await authenticate.byApiToken(token, undefined), undefined)
    t.equal(await authenticate.byReference('alice', record.reference), undefined)
    users.delete('alice')
    t.equal(await authenticate.byApiToken(token, undefined), undefined)
  },
)

t.test('a machine is never taken for a user: a token with the name of one is nobody', async t => {
  const { authenticate, make, users } = await bench()
  const { token, record } = await make(MACHINE)
  t.ok(await authenticate.byApiToken(token, undefined))
  users.set('backup', { person: { ...ALICE, subject: 'backup' }, passwordVersion: 'v1', disabled: false })
  t.equal(await authenticate.byApiToken(token, undefined), undefined)
  t.equal(await authenticate.byReference('backup', record.reference), undefined)
})

t.test('a stream closes when its API token is revoked or expires, and is nobody else’s', async t => {
  const { authenticate, apiTokens, make, time } = await bench()
  const alices = await make(ALICES)
  const machine = await make({ ...MACHINE, expiresAt: START + MINUTE })
  t.ok(await authenticate.byReference('alice', alices.record.reference))
  t.equal(await authenticate.byReference('bob', alices.record.reference), undefined)
  t.equal(await authenticate.byReference('alice', machine.record.reference), undefined)
  await apiTokens.revoke(alices.record.reference)
  t.equal(await authenticate.byReference('alice', alices.record.reference), undefined)
  t.ok(await authenticate.byReference('backup', machine.record.reference))
  time.now += MINUTE
  t.equal(await authenticate.byReference('backup', machine.record.reference), undefined)
})

t.test('what a token was narrowed to is what the decision sees', async t => {
  const { authenticate, make } = await bench()
  const { token } = await make({ ...MACHINE, apps: ['wiki'], paths: ['/reports/**'] })
  const caller = await authenticate.byApiToken(token, undefined)
  const pattern = parsePathPattern('/**')
  const route = {
    name: 'r',
    path: pattern.ok ? pattern.pattern : undefined,
    pathRegex: undefined,
    pattern: '/**',
    methods: undefined,
    networks: undefined,
    access: 'required',
    users: undefined,
    groups: undefined,
    stepUp: undefined,
    tokens: ['export:read'],
    reason: undefined,
    until: undefined,
    place: undefined,
  } as const
  const ask = (app: string, path: string) =>
    decide(
      { method: 'GET', host: 'x.example', path, encodedPath: path, query: '', preflight: false },
      { app: { name: app, host: 'x.example', routes: [route], hasUpstream: true, preflight: false }, route },
      caller,
      START,
    ).effect
  t.equal(ask('wiki', '/reports/7'), 'allow')
  t.equal(ask('wiki', '/other'), 'deny')
  t.equal(ask('calendar', '/reports/7'), 'deny')
})

t.test('without keys nobody comes with an access token; a broken store is an exception', async t => {
  const { sessions, apiTokens, accessTokens, accessToken, cookie, users } = await bench()
  const findUser = (name: string) => users.get(name)
  const parts = { sessions, apiTokens, accessTokens, findUser, bindIp: false, remembersDevices: true }
  const without = createAuthenticate({ ...parts, accessTokens: undefined })
  t.equal(without.byAccessToken(accessToken, HERE), undefined)
  const dead = () => Promise.reject(new StoreUnavailable('dead'))
  const broken = createAuthenticate({
    ...parts,
    sessions: { findCached: dead, findByReference: dead },
    apiTokens: { find: dead, findByReference: dead },
  })
  await t.rejects(async () => broken.bySession(cookie, HERE), StoreUnavailable)
  await t.rejects(async () => broken.byAccessToken(accessToken, HERE), StoreUnavailable)
  await t.rejects(async () => broken.byApiToken('any', undefined), StoreUnavailable)
  await t.rejects(broken.byReference('alice', 'any'), StoreUnavailable)
})
