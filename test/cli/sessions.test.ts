import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/sessions.js'
import { createSessions } from '../../src/credentials/sessions.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { usersYaml } from '../harness/demo-users.js'
import { testIo, type TestIoOptions } from './test-io.js'

const GATEWAY = `public_url: http://localhost:8080
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
`
const HOUR = 3_600_000

/** A deployment whose store is open in a gateway at the same time. */
async function deployment(t: Test, { fresh = false } = {}) {
  const users = await usersYaml([{ name: 'alice' }, { name: 'bob' }])
  const cwd = t.testdir({ 'gateway.yaml': GATEWAY, 'users.yaml': users })
  const sessions = async (line: string, options: TestIoOptions = {}) => {
    const io = testIo(cwd, options)
    const code = await run(line.split(' '), io)
    return { code, ...io.written, asked: io.asked }
  }
  const { now } = testIo(cwd)
  if (fresh)
    return { cwd, sessions, begin: () => Promise.reject(new Error('there is no store')), lives: undefined }
  const store = openLmdbStore({ directory: join(cwd, 'data'), now })
  t.teardown(() => store.close())
  const live = createSessions({
    store,
    now,
    random: randomBytes,
    idle: HOUR,
    absolute: 12 * HOUR,
    tokenLife: HOUR,
  })
  const begin = async (subject: string, carrier: 'cookie' | 'tokens' = 'cookie') => {
    const proofs = [{ method: 'password', at: now() }] as const
    const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
    const client = { address: '192.0.2.7', userAgent, passwordVersion: 'v', hasSecondFactor: false }
    const { id, record } = await live.start({ subject, proofs, carrier, ...client })
    return { id, reference: record.reference }
  }
  const lives = async (id: string): Promise<boolean> => (await live.find(id)) !== undefined
  return { cwd, sessions, begin, lives }
}

t.test('list shows who is logged in, and nothing that opens a session', async t => {
  const { sessions, begin } = await deployment(t)
  const alice = await begin('alice')
  const program = await begin('bob', 'tokens')
  const { code, out } = await sessions('list')
  t.equal(code, 0)
  t.match(out, /^REFERENCE +USER +CARRIER +SINCE \(UTC\) +LAST SEEN +ADDRESS +BROWSER +SHOWN\n/)
  const row = `${alice.reference} +alice +cookie +2027-01-15 08:00 +2027-01-15 08:00 +192.0.2.7 +Firefox on Linux +password\n`
  t.match(out, new RegExp(row))
  t.notMatch(out, alice.id)
  const json = JSON.parse((await sessions('list --json')).out) as unknown[]
  t.equal(json.length, 2)
  const bobs = JSON.parse((await sessions('list --user BOB --json')).out) as unknown
  t.match(bobs, [{ reference: program.reference, user: 'bob', carrier: 'tokens', assurance: 'single' }])
  t.match(JSON.parse((await sessions('list --user nobody --json')).out), [])
})

t.test('revoke ends the one that is named, and tells whose it was', async t => {
  const { sessions, begin, lives } = await deployment(t)
  const [one, other] = [await begin('alice'), await begin('alice', 'tokens')]
  const revoked = await sessions(`revoke ${one.reference}`)
  t.match(revoked, { code: 0, out: 'One session is ended.\n' })
  t.match(revoked.err, /"audit":"operator.command".*"subject":"alice".*"command":"sessions revoke"/)
  t.equal(await lives?.(one.id), false)
  t.equal(await lives?.(other.id), true)
  const again = await sessions(`revoke ${one.reference}`)
  t.match(again, { code: 1, out: '', err: /There is no session of that reference/ })
  t.match(again.err, /"reason":"refused"/)
  const cookie = await sessions(`revoke ${other.id}`)
  t.notMatch(cookie.err, other.id, 'a secret that was typed by mistake is not told')
})

t.test('revoke --user and --all ask first, or want --yes', async t => {
  const { sessions, begin, lives } = await deployment(t)
  const alices = [await begin('alice'), await begin('alice', 'tokens')]
  const bobs = await begin('bob')
  t.match(await sessions('revoke --user alice'), { code: 2, err: /Nobody is there to ask: add --yes/ })
  t.match(await sessions('revoke --all', { person: true, lines: ['n'] }), {
    code: 1,
    asked: ['End all sessions of everybody? [y/N] '],
  })
  for (const { id } of [...alices, bobs]) t.equal(await lives?.(id), true)
  t.match(await sessions('revoke --user alice --yes'), { code: 0, out: '2 sessions are ended.\n' })
  t.equal(await lives?.(bobs.id), true)
  t.match(await sessions('revoke --user alice --yes'), { code: 1, err: /no session to end/ })
  await begin('gone')
  t.match(await sessions('revoke --all', { person: true, lines: ['y'] }), { code: 0, out: /^2 sessions/ })
  t.equal(await lives?.(bobs.id), false)
})

t.test('a store that was never opened has no sessions, and none is made', async t => {
  const { cwd, sessions } = await deployment(t, { fresh: true })
  t.match(await sessions('list --json'), { code: 0, out: '[]\n' })
  t.match(await sessions('revoke --all --yes'), { code: 1 })
  t.notOk(existsSync(join(cwd, 'data')))
})

t.test('what is not understood ends with 2 and the help, --help with 0', async t => {
  const { sessions } = await deployment(t, { fresh: true })
  for (const line of [
    '',
    'end',
    'list alice',
    'revoke',
    'revoke x --all',
    'revoke --user a --all',
    'revoke a b',
  ])
    t.match(await sessions(line), { code: 2, out: '', err: /gatehouse sessions SUBCOMMAND/ }, line)
  for (const line of ['--help', 'list -h', 'revoke --help'])
    t.match(await sessions(line), { code: 0, err: '', out: /gatehouse sessions SUBCOMMAND/ }, line)
})
