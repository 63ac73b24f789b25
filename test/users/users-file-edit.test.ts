import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { addUser, setUserKeys, type UsersFileEdit, writeUsersFile } from '../../src/users/users-file-edit.js'
import { readUsersFile } from '../../src/users/users-file.js'

const HASH = '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
const OTHER = HASH.replace('AAAA', 'BBBB')
const FILE = `---
# Who may come in
users:
  # the boss
  Alice:
    displayname: "Alice  A." # as on her card
    password: '${HASH}'
    email: alice@example.com
    groups:
      - ops # since May

  bob:
    disabled: true
    password: ${HASH}
    extra: { a: 1 }
`

const textOf = (edit: UsersFileEdit): string => (edit.outcome === 'edited' ? edit.text : edit.outcome)

void t.test('one key of one user changes, and nothing else in the file', t => {
  t.equal(textOf(setUserKeys(FILE, ' ALICE', { password: OTHER })), FILE.replace(HASH, OTHER))
  t.equal(
    textOf(setUserKeys(FILE, 'bob', { disabled: false })),
    FILE.replace('disabled: true', 'disabled: false'),
  )
  t.equal(textOf(setUserKeys(FILE, 'bob', {})), FILE)
  const added = textOf(setUserKeys(FILE, 'bob', { mfa: 'disabled', groups: ['ops', 'a b'] }))
  t.equal(added.replace(/ {4}mfa: disabled\n {4}groups:\n {6}- ops\n {6}- a b\n/, ''), FILE)
  t.end()
})

void t.test('a new user is at the end, and reads back as it was given', t => {
  const keys = {
    displayname: 'Carol: "C" #1',
    password: HASH,
    email: 'c@example.com',
    groups: ['ops'],
    phone: '+49301234567',
  }
  for (const before of [FILE, '', 'users: {}\n', 'users:\n', '# mine\nusers:\n']) {
    const text = textOf(addUser(before, 'Carol', keys))
    const read = readUsersFile(text, 'users.yaml')
    t.match(read, { ok: true }, JSON.stringify(before))
    if (read.ok) {
      t.match(read.users.get('carol'), {
        person: { displayName: 'Carol: "C" #1', email: 'c@example.com', groups: ['ops'] },
        passwordHash: HASH,
        phone: '+49301234567',
      })
    }
  }
  t.ok(textOf(addUser(FILE, 'carol', keys)).startsWith(FILE))
  t.match(textOf(addUser('', '0123', { password: HASH })), /"?0123"?:/)
  t.ok(readUsersFile(textOf(addUser('', 'true', { password: HASH })), 'f').ok)
  t.end()
})

void t.test('what cannot be done is told', t => {
  t.match(setUserKeys(FILE, 'nobody', { disabled: true }), { outcome: 'no_such_user' })
  t.match(addUser(FILE, 'alice', {}), { outcome: 'user_exists' })
  t.match(addUser(FILE, 'a\u200b', {}), { outcome: 'not_a_name' })
  t.match(setUserKeys(FILE, '', {}), { outcome: 'not_a_name' })
  for (const broken of ['users: [', '- a', 'users: text', 'a: 1\na: 2']) {
    t.match(addUser(broken, 'carol', {}), { outcome: 'broken_file' }, broken)
  }
  t.match(setUserKeys('users:\n  bob:\n', 'bob', { disabled: true }), { outcome: 'broken_file' })
  t.end()
})

void t.test('a file is replaced in one step, for its owner only, and keeps its mode', t => {
  const directory = t.testdir({})
  const file = join(directory, 'users.yaml')
  writeUsersFile(file, 'one')
  t.equal(statSync(file).mode & 0o777, 0o600)
  const before = statSync(file).ino
  chmodSync(file, 0o640)
  writeUsersFile(file, 'two')
  t.equal(readFileSync(file, 'utf8'), 'two')
  t.equal(statSync(file).mode & 0o777, 0o640)
  t.not(statSync(file).ino, before)
  t.same(readdirSync(directory), ['users.yaml'])
  t.end()
})

void t.test('a link stays a link', t => {
  const directory = t.testdir({ real: {} })
  writeFileSync(join(directory, 'real', 'users.yaml'), 'one')
  symlinkSync('real/users.yaml', join(directory, 'users.yaml'))
  writeUsersFile(join(directory, 'users.yaml'), 'two')
  t.ok(lstatSync(join(directory, 'users.yaml')).isSymbolicLink())
  t.equal(readFileSync(join(directory, 'real', 'users.yaml'), 'utf8'), 'two')
  t.end()
})

void t.test('a write that fails leaves the file and no draft', t => {
  const directory = t.testdir({ taken: {} })
  t.throws(() => {
    writeUsersFile(join(directory, 'taken'), 'text')
  })
  t.same(readdirSync(directory), ['taken'])
  t.end()
})
