import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/users.js'
import { createApiTokens } from '../../src/credentials/api-tokens.js'
import { createSessions } from '../../src/credentials/sessions.js'
import { createBackupCodes } from '../../src/factors/backup-codes.js'
import { createTotp } from '../../src/factors/totp.js'
import { USUAL_TOTP } from '../../src/factors/totp-code.js'
import { createActivity } from '../../src/login/activity.js'
import { createKnownBrowsers } from '../../src/login/known-browsers.js'
import { createLockout } from '../../src/login/lockout.js'
import { readOrCreateEmbeddedSecret } from '../../src/store/embedded-secret.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { createSeal } from '../../src/store/seal.js'
import { hashSecret } from '../../src/store/secret-hash.js'
import { RECORD_KINDS } from '../../src/store/store.js'
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
  t.equal(verifyPassword(GOOD, carol?.passwordHash ?? ''), 'right')
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
  t.equal(verifyPassword(GOOD, after?.passwordHash ?? ''), 'right')
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
  for (const command of [
    'passwd',
    'disable --yes',
    'enable',
    'unlock',
    'reset-mfa --yes',
    'ticket',
    'show',
    'remove --yes',
  ]) {
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

t.test('what outlives a password, a reset and a user is told', async t => {
  const { cwd, users, file, text } = await deployment(t)
  const before = text()
  t.match(await users('add Carol', { lines: [GOOD] }), { code: 0 })
  const now = () => testIo(cwd).now()
  const store = openLmdbStore({ directory: join(cwd, 'data'), now })
  const owner = { kind: 'user', subject: 'carol' } as const
  const apiTokens = createApiTokens({ store, now, random: randomBytes })
  await apiTokens.create({ name: 'my feed', owner, scopes: ['feeds'], expiresAt: now() + 1000 })
  await apiTokens.create({
    name: 'of bob',
    owner: { ...owner, subject: 'bob' },
    scopes: ['x'],
    expiresAt: now() + 1,
  })
  const questions = { kind: 'knowledge_questions', id: hashSecret('carol') } as const
  await store.put(questions, {}, { expiresAt: undefined, owner: 'carol' })
  await store.close()

  const stay = /API tokens of carol stay good \(my feed\)/
  t.match(await users('passwd carol', { lines: [GOOD] }), { code: 0, out: stay })
  writeFileSync(file, before)
  const again = await users('add CAROL', { lines: [GOOD] })
  t.match(again, { code: 0, err: /second factors of then.*users reset-mfa carol/s })
  t.match(again, { err: stay })
  t.match(await users('reset-mfa carol --yes'), { code: 0, out: stay })
  t.match(await users('passwd alice', { lines: [GOOD] }), { code: 0, out: /^(?!.*API tokens).*$/s })
})

/** What Carol has in the store, made by the modules that own it. */
async function withCarol(t: Test) {
  const parts = await deployment(t)
  t.match(await parts.users('add Carol --groups staff', { lines: [GOOD] }), { code: 0 })
  const { now } = testIo(parts.cwd)
  const store = openLmdbStore({ directory: join(parts.cwd, 'data'), now })
  t.teardown(() => store.close())
  const secret = readOrCreateEmbeddedSecret(join(parts.cwd, 'data'))
  const base = { store, seal: createSeal([secret]), now, random: randomBytes }
  const totp = createTotp({ ...base, parameters: USUAL_TOTP })
  const backupCodes = createBackupCodes(base)
  const lockout = createLockout({ ...base, knownBrowsers: createKnownBrowsers(base) })
  await totp.enrolFirst('carol', { name: 'Phone', secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', usedStep: 1 })
  const codes = await backupCodes.replace('carol')
  const owner = { kind: 'user', subject: 'carol' } as const
  const expiresAt = now() + 1000
  await createApiTokens(base).create({ name: 'my feed', owner, scopes: ['feeds'], expiresAt })
  const activity = createActivity({ ...base, onFault: error => t.fail(error) })
  await activity.note('carol', {
    event: 'factor.enrolled',
    address: '192.0.2.7',
    browser: 'x Firefox/1',
    detail: 'totp',
  })
  const sessions = createSessions({ ...base, idle: 9e6, absolute: 9e6, tokenLife: 9e6 })
  const { id, record } = await sessions.start({
    subject: 'carol',
    proofs: [{ method: 'password', at: now() }],
    address: '192.0.2.7',
    userAgent: 'curl/8',
    passwordVersion: 'v',
    hasSecondFactor: true,
    carrier: 'cookie',
  })
  const fail = async (method: 'totp' | 'password', tries: number): Promise<void> => {
    for (let n = 0; n < tries; n++) {
      const key = { kind: 'attempts', id: `${method}:account:${hashSecret('carol')}` } as const
      if (method === 'totp')
        await store.put(key, { failures: tries, blockedUntil: 0 }, { expiresAt: undefined })
      else await lockout.begin({ method, account: 'carol', address: undefined })
    }
  }
  const recordsLeft = async () => {
    const left: string[] = []
    for (const kind of RECORD_KINDS)
      for await (const found of store.each(kind))
        if (JSON.stringify(found).includes('carol') || found.key.id.includes(hashSecret('carol')))
          left.push(`${kind} ${found.key.id}`)
    return left
  }
  return { ...parts, store, id, reference: record.reference, codes, totp, lockout, fail, recordsLeft }
}

t.test('show tells the story of a user in one view, without a secret', async t => {
  const { users, id, reference, codes, fail } = await withCarol(t)
  await fail('password', 2)
  await fail('totp', 100)
  const { code, out } = await users('show CAROL')
  t.equal(code, 0)
  for (const line of [
    /^User +carol\n/,
    /Groups +staff\n/,
    /Second factor +set up: totp, backup_code\n/,
    /FACTORS\n.*\napp +Phone +2027-01-15 08:00 +never\nbackup codes +10 left\n/,
    new RegExp(`SESSIONS\n.*\n${reference} +cookie +2027-01-15 08:00 .* 192.0.2.7 +curl .*password\n`),
    /API TOKENS\n.*\n\S{22} +my feed +feeds /,
    /FAILED TRIES\n.*\npassword +2 +may try\ntotp +100 +locked: gatehouse users unlock\n/,
    /LAST EVENTS\n.*\n2027-01-15 08:00 +factor.enrolled \(totp\) +192.0.2.7 +Firefox/,
  ])
    t.match(out, line)
  const json = await users('show carol --json')
  t.match(JSON.parse(json.out), {
    name: 'carol',
    disabled: false,
    factors: { apps: [{ name: 'Phone', last_used: null }], backup_codes_left: 10, questions: 0 },
    sessions: [{ reference, assurance: 'single' }],
    counts: [
      { counted: 'password', failures: 2, locked: false },
      { counted: 'totp', failures: 100, locked: true },
    ],
    ticket_until: null,
  })
  for (const secret of [id, 'JBSWY3DP', ...codes, '$argon2id']) t.notOk((out + json.out).includes(secret))
})

t.test('show of somebody who was never here needs no store', async t => {
  const { users, cwd } = await deployment(t)
  t.match(await users('show bob'), { code: 0, out: /^User +bob\nName +bob\n.*Second factor +not set up\n$/s })
  t.notOk(existsSync(join(cwd, 'data')))
  t.match(await users('show alcie'), { code: 1, err: /Did you mean "alice"/ })
})

t.test('unlock --factor lifts the lock of one factor only', async t => {
  const { users, lockout, fail } = await withCarol(t)
  await fail('password', 2)
  await fail('totp', 100)
  t.match(await users('unlock carol --factor totp'), { code: 0, out: /wrong tries of totp are forgotten/ })
  t.match(await lockout.stateOf('carol', 'v'), [{ counted: 'password', failures: 2 }])
  t.match(await users('unlock carol --factor phone'), { code: 2, err: /--factor is one of totp, webauthn/ })
  t.match(await users('unlock carol'), { code: 0 })
  t.same(await lockout.stateOf('carol', 'v'), [])
})

t.test('remove takes somebody out of the file and of the store, and the next one begins anew', async t => {
  const { users, read, text, cwd, recordsLeft, fail } = await withCarol(t)
  await fail('totp', 100)
  t.match(await users('remove carol'), { code: 2, err: /add --yes/ })
  t.ok(read().has('carol'))
  t.not((await recordsLeft()).length, 0)
  const removed = await users('remove CAROL --yes')
  t.match(removed, { code: 0, out: /^carol is removed from .*Sessions that are ended: 1\./ })
  t.match(removed.err, /"audit":"operator.command".*"subject":"carol".*"command":"users remove"/)
  t.notOk(read().has('carol'))
  t.match(text(), /^# our people\n/, 'comments stay')
  t.same(await recordsLeft(), [], 'nothing is left')
  const added = await users('add carol', { lines: [GOOD] })
  t.match(added, { code: 0 })
  t.notMatch(added.err, /second factors of then|API tokens/)
  t.match(await users('show carol'), { out: /Second factor +not set up\n$/ })
  writeFileSync(join(cwd, 'users.yaml'), text().replace(/ {2}carol:\n( {4}.*\n)+/, ''))
  t.match(await users('remove nobody --yes'), { code: 1, err: /There is no user "nobody"/ })
})

t.test('what was done is told to the audit log, and what was refused too', async t => {
  const { users } = await deployment(t)
  const lines: readonly (readonly [string, number, RegExp])[] = [
    ['passwd alice', 0, /"subject":"alice".*"command":"users passwd"/],
    ['disable bob --yes', 0, /"subject":"bob".*"command":"users disable"/],
    ['enable bob', 0, /"subject":"bob".*"command":"users enable"/],
    ['unlock alice', 0, /"subject":"alice".*"command":"users unlock"/],
    ['ticket alice', 0, /"subject":"alice".*"command":"users ticket"/],
    ['reset-mfa alice --yes', 0, /"subject":"alice".*"command":"users reset-mfa"/],
    ['add eve', 0, /"subject":"eve".*"command":"users add"/],
    ['add alice', 1, /"subject":"alice","address":"local","reason":"refused".*"command":"users add"/],
    ['disable bob', 2, /"subject":"bob","address":"local","reason":"refused".*"command":"users disable"/],
    ['enable mallory', 1, /"subject":"mallory","address":"local","reason":"refused"/],
  ]
  for (const [line, code, told] of lines) {
    const done = await users(line, { lines: [GOOD] })
    t.equal(done.code, code, line)
    const audited = done.err.split('\n').filter(text => text.includes('"audit":"operator.command"'))
    t.equal(audited.length, 1, line)
    t.match(audited[0], told, line)
    t.notMatch(done.err, GOOD)
  }
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
