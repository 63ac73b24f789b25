import t, { type Test } from 'tap'
import { SEALED_RECORDS } from '../../src/assembly/sealed-records.js'
import { resealAll } from '../../src/store/reseal.js'
import { createSeal } from '../../src/store/seal.js'
import { hashSecret } from '../../src/store/secret-hash.js'
import { RECORD_KINDS, type Store } from '../../src/store/store.js'
import { totpCode } from '../harness/authenticator.js'
import { SECOND } from '../harness/gateway.js'
import {
  type AllWaysGateway,
  allWaysUsers,
  LONG_PASSWORD,
  SESSION_COOKIE,
  startAllWays,
} from './all-ways-gateway.js'
import { type Alice, beginMoment, setUpAlice } from './every-secret.js'

const OLD = 'old-0f3bQz81LmXc94TrUw72YvKp56'
const NEW = 'new-7sKe20PqHj95VbNg31DfRt68Wz'

/** The sealed texts of the store that this secret made, by kind. */
async function sealedBy(store: Store, secret: string): Promise<Readonly<Record<string, number>>> {
  const start = createSeal([secret]).seal('', '').split('.').slice(0, 2).join('.')
  const found: Record<string, number> = {}
  for (const kind of RECORD_KINDS)
    for await (const { value } of store.each(kind))
      if (JSON.stringify(value).includes(`${start}.`)) found[kind] = (found[kind] ?? 0) + 1
  return found
}

const subjectOf = (hash: string): string | undefined =>
  ['alice', 'bob', 'newcomer'].find(name => hashSecret(name) === hash)

t.test('a new secret takes the place of the old one, and nobody notices', async t => {
  const users = await allWaysUsers()
  let before: AllWaysGateway | undefined
  let alice: Alice | undefined
  let cookies: Record<string, string> = {}
  let pending: { readonly challenge: string; readonly cookie: string } | undefined

  await t.test('with the old one, everything that can be sealed is', async t => {
    before = await startAllWays(t, '', { secrets: [OLD], users })
    alice = await setUpAlice(before)
    const moment = await beginMoment(alice)
    cookies = { [SESSION_COOKIE]: await moment.secret('full cookie') }
    pending = {
      challenge: await moment.secret('login challenge'),
      cookie: await moment.secret('partial cookie'),
    }
    const factors = await before.ask('/auth/mfa/enrol/totp', { json: {}, cookies })
    t.equal(factors.status, 200, 'one more authenticator is being enrolled')
    const kinds = Object.keys(await sealedBy(before.store, OLD)).sort()
    t.same(kinds, SEALED_RECORDS.map(({ kind }) => kind).sort(), 'each has its way to be sealed anew')
  })
  if (before === undefined || alice === undefined || pending === undefined) return
  const { store } = before
  const { totpKey } = alice
  const { challenge, cookie } = pending
  let time = before.gateway.clock.now()

  /** What Alice had before still opens: her session, her app, what she had begun, and her programs. */
  async function goesOn(t: Test, secrets: readonly string[]): Promise<AllWaysGateway> {
    const ways = await startAllWays(t, '', { secrets, users, store })
    const { ask, gateway } = ways
    gateway.clock.advance(time - gateway.clock.now() + 31 * SECOND)
    t.equal((await ask('/full/x', { cookies })).status, 200, 'the session')
    const authorization = `Bearer ${alice?.apiTokens['machine token'] ?? ''}`
    t.equal((await ask('/reports/x', { authorization })).status, 200, 'the API token')
    const login = await ask('/auth/login', { json: { username: 'alice', password: LONG_PASSWORD } })
    const answer = { factor: 'totp', code: totpCode(totpKey, gateway.clock.now()) }
    const json = { ...answer, challenge: login.json.challenge }
    const partial = { [SESSION_COOKIE]: login.cookie(SESSION_COOKIE) }
    t.equal((await ask('/auth/mfa/verify', { json, cookies: partial })).status, 200, 'the app')
    time = gateway.clock.now()
    return ways
  }
  const idsOfFactors = async ({ ask }: AllWaysGateway) => {
    const { factors } = (await ask('/auth/mfa/factors', { cookies })).json as { factors: { id: string }[] }
    return factors.map(({ id }) => id)
  }

  let listed: unknown
  await t.test('without the old one, the gateway does not start', async t => {
    await t.rejects(startAllWays(t, '', { secrets: [NEW], users, store }), /List the previous secret/)
  })
  await t.test('with both, everything goes on', async t => {
    listed = await idsOfFactors(await goesOn(t, [NEW, OLD]))
  })
  await t.test('everything is sealed anew', async t => {
    const anew = { store, seal: createSeal([NEW, OLD]), kinds: SEALED_RECORDS, subjectOf }
    t.not(Object.keys(await sealedBy(store, OLD)).length, 0)
    const outcome = await resealAll(anew)
    t.match(outcome, { unopened: {} })
    t.ok(outcome.anew > SEALED_RECORDS.length)
    t.same(await sealedBy(store, OLD), {}, 'nothing is left of the old one')
    t.match(await resealAll(anew), { anew: 0, already: outcome.anew + outcome.already, unopened: {} })
  })
  await t.test('without the old one, everything goes on', async t => {
    const ways = await goesOn(t, [NEW])
    t.same(await idsOfFactors(ways), listed, 'what has a name keeps it')
    const options = { json: { challenge, factor: 'webauthn' }, cookies: { [SESSION_COOKIE]: cookie } }
    const prompt = await ways.ask('/auth/mfa/challenge', options)
    const code = JSON.parse(alice?.securityKey.get(prompt.json.options) ?? '') as object
    const answer = { json: { ...options.json, code }, cookies: options.cookies }
    t.equal((await ways.ask('/auth/mfa/verify', answer)).status, 200, 'a begun login, by the security key')
  })
  await t.test('what no listed secret opens is counted and stays', async t => {
    const anew = { store, seal: createSeal([OLD]), kinds: SEALED_RECORDS, subjectOf }
    const { anew: sealed, unopened } = await resealAll(anew)
    t.equal(sealed, 0)
    t.match(unopened, { totp: 1, signing_key: 2, backup_codes: 1, knowledge_questions: 1, webauthn: 2 })
  })
})
