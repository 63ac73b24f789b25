import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/keys.js'
import { loadSigningKeys } from '../../src/credentials/signing-keys.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { createSeal } from '../../src/store/seal.js'
import { testIo } from './test-io.js'

const SECRET = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4'
const GATEWAY = `public_url: http://localhost:8080
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
secret: { file: secret }
tokens: { algorithm: EdDSA }
`
const NOW = Date.UTC(2027, 0, 15, 8)

/** A deployment whose store is open in a gateway at the same time. */
async function deployment(t: Test) {
  const cwd = t.testdir({ 'gateway.yaml': GATEWAY, 'users.yaml': 'users: {}\n', secret: SECRET })
  const time = { now: NOW }
  const now = (): number => time.now
  const store = openLmdbStore({ directory: join(cwd, 'data'), now })
  t.teardown(() => store.close())
  const shared = { store, seal: createSeal([SECRET]), now }
  const assertions = await loadSigningKeys({ ...shared, ring: 'assertions', algorithm: 'ES256' })
  const tokens = await loadSigningKeys({ ...shared, ring: 'tokens', algorithm: 'EdDSA' })
  const keys = async (...args: readonly string[]) => {
    const io = testIo(cwd)
    const code = await run(args, io)
    await assertions.reload()
    await tokens.reload()
    return { code, ...io.written }
  }
  return { keys, time, assertions, tokens }
}

t.test('rotate publishes new keys in a running gateway, and they sign after ten minutes', async t => {
  const { keys, time, assertions, tokens } = await deployment(t)
  const old = [assertions.current().kid, tokens.current().kid]
  const rotated = await keys('rotate')
  t.match(rotated, { code: 0, out: /for assertions \(ES256, \S{43}\) signs from 2027-01-15T08:10:00.000Z/ })
  t.match(rotated.out, /for access and ID tokens \(EdDSA, \S{43}\) signs from/)
  t.match(rotated.err, /"audit":"operator.command".*"address":"local".*"ring":"tokens"/)
  t.same([assertions.current().kid, tokens.current().kid], old)
  for (const ring of [assertions, tokens]) t.equal(ring.jwks().keys.length, 2)
  time.now += 10 * 60_000
  for (const ring of [assertions, tokens]) {
    t.notOk(old.includes(ring.current().kid))
    t.ok(rotated.out.includes(ring.current().kid))
  }
})

t.test('rotate --now drops the old keys at once', async t => {
  const { keys, assertions, tokens } = await deployment(t)
  const old = [assertions.current().kid, tokens.current().kid]
  await keys('rotate')
  t.match(await keys('rotate', '--now'), { code: 0, out: /signs now\. 2 old keys are dropped\./ })
  for (const ring of [assertions, tokens]) {
    t.equal(ring.jwks().keys.length, 1)
    t.notOk(old.includes(ring.current().kid))
    for (const kid of old) t.equal(ring.find(kid), undefined)
  }
})

t.test('what is not understood ends with 2 and changes nothing', async t => {
  const { keys, assertions } = await deployment(t)
  t.match(await keys(), { code: 2, err: 'Do what with keys?' })
  t.match(await keys('list'), { code: 2, err: '"keys list" is not a command' })
  t.match(await keys('rotate', 'now'), { code: 2, err: 'one word too many' })
  t.match(await keys('rotate', '--immediately'), { code: 2 })
  t.match(await keys('rotate', '--config', 'none.yaml'), { code: 1 })
  t.match(await keys('--help'), { code: 0, out: /^gatehouse keys rotate/ })
  t.equal(assertions.jwks().keys.length, 1)
})
