import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/secret.js'
import { loadSigningKeys } from '../../src/credentials/signing-keys.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { createSeal } from '../../src/store/seal.js'
import { testIo, type TestIoOptions } from './test-io.js'

const OLD = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4'
const NEW = '9z8y7x6w5v4u3t2s1r0q9p8o7n6m5l4k3j2i1h0g9f8e7d6c'
const yaml = (secret: string): string => `public_url: http://localhost:8080
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
secret: ${secret}
`

/** A deployment whose signing keys were sealed with the old secret. */
async function deployment(t: Test) {
  const files = { 'gateway.yaml': yaml('{ file: old }'), 'users.yaml': 'users: {}\n', old: OLD, new: NEW }
  const cwd = t.testdir(files)
  const { now } = testIo(cwd)
  const keysWith = async (...secrets: readonly string[]) => {
    const store = openLmdbStore({ directory: join(cwd, 'data'), now })
    try {
      const shared = { store, seal: createSeal(secrets), now, ring: 'tokens', algorithm: 'ES256' } as const
      return (await loadSigningKeys(shared)).jwks()
    } finally {
      await store.close()
    }
  }
  const before = await keysWith(OLD)
  const secret = async (line: string, options: TestIoOptions = {}) => {
    const io = testIo(cwd, options)
    const code = await run(line === '' ? [] : line.split(' '), io)
    return { code, ...io.written, asked: io.asked }
  }
  const list = (written: string): void => writeFileSync(join(cwd, 'gateway.yaml'), yaml(written))
  return { secret, list, keysWith, before }
}

t.test('without a subcommand, a secret of 256 random bits is printed', async t => {
  const { secret } = await deployment(t)
  const [one, other] = [await secret(''), await secret('')]
  t.match(one, { code: 0, out: /^[A-Za-z0-9_-]{43}\n$/, err: '' })
  t.not(one.out, other.out)
})

t.test('reseal seals everything with the first secret, and the others can be dropped', async t => {
  const { secret, list, keysWith, before } = await deployment(t)
  list('[{ file: new }, { file: old }]')
  await t.rejects(keysWith(NEW))
  const done = await secret('reseal --yes')
  t.match(done, { code: 0, out: /^Sealed anew: 1 records\..*can be taken out/s })
  t.match(done.err, /"audit":"operator.command".*"command":"secret reseal","anew":1/)
  t.same(await keysWith(NEW), before)
  list('{ file: new }')
  t.match(await secret('reseal --yes'), { code: 0, out: /^Sealed anew: 0 records\..* already: 1\.\n$/ })
})

t.test('what no listed secret opens is told, and the exit code is 1', async t => {
  const { secret, list, keysWith, before } = await deployment(t)
  list('{ file: new }')
  t.match(await secret('reseal --yes'), { code: 1, err: /opens 1 of "signing_key".*an older secret/s })
  const json = await secret('reseal --yes --json')
  t.match(json, { code: 1 })
  t.same(JSON.parse(json.out), { anew: 0, already: 0, unopened: { signing_key: 1 } })
  t.same(await keysWith(OLD), before, 'it stays as it was')
})

t.test('reseal asks a person, and wants --yes of a script', async t => {
  const { secret, list, keysWith, before } = await deployment(t)
  list('[{ file: new }, { file: old }]')
  t.match(await secret('reseal'), { code: 2, err: /add --yes/ })
  t.match(await secret('reseal', { person: true, lines: ['n'] }), { code: 1, err: /Nothing was changed/ })
  t.same(await keysWith(OLD), before)
  t.match(await secret('reseal', { person: true, lines: ['y'] }), { code: 0, asked: { length: 1 } })
  t.same(await keysWith(NEW), before)
})

t.test('what is not understood ends with 2, and --help with 0', async t => {
  const { secret } = await deployment(t)
  for (const line of ['rotate', 'reseal now', '--json'])
    t.match(await secret(line), { code: 2, err: 'gatehouse secret reseal' }, line)
  for (const line of ['--help', 'reseal --help'])
    t.match(await secret(line), { code: 0, out: /^gatehouse secret\n/ })
  t.match(await secret('reseal --config none.yaml --yes'), { code: 1 })
})
