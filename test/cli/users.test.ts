import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/users.js'
import { verifyPassword } from '../../src/users/password-hash.js'
import { readUsersFile } from '../../src/users/users-file.js'
import { usersYaml } from '../harness/demo-users.js'
import { testIo, type TestIoOptions } from './test-io.js'

const GATEWAY =
  'public_url: http://localhost:8080\nupstream: http://127.0.0.1:3000\nusers: { file: users.yaml }\n'
const GOOD = 'a password that is long enough'

async function deployment(t: Test, users?: string) {
  const text =
    users ?? `# our people\n${await usersYaml([{ name: 'alice', groups: ['ops'] }, { name: 'bob' }])}`
  const cwd = t.testdir({ 'gateway.yaml': GATEWAY, 'users.yaml': text })
  const file = join(cwd, 'users.yaml')
  const users_ = async (line: string, options: TestIoOptions = {}) => {
    const io = testIo(cwd, options)
    const code = await run(line.split(' '), io)
    return { code, ...io.written, asked: io.asked }
  }
  const read = () => {
    const read = readUsersFile(readFileSync(file, 'utf8'), file)
    if (!read.ok) throw new Error(JSON.stringify(read.faults))
    return read.users
  }
  return { cwd, file, users: users_, read, text: () => readFileSync(file, 'utf8') }
}

