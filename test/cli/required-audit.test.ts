import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../../src/cli/commands.js'
import { createApiTokens } from '../../src/credentials/api-tokens.js'
import { createSessions } from '../../src/credentials/sessions.js'
import { loadSigningKeys } from '../../src/credentials/signing-keys.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { createSeal } from '../../src/store/seal.js'
import { RECORD_KINDS } from '../../src/store/store.js'
import { usersYaml } from '../harness/demo-users.js'
import { testIo } from './test-io.js'

const OLD = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4'
const NEW = '9z8y7x6w5v4u3t2s1r0q9p8o7n6m5l4k3j2i1h0g9f8e7d6c'
const HOUR = 3_600_000
const GATEWAY = `public_url: https://auth.example.com
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
secret: [{ file: new }, { file: old }]
audit: { file: log/audit.jsonl, mode: required }
`

/** Every command that changes something. `SESSION` and `TOKEN` stand for references that there are. */
const CHANGES = [
  'users add carol',
  'users remove alice --yes',
  'users passwd alice',
  'users disable alice --yes',
  'users enable bob',
  'users unlock alice',
  'users reset-mfa alice --yes',
  'users ticket alice',
  'sessions revoke SESSION',
  'sessions revoke --user alice --yes',
  'sessions revoke --all --yes',
  'tokens create backup --scope export:read',
  'tokens revoke TOKEN',
  'keys rotate',
  'keys rotate --now',
  'secret reseal --yes',
]

/** Alice is logged in and has a token, Bob is disabled, and everything was sealed with the old secret. */
async function deployment(t: Test) {
  const users = await usersYaml([{ name: 'alice' }, { name: 'bob', disabled: true }])
  const cwd = t.testdir({ 'gateway.yaml': GATEWAY, 'users.yaml': users, old: OLD, new: NEW })
  const { now } = testIo(cwd)
  const store = openLmdbStore({ directory: join(cwd, 'data'), now })
  t.teardown(() => store.close())
  const base = { store, now, random: randomBytes }
  await loadSigningKeys({ store, seal: createSeal([OLD]), now, ring: 'tokens', algorithm: 'ES256' })
  const sessions = createSessions({ ...base, idle: HOUR, absolute: HOUR, tokenLife: HOUR })
  const { record } = await sessions.start({
    subject: 'alice',
    proofs: [{ method: 'password', at: now() }],
    address: '192.0.2.7',
    userAgent: '',
    passwordVersion: 'v',
    hasSecondFactor: false,
    carrier: 'cookie',
  })
  const owner = { kind: 'user', subject: 'alice' } as const
  const scopes = ['export:read']
  const made = await createApiTokens(base).create({ name: 'mine', owner, scopes, expiresAt: now() + HOUR })
  if (made.outcome !== 'created') throw new Error(made.outcome)
  return {
    run: async (line: string) => {
      const io = testIo(cwd, { lines: ['a password that is long enough'] })
      const words = line.replace('SESSION', record.reference).replace('TOKEN', made.record.reference)
      return { code: await runCommand(words.split(' '), io), ...io.written }
    },
    /** Everything that a command could change. */
    everything: async (): Promise<string> => {
      const all = [readFileSync(join(cwd, 'users.yaml'), 'utf8')]
      for (const kind of RECORD_KINDS)
        for await (const one of store.each(kind)) all.push(JSON.stringify([one.key, one.value]))
      return all.join('\n')
    },
    makeFolder: () => mkdirSync(join(cwd, 'log')),
  }
}

for (const line of CHANGES)
  t.test(`${line} changes nothing where its line cannot be written`, async t => {
    const { run, everything, makeFolder } = await deployment(t)
    const before = await everything()
    const refused = await run(line)
    t.match(refused, { code: 1, out: '', err: /cannot be written \(ENOENT.*mode: required/ })
    t.equal(await everything(), before)
    makeFolder()
    t.match(await run(line), { code: 0 })
    // There is nothing to forget of somebody who made no mistake.
    if (!line.includes('unlock')) t.not(await everything(), before, 'it would have changed something')
  })
