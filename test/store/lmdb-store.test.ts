import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { type RecordKey, StoreUnavailable } from '../../src/store/store.js'
import { testStoreContract } from './store-contract.js'

const worker = fileURLToPath(new URL('lmdb-worker.ts', import.meta.url))
const forever = { expiresAt: undefined }

testStoreContract((t, now) => openLmdbStore({ directory: join(t.testdir({}), 'data'), now }))

/** Runs a second process on the store; `told` fills with what it tells. */
function startWorker(t: Test, ...args: string[]) {
  const child: ChildProcess = fork(worker, args)
  t.teardown(() => child.kill('SIGKILL'))
  const told: string[] = []
  child.on('message', message => told.push(message as string))
  return { child, told, ended: once(child, 'exit') }
}

void t.test('the directory is for its owner only, and so is every file in it', async t => {
  const directory = join(t.testdir({}), 'deep', 'data.d')
  const store = openLmdbStore({ directory, now: systemClock })
  t.teardown(() => store.close())
  await store.put({ kind: 'session', id: 'a' }, 1, forever)
  for (const place of [directory, join(directory, 'turns')]) {
    t.equal(statSync(place).mode & 0o777, 0o700)
    const files = readdirSync(place).filter(name => name !== 'turns')
    t.same(files.sort(), ['data.mdb', 'lock.mdb'])
    for (const name of files) t.equal(statSync(join(place, name)).mode & 0o777, 0o600, name)
  }
})

void t.test('files that were open to others are closed to them', async t => {
  const directory = t.testdir({})
  await openLmdbStore({ directory, now: systemClock }).close()
  chmodSync(join(directory, 'data.mdb'), 0o644)
  await openLmdbStore({ directory, now: systemClock }).close()
  t.equal(statSync(join(directory, 'data.mdb')).mode & 0o777, 0o600)
})

void t.test('what was written is there after closing and opening again', async t => {
  const directory = t.testdir({})
  const first = openLmdbStore({ directory, now: systemClock })
  await first.put({ kind: 'totp', id: 'a' }, { step: 7 }, { ...forever, owner: 'alice' })
  const before = await first.get({ kind: 'totp', id: 'a' })
  await first.close()
  const second = openLmdbStore({ directory, now: systemClock })
  t.teardown(() => second.close())
  t.same(await second.get({ kind: 'totp', id: 'a' }), before)
  t.equal((await second.listByOwner('totp', 'alice')).length, 1)
})

void t.test('a place that cannot be a store is told as StoreUnavailable', t => {
  const directory = t.testdir({ file: 'x' })
  t.throws(() => openLmdbStore({ directory: join(directory, 'file'), now: systemClock }), StoreUnavailable)
  writeFileSync(join(directory, 'data.mdb'), 'this is not a database'.repeat(1000))
  t.throws(() => openLmdbStore({ directory, now: systemClock }), StoreUnavailable)
  t.end()
})

void t.test('a write that fails half way leaves nothing behind', async t => {
  const store = openLmdbStore({ directory: t.testdir({}), now: systemClock })
  t.teardown(() => store.close())
  const circular: { self?: unknown } = {}
  circular.self = circular
  await store.put({ kind: 'session', id: 'a' }, 'before', { ...forever, owner: 'alice' })
  const failing = store.put({ kind: 'session', id: 'a' }, circular, { expiresAt: 1, owner: 'bob' })
  const next = store.put({ kind: 'session', id: 'b' }, 'beside it', forever)
  await t.rejects(failing, StoreUnavailable)
  await next
  t.equal((await store.get({ kind: 'session', id: 'a' }))?.value, 'before')
  t.equal((await store.get({ kind: 'session', id: 'b' }))?.value, 'beside it')
  t.equal((await store.listByOwner('session', 'alice')).length, 1)
  t.same(await store.listByOwner('session', 'bob'), [])
})

void t.test('increments of several processes are all counted', async t => {
  const directory = t.testdir({})
  const workers = [1, 2, 3].map(() => startWorker(t, directory, 'increment', '200'))
  const store = openLmdbStore({ directory, now: systemClock })
  t.teardown(() => store.close())
  for (let n = 0; n < 200; n += 1) await store.increment({ kind: 'attempts', id: 'shared' }, forever)
  await Promise.all(workers.map(({ ended }) => ended))
  t.equal((await store.get({ kind: 'attempts', id: 'shared' }))?.value, 800)
})

void t.test('what several processes take, each record goes to exactly one', async t => {
  const directory = t.testdir({})
  const store = openLmdbStore({ directory, now: systemClock })
  t.teardown(() => store.close())
  const ids = Array.from({ length: 300 }, (_, n) => String(n))
  await Promise.all(ids.map(id => store.put({ kind: 'challenge', id }, id, forever)))
  const workers = [1, 2, 3].map(() => startWorker(t, directory, 'take', '300'))
  await Promise.all(workers.map(({ ended }) => ended))
  const taken = workers.flatMap(({ told }) => told.filter(message => message !== 'done'))
  t.same(
    taken.map(Number).sort((a, b) => a - b),
    ids.map(Number),
  )
})

