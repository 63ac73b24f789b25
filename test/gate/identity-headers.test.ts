import t from 'tap'
import type { Identity } from '../../src/access/identity.js'
import { createIdentityHeaders } from '../../src/gate/identity-headers.js'
import type { IdentityHeaderNames } from '../../src/gate/identity-headers.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { DEMO_USERS, usersYaml } from '../harness/demo-users.js'
import { HOST, rewriteUsers, startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { startRecordingUpstream, valuesOf } from '../harness/recording-upstream.js'

const NAMES: IdentityHeaderNames = {
  user: 'Remote-User',
  name: 'Remote-Name',
  email: 'Remote-Email',
  groups: 'Remote-Groups',
  assurance: undefined,
  amr: undefined,
  assertion: 'Gatehouse-Assertion',
}

function identityOf(displayName: string, groups: readonly string[] = []): Identity {
  return {
    person: { subject: 'alice', displayName, email: undefined, groups, mfa: 'enabled' },
    proofs: [{ method: 'password', at: 0 }],
    hasSecondFactor: true,
    sessionReference: 'r',
  }
}

t.test('a session is signed for once per app and half minute, whatever comes at once', async t => {
  let time = 0
  let signatures = 0
  const headersOf = createIdentityHeaders({
    names: NAMES,
    sign: async (_identity, audience) => `${audience}${++signatures}`,
    now: () => time,
  })
  const alice = identityOf('Alice')
  const [first, second] = await Promise.all([headersOf(alice, 'wiki'), headersOf(alice, 'wiki')])
  t.equal(first, second)
  t.equal(headersOf(alice, 'wiki'), first, 'without a promise from then on')
  t.equal(signatures, 1)
  t.same((await headersOf(alice, 'board')).slice(-2), ['Gatehouse-Assertion', 'board2'])
  time = 29_999
  t.equal(headersOf(alice, 'wiki'), first)
  time = 30_000
  t.same((await headersOf(alice, 'wiki')).slice(-2), ['Gatehouse-Assertion', 'wiki3'])
  time = -30_000
  t.same((await headersOf(alice, 'wiki')).slice(-2), ['Gatehouse-Assertion', 'wiki4'], 'a clock set back')
  await headersOf(identityOf('Alice'), 'wiki')
  t.equal(signatures, 5, 'another identity has its own')
})

t.test('a signature that failed is tried again', async t => {
  let fails = true
  const headersOf = createIdentityHeaders({
    names: NAMES,
    sign: async () => {
      if (fails) throw new Error('no key')
      return 'signed'
    },
    now: () => 0,
  })
  const alice = identityOf('Alice')
  await t.rejects(async () => headersOf(alice, 'wiki'), /no key/)
  fails = false
  t.same((await headersOf(alice, 'wiki')).slice(-2), ['Gatehouse-Assertion', 'signed'])
})

t.test('what is not printable ASCII is sent encoded, and what is unknown not at all', async t => {
  const headersOf = createIdentityHeaders({ names: NAMES, sign: async () => 'x', now: () => 0 })
  for (const [name, sent] of [
    ['Zoë', "UTF-8''Zo%C3%AB"],
    ['a\r\nRemote-User: root', "UTF-8''a%0D%0ARemote-User%3A%20root"],
    [' padded ', "UTF-8''%20padded%20"],
    ['Plain Name', 'Plain Name'],
  ] as const) {
    const fields = await headersOf(identityOf(name, ['ops', 'staff']), 'wiki')
    t.equal(fields[fields.indexOf('Remote-Name') + 1], sent)
    t.equal(fields[fields.indexOf('Remote-Groups') + 1], 'ops,staff')
    t.notOk(fields.includes('Remote-Email'))
  }
})

for (const [preset, prefix] of [
  ['remote', 'Remote'],
  ['x-forwarded', 'X-Forwarded'],
  ['x-auth-request', 'X-Auth-Request'],
] as const) {
  t.test(
    `the preset ${preset} names the facts; groups are those of now`,
    { skip: noAuthenticator },
    async t => {
      const upstream = await startRecordingUpstream(t)
      const gateway = await startGateway(t, {
        yaml: `public_url: https://${HOST}
users: { file: users.yaml }
headers: ${preset}
upstream: ${upstream.url}
routes: [{ path: /public/**, access: public }]
`,
      })
      const alice = createPerson(gateway)
      await alice.login('alice')
      await alice.fetch('/desk')
      const facts = ['User', 'Name', 'Email', 'Groups', 'Assurance', 'Amr']
      t.same(
        facts.map(fact => valuesOf(upstream.requests.at(-1), `${prefix}-${fact}`)),
        [['alice'], ['Alice Example'], ['alice@app.example'], ['ops,staff'], ['multi'], ['pwd,otp,mfa']],
      )
      t.equal(valuesOf(upstream.requests.at(-1), 'gatehouse-assertion').length, 1)
      await alice.fetch('/public/x')
      t.same(
        facts.flatMap(fact => valuesOf(upstream.requests.at(-1), `${prefix}-${fact}`)),
        [],
        'nobody is told of on a public route',
      )
      const moved = DEMO_USERS.map(user => (user.name === 'alice' ? { ...user, groups: ['archive'] } : user))
      rewriteUsers(gateway, await usersYaml(moved))
      const seen = async () => {
        await alice.fetch('/desk')
        return valuesOf(upstream.requests.at(-1), `${prefix}-Groups`)[0]
      }
      for (let turn = 0; turn < 100 && (await seen()) !== 'archive'; turn++)
        await new Promise(resolve => setTimeout(resolve, 20))
      t.equal(await seen(), 'archive')
    },
  )
}
