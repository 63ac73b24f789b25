import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type FileDirectory, openFileDirectory, UsersFileBroken } from '../../src/users/file-directory.js'
import type { UsersFileFault } from '../../src/users/users-file.js'

const HASH = '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
const user = (name: string, more = ''): string => `  ${name}: { password: '${HASH}'${more} }\n`
const users = (...lines: string[]): string => `users:\n${lines.join('')}`

/** Opens a directory whose next message a test can wait for. */
function open(t: Test, file: string) {
  let tell: (message: readonly UsersFileFault[] | number) => void = () => undefined
  const directory: FileDirectory = openFileDirectory({
    file,
    onChange: count => {
      tell(count)
    },
    onFault: faults => {
      tell(faults)
    },
  })
  t.teardown(() => {
    directory.close()
  })
  // What tells holds no timer that keeps the process alive: the test has to.
  const next = () =>
    new Promise<readonly UsersFileFault[] | number>(resolve => {
      const alive = setInterval(() => undefined, 1000)
      tell = message => {
        clearInterval(alive)
        resolve(message)
      }
    })
  return { directory, next }
}

void t.test('users are found by what people type, and nobody else is', t => {
  const file = join(
    t.testdir({ 'users.yaml': users(user('Alice', ', disabled: true'), user('bob')) }),
    'users.yaml',
  )
  const { directory } = open(t, file)
  for (const name of ['alice', 'ALICE', ' Alice ', 'ａlice']) {
    t.match(directory.find(name), { person: { subject: 'alice' }, disabled: true })
  }
  for (const name of ['', 'carol', '__proto__', 'constructor', 'toString', 'x'.repeat(1_000_000)]) {
    t.equal(directory.find(name), undefined)
  }
  t.end()
})

void t.test('for a name that nobody has, always the same user stands in', t => {
  const names = Array.from({ length: 20 }, (_, n) => `user${String(n)}`)
  const directory = open(t, join(t.testdir({ f: users(...names.map(name => user(name))) }), 'f')).directory
  const standIns = Array.from(
    { length: 200 },
    (_, n) => directory.standIn(`nobody${String(n)}`)?.person.subject,
  )
  t.ok(new Set(standIns).size > 15, 'not one for all')
  t.equal(directory.standIn('nobody7')?.person.subject, standIns[7])
  t.equal(directory.standIn(' NOBODY7')?.person.subject, standIns[7])
  t.ok(directory.standIn('\u0000'))
  const empty = open(t, join(t.testdir({ f: 'users: {}' }), 'f')).directory
  t.equal(empty.standIn('nobody'), undefined)
  t.end()
})

void t.test('a broken or missing file at the start is told with its places', t => {
  const directory = t.testdir({ broken: 'users:\n  a: { password: x }\n  b:\n' })
  const openIt = (file: string) => () => openFileDirectory({ file, onChange: () => 0, onFault: () => 0 })
  t.throws(openIt(join(directory, 'broken')), UsersFileBroken)
  t.throws(openIt(join(directory, 'broken')), /broken:2:18: .*\n.*broken:3:3: /)
  t.throws(openIt(join(directory, 'missing')), /missing:1:1: The file cannot be read/)
  t.end()
})

void t.test('a change holds within a second, a broken one changes nothing and is told', async t => {
  const file = join(t.testdir({ 'users.yaml': users(user('alice')) }), 'users.yaml')
  const { directory, next } = open(t, file)
  t.equal(directory.find('alice')?.disabled, false)

  let begun = performance.now()
  let told = next()
  writeFileSync(file, users(user('alice', ', disabled: true')))
  t.equal(await told, 1)
  t.equal(directory.find('alice')?.disabled, true)
  t.ok(performance.now() - begun < 1000, 'written in place')

  told = next()
  writeFileSync(file, 'users:\n  alice: { password: [\n')
  t.match(await told, [{ file, line: Number }])
  t.equal(directory.find('alice')?.disabled, true)

  begun = performance.now()
  told = next()
  writeFileSync(`${file}.new`, users(user('alice'), user('bob')))
  renameSync(`${file}.new`, file)
  t.equal(await told, 2)
  t.ok(directory.find('bob'))
  t.ok(performance.now() - begun < 1000, 'renamed over')

  told = next()
  rmSync(file)
  t.match(await told, [{ message: /cannot be read/ }])
  t.ok(directory.find('bob'), 'a file that is gone changes nothing')
})

void t.test('a link that is swapped, as Kubernetes does, is seen', async t => {
  const directory = t.testdir({ one: { f: users(user('alice')) }, two: { f: users(user('bob')) } })
  mkdirSync(join(directory, 'mount'))
  symlinkSync('../one', join(directory, 'mount', '..data'))
  symlinkSync('..data/f', join(directory, 'mount', 'users.yaml'))
  const opened = open(t, join(directory, 'mount', 'users.yaml'))
  t.ok(opened.directory.find('alice'))
  const told = opened.next()
  symlinkSync('../two', join(directory, 'mount', '..tmp'))
  renameSync(join(directory, 'mount', '..tmp'), join(directory, 'mount', '..data'))
  t.equal(await told, 1)
  t.equal(opened.directory.find('alice'), undefined)
  t.ok(opened.directory.find('bob'))
})
