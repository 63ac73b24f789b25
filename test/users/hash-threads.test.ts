import * as bcrypt from '@node-rs/bcrypt'
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { createHashThreads, HASH_THREADS } from '../../src/users/hash-threads.js'
import { hashPassword, verifyPassword } from '../../src/users/password-hash.js'

/** About a third of a second of work in one piece. */
const LONG = `$6$rounds=300000$salt$${'.'.repeat(86)}`

void t.test('passwords are checked and hashed as on the thread that asks', async t => {
  const hasher = createHashThreads()
  t.teardown(() => hasher.close())
  t.equal(await hasher.verify('correct horse', hashPassword('correct horse')), 'right')
  t.equal(await hasher.verify('correct hors', hashPassword('correct horse')), 'wrong')
  t.equal(await hasher.verify('', ''), 'wrong')
  t.equal(verifyPassword('correct horse', await hasher.hash('correct horse')), 'right')
})

void t.test('many questions at once get each its own answer', async t => {
  const hasher = createHashThreads()
  t.teardown(() => hasher.close())
  const hash = bcrypt.hashSync('5', { cost: 4 })
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, number) => hasher.verify(String(number % 10), hash)),
  )
  t.same(
    answers,
    Array.from({ length: 40 }, (_, number) => (number % 10 === 5 ? 'right' : 'wrong')),
  )
})

void t.test('the event loop turns while a password is looked at', async t => {
  const hasher = createHashThreads()
  t.teardown(() => hasher.close())
  await hasher.verify('x', '')
  let turns = 0
  const turning = setInterval(() => (turns += 1), 1)
  t.equal(await hasher.verify('x', LONG), 'wrong')
  clearInterval(turning)
  t.ok(turns > 20, `others had ${turns} turns`)
})

const elsewhere = process.platform === 'linux' ? false : 'threads have a priority of their own on Linux only'
void t.test('l3: passwords wait for requests, not requests for passwords', { skip: elsewhere }, async t => {
  const before = niceThreads()
  const hasher = createHashThreads()
  await Promise.all(Array.from({ length: 20 }, () => hasher.hash('x')))
  t.equal(niceThreads() - before, HASH_THREADS, 'every thread that hashes gives way')
  t.equal(niceOf(String(process.pid)), 0, 'and the event loop does not')
  await hasher.close()
  t.equal(niceThreads(), before, 'closed, no thread is left')
})

void t.test(
  'what a thread was at when it ended is an error, and the next question gets a new thread',
  async t => {
    const hasher = createHashThreads()
    t.teardown(() => hasher.close())
    const asked = [hasher.verify('x', LONG), hasher.verify('x', LONG)]
    const refused = Promise.all(asked.map(answer => t.rejects(answer, /has ended/)))
    await hasher.close()
    await refused
    t.equal(await hasher.verify('x', hashPassword('x')), 'right')
  },
)

function niceThreads(): number {
  return readdirSync('/proc/self/task').filter(id => niceOf(id) === 10).length
}

/** The 19th field of proc_pid_stat(5); the second one, a name in parentheses, may hold spaces. */
function niceOf(thread: string): number {
  const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
}