void t.test('compareAndSet loses no change between processes', async t => {
  const directory = t.testdir({})
  const store = openLmdbStore({ directory, now: systemClock })
  t.teardown(() => store.close())
  await store.put({ kind: 'session', id: 'shared' }, 0, forever)
  const workers = [1, 2, 3].map(() => startWorker(t, directory, 'compareAndSet', '100'))
  await Promise.all(workers.map(({ ended }) => ended))
  t.equal((await store.get({ kind: 'session', id: 'shared' }))?.value, 300)
})

// LMDB sets the shared number of the last transaction at every open, from what it read a moment before.
void t.test('what is written while other processes open and close the store is not lost', async t => {
  const directory = t.testdir({})
  const store = openLmdbStore({ directory, now: systemClock })
  t.teardown(() => store.close())
  const key: RecordKey = { kind: 'attempts', id: 'shared' }
  const workers = Array.from({ length: 6 }, () => startWorker(t, directory, 'increment', '20'))
  const still = new Set(workers)
  const ended = workers.map(worker => worker.ended.then(() => still.delete(worker)))
  let own = 0
  while (still.size > 0) {
    await store.increment(key, forever)
    own += 1
  }
  await Promise.all(ended)
  t.equal((await store.get(key))?.value, own + 6 * 20)
})

/** Writes while the process may make no file longer, and afterwards; tells what became of each. */
const REFUSED_WRITES = `
const { execFileSync } = await import('node:child_process')
const { openLmdbStore } = await import('${new URL('../../dist/store/lmdb-store.js', import.meta.url).href}')
const store = openLmdbStore({ directory: process.argv[1], now: Date.now })
const told = []
process.on('unhandledRejection', () => told.push('unhandled'))
// Otherwise the system ends the process for it.
process.on('SIGXFSZ', () => undefined)
const write = id =>
  store.put({ kind: 'session', id }, id, { expiresAt: undefined }).then(
    () => told.push('written'),
    () => told.push('refused'),
  )
const limit = most => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + most + ':unlimited'])
await write('before')
limit(0)
for (const id of ['first', 'second']) await write(id)
limit('unlimited')
await write('afterwards')
console.log(told.join(' '))
process.exit(0)
`

void t.test(
  'what the disk refuses is told to whoever asked, and to nobody else; the store goes on',
  async t => {
    const words = ['--input-type=module', '--eval', REFUSED_WRITES, t.testdir({})]
    const { stdout } = await promisify(execFile)(process.execPath, words, { env: { PATH: process.env.PATH } })
    t.equal(stdout, 'written refused refused written\n')
  },
)

void t.test('a record that another process has deleted is gone at the next read', async t => {
  const directory = t.testdir({})
  const store = openLmdbStore({ directory, now: systemClock })
  t.teardown(() => store.close())
  const other = startWorker(t, directory, 'wait-and-delete', '0')
  await once(other.child, 'message')
  let stale = 0
  for (let n = 0; n < 100; n += 1) {
    const key: RecordKey = { kind: 'session', id: String(n) }
    await store.put(key, n, forever)
    await store.get(key)
    other.child.send(key.id)
    const [id] = (await once(other.child, 'message')) as unknown[]
    if (id === key.id && (await store.get(key)) !== undefined) stale += 1
  }
  t.equal(stale, 0)
})

void t.test(
  'a process killed while it writes loses nothing that was acknowledged, and breaks nothing',
  async t => {
    const directory = t.testdir({})
    const store = openLmdbStore({ directory, now: systemClock })
    t.teardown(() => store.close())
    for (const after of [1, 40, 150]) {
      const { child, told, ended } = startWorker(t, directory, 'write', '1000000')
      child.on('message', () => {
        if (told.length >= after) child.kill('SIGKILL')
      })
      await ended
      t.ok(told.length >= after)
      for (const id of told) {
        const record = await store.get<{ n: number }>({ kind: 'session', id })
        if (record?.value.n !== Number(id)) t.fail(`record ${id} was acknowledged and is not there`)
      }
      const owned = (await store.listByOwner('session', 'alice')).map(record => record.key.id)
      const lost = told.filter(id => !owned.includes(id))
      t.same(lost, [], 'the owner index has what was acknowledged')
      for (const id of owned) t.equal(await store.delete({ kind: 'session', id }), true)
      t.same(await store.listByOwner('session', 'alice'), [])
      const next = owned.length
      t.equal(
        await store.get({ kind: 'session', id: String(next) }),
        undefined,
        'no record without its owner entry',
      )
    }
  },
)