t.test('add writes a user with a hash of the given line, and keeps comments', async t => {
  const { users, read, text } = await deployment(t)
  const options = '--displayname Carol --email carol@example.com --groups ops,staff --mfa disabled'
  t.match(await users(`add Carol ${options}`, { lines: [GOOD] }), { code: 0, out: /^Carol is added/ })
  const carol = read().get('carol')
  t.match(carol?.person, {
    displayName: 'Carol',
    email: 'carol@example.com',
    groups: ['ops', 'staff'],
    mfa: 'disabled',
  })
  t.equal(await verifyPassword(GOOD, carol?.passwordHash ?? ''), 'right')
  t.match(text(), /^# our people\n/)
  t.notMatch(text(), GOOD)
})

t.test('add makes the users file when there is none', async t => {
  const cwd = t.testdir({ 'gateway.yaml': GATEWAY })
  t.equal(await run(['add', 'alice'], testIo(cwd, { lines: [GOOD] })), 0)
  t.match(readFileSync(join(cwd, 'users.yaml'), 'utf8'), /^users:\n {2}alice:\n/)
})

t.test('add refuses what cannot be, before it asks for a password', async t => {
  const { users, text } = await deployment(t)
  const before = text()
  t.match(await users('add ALICE'), { code: 1, err: /There is a user "ALICE" already/, asked: [] })
  t.match(await users('add \u0000'), { code: 1, err: /cannot be a user name/, asked: [] })
  t.match(await users('add eve --email nothing'), { code: 1, err: /Write one address/, asked: [] })
  t.match(await users('add eve --mfa maybe'), { code: 2, err: /"enabled" or "disabled"/, asked: [] })
  t.equal(text(), before)
})

t.test('a password has at least 8 characters and at most 1024 bytes; 15 are advised', async t => {
  const { users, text } = await deployment(t)
  const before = text()
  t.match(await users('add eve', { lines: ['1234567'] }), { code: 1, err: /at least 8 characters/ })
  t.match(await users('add eve', { lines: ['x'.repeat(1025)] }), { code: 1, err: /at most 1024 bytes/ })
  t.match(await users('add eve', { lines: [] }), { code: 1, err: /There is no password/ })
  t.equal(text(), before)
  t.match(await users('add eve', { lines: ['ÄÖÜäöüßé'] }), {
    code: 0,
    err: /15 characters or more are advised/,
  })
})

t.test('a person types a password twice, and both have to be the same', async t => {
  const { users, read } = await deployment(t)
  t.match(await users('add eve', { person: true, lines: [GOOD, 'another one'] }), {
    code: 1,
    err: /not the same/,
  })
  t.notOk(read().has('eve'))
  const added = await users('add eve', { person: true, lines: [GOOD, GOOD] })
  t.match(added, { code: 0, asked: ['New password of eve: ', 'The same again: '] })
  t.match(await users('add finn', { lines: [GOOD] }), { code: 0, asked: { length: 1 } })
})

t.test('passwd sets a new hash and touches nothing else', async t => {
  const { users, read, cwd } = await deployment(t)
  const before = read().get('alice')
  t.match(await users('passwd alice', { lines: [GOOD] }), { code: 0, out: /There was no session to end/ })
  const after = read().get('alice')
  t.same(after?.person, before?.person)
  t.not(after?.passwordVersion, before?.passwordVersion)
  t.equal(await verifyPassword(GOOD, after?.passwordHash ?? ''), 'right')
  t.notOk(existsSync(join(cwd, 'data')), 'no store is made for it')
})

t.test('disable asks a person, wants --yes of a script, and enable takes it back', async t => {
  const { users, read } = await deployment(t)
  t.match(await users('disable bob'), { code: 2, err: /add --yes/ })
  t.match(await users('disable bob', { person: true, lines: ['no'] }), {
    code: 1,
    err: /Nothing was changed/,
  })
  t.equal(read().get('bob')?.disabled, false)
  t.match(await users('disable bob', { person: true, lines: ['y'] }), { code: 0, out: /bob is disabled/ })
  t.equal(read().get('bob')?.disabled, true)
  t.match(await users('disable bob --yes'), { code: 0 })
  t.match(await users('enable bob'), { code: 0, out: 'bob can log in again.\n' })
  t.equal(read().get('bob')?.disabled, false)
})

t.test('an unknown name is told with the one that is near', async t => {
  const { users } = await deployment(t)
  for (const command of ['passwd', 'disable --yes', 'enable', 'unlock', 'reset-mfa --yes', 'ticket']) {
    t.match(await users(`${command} alcie`), { code: 1, err: 'Did you mean "alice"?' }, command)
  }
  t.match(await users('enable nobody-like-this'), { code: 1, err: 'gatehouse users list' })
})

t.test('list shows who is there, as a table and as JSON', async t => {
  const { users } = await deployment(t)
  await users('disable bob --yes')
  t.match(await users('list'), {
    code: 0,
    out: /^USER +NAME +GROUPS +SECOND FACTOR\nalice +alice +ops +not yet\nbob +bob +not yet +disabled\n$/,
  })
  const listed = JSON.parse((await users('list --json')).out) as unknown
  t.match(listed, [
    { name: 'alice', groups: ['ops'], mfa: 'enabled', enrolled: false, disabled: false },
    { name: 'bob', disabled: true },
  ])
})

t.test('a ticket stands alone on the standard output, and is not for who needs none', async t => {
  const text = await usersYaml([{ name: 'alice' }, { name: 'kiosk', mfa: 'disabled' }])
  const { users } = await deployment(t, text)
  t.match(await users('ticket alice'), { code: 0, out: /^([0-9A-Z]{4}-){5}[0-9A-Z]{4}\n$/ })
  t.match(await users('ticket kiosk'), { code: 1, out: '', err: /mfa: disabled/ })
})

t.test('reset-mfa and unlock say what was done', async t => {
  const { users } = await deployment(t)
  t.match(await users('reset-mfa alice'), { code: 2, err: /add --yes/ })
  t.match(await users('reset-mfa alice --yes'), { code: 0, out: /had no second factor.*users ticket alice/s })
  t.match(await users('unlock alice'), { code: 0, out: /alice may try again/ })
})

t.test('a broken users file is told with its places and stays as it was', async t => {
  const { users, file } = await deployment(t, 'users:\n  alice:\n    groups: ops\n')
  for (const command of ['list', 'passwd alice', 'add eve', 'disable alice --yes']) {
    t.match(
      await users(command, { lines: [GOOD] }),
      { code: 1, err: /users\.yaml:3:13: error: `groups`/ },
      command,
    )
  }
  t.equal(readFileSync(file, 'utf8'), 'users:\n  alice:\n    groups: ops\n')
  writeFileSync(file, 'users: [')
  t.match(await users('add eve', { lines: [GOOD] }), { code: 1, err: /error: .*stays as it was/s })
})

t.test('what is not understood ends with 2 and the help, --help with 0', async t => {
  const { users } = await deployment(t)
  for (const line of ['', 'frobnicate', 'add', 'add a b', 'list alice', 'enable alice --json']) {
    t.match(await users(line), { code: 2, out: '', err: /gatehouse users SUBCOMMAND/ }, line)
  }
  for (const line of ['--help', '-h', 'add --help', 'list -h', 'ticket --help']) {
    t.match(await users(line), { code: 0, err: '', out: /gatehouse users SUBCOMMAND/ }, line)
  }
})
