import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { readMembers } from '../../src/audit/chain-line.js'
import { PASSWORD } from '../harness/demo-users.js'
import { HOST, mixedPolicy, startGateway } from '../harness/gateway.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'
import { roundTrip } from '../harness/person.js'
import { createPhone } from './phone.js'
import { createProgram } from './program.js'

/** A gateway whose audit log is `log/audit.jsonl` beside its file. */
async function gatewayWith(t: Test, mode: 'required' | 'best_effort') {
  const upstream = await startRecordingUpstream(t)
  const yaml = mixedPolicy(
    upstream.url,
    `audit: { file: log/audit.jsonl, mode: ${mode} }\nstore: { embedded: store }\n`,
  )
  const gateway = await startGateway(t, { yaml })
  const folder = join(dirname(gateway.configFile), 'log')
  return { gateway, folder, program: createProgram(gateway), file: join(folder, 'audit.jsonl') }
}

const textsIn = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1)
const eventsIn = (file: string): unknown[] => textsIn(file).map(line => readMembers(line)?.audit)

const login = { username: 'alice', password: PASSWORD }

t.test('required: whoever has an answer has a line', async t => {
  const { program, folder, file } = await gatewayWith(t, 'required')
  mkdirSync(folder)
  const reply = await program.post('/login', login)
  t.equal(reply.status, 202)
  t.match(eventsIn(file), ['login.password_accepted', 'session.started'])
})

t.test('required: without the directory there are no logins and no changes', async t => {
  const { gateway, program, folder, file } = await gatewayWith(t, 'required')
  const refused = await program.post('/login', login)
  t.match(refused.json, { reason: 'audit_unavailable' })
  t.same(refused.header('set-cookie'), [])
  t.same(refused.header('retry-after'), ['5'])
  const page = await roundTrip(
    gateway,
    'POST',
    '/auth/login',
    {
      Host: HOST,
      'Content-Type': 'application/x-www-form-urlencoded',
      Origin: `https://${HOST}`,
      'Sec-Fetch-Mode': 'navigate',
      Accept: 'text/html',
    },
    `username=alice&password=${encodeURIComponent(PASSWORD)}`,
  )
  t.equal(page.status, 503)
  t.match(page.text, /<!doctype html>/i)
  t.equal((await program.get('/health/ready')).status, 200)
  const app = await roundTrip(gateway, 'GET', '/public/a', { Host: HOST }, undefined)
  t.equal(app.status, 200, 'proxied traffic goes on')
  t.not((await program.post('/logout')).status, 503, 'logging out is never refused')

  mkdirSync(folder)
  t.equal((await program.post('/login', login)).status, 202, 'it goes on by itself')
  t.ok(eventsIn(file).includes('session.started'))
})

t.test('required: a full disk in the middle of a login keeps the cookie back', async t => {
  const { gateway, program, folder, file } = await gatewayWith(t, 'required')
  mkdirSync(folder)
  symlinkSync('/dev/full', file)
  const refused = await program.post('/login', login)
  t.match(refused.json, { reason: 'audit_unavailable' })
  t.same(refused.header('set-cookie'), [])
  t.notMatch(refused.text, /challenge/)
  t.match((await program.get('/health/ready')).json, { audit: { state: 'failing' } })
  t.equal(gateway.logLines.filter(line => line.includes('audit lines cannot be written')).length, 1)

  rmSync(file)
  t.equal((await program.post('/login', login)).status, 202)
  t.match((await program.get('/health/ready')).json, { audit: { state: 'written', lost: 0 } })
  t.equal(eventsIn(file).filter(event => event === 'session.started').length, 2, 'the first is told too')
})

t.test('required: a login whose line fails after the probe leaves no session behind', async t => {
  const { gateway, program, folder, file } = await gatewayWith(t, 'required')
  const sessions = async () => (await gateway.store.listByOwner('session', 'alice')).length
  mkdirSync(folder)
  for (const [mode, body] of [
    ['cookie', login],
    ['token', { ...login, mode: 'token' }],
  ] as const) {
    symlinkSync('/dev/full', file)
    t.match((await program.post('/login', body)).json, { reason: 'audit_unavailable' }, mode)
    t.equal(await sessions(), 0, mode)
    rmSync(file)
    const first = await program.post('/login', { ...login, mode: 'token' })
    t.equal(await sessions(), 1)
    const { challenge, enrolment } = first.json as { challenge: string; enrolment?: { secret: string } }
    const code = createPhone(gateway, 'alice', enrolment?.secret).code()
    rmSync(file)
    symlinkSync('/dev/full', file)
    const second = await program.post('/mfa/verify', { challenge, factor: 'totp', code })
    t.match(second.json, { reason: 'audit_unavailable' })
    t.equal(await sessions(), 0, 'nor does the second step')
    program.bearer = (first.json as { access_token: string }).access_token
    t.equal((await program.get('/session')).status, 401)
    program.bearer = undefined
    rmSync(file)
    t.equal((await program.post('/login', login)).status, 202)
    t.match(
      textsIn(file).find(text => text.includes('audit_unavailable')),
      /"session\.ended","subject":"alice"/,
    )
    for (const { key } of await gateway.store.listByOwner('session', 'alice')) await gateway.store.delete(key)
    rmSync(file)
  }
})

t.test('required: a directory that is removed while the gateway runs', async t => {
  const { gateway, program, folder, file } = await gatewayWith(t, 'required')
  mkdirSync(folder)
  t.equal((await program.post('/login', login)).status, 202)
  rmSync(folder, { recursive: true })
  t.match((await program.post('/login', login)).json, { reason: 'audit_unavailable' })
  t.equal((await roundTrip(gateway, 'GET', '/public/a', { Host: HOST }, undefined)).status, 200)
  mkdirSync(folder)
  t.equal((await program.post('/login', login)).status, 202)
  t.ok(eventsIn(file).includes('session.started'))
})

const isMounted = (folder: string): boolean => statSync(folder).dev !== statSync(dirname(folder)).dev

/** Puts a small disk of its own at a folder, for as long as the test takes. False: nobody lets us. */
function mountSmallDisk(t: Test, folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', folder], { stdio: 'ignore' })
  } catch {
    t.comment('no mounts here: only root makes them')
    return false
  }
  t.teardown(() => execFileSync('umount', ['-l', folder]))
  return true
}

t.test('required: a directory that is read-only', async t => {
  const { program, folder } = await gatewayWith(t, 'required')
  mkdirSync(folder)
  // Root may write into any directory, but not onto a disk that takes no writes.
  const remount = (how: string): unknown => execFileSync('mount', ['-o', `remount,${how}`, folder])
  const [close, open] = mountSmallDisk(t, folder)
    ? [() => remount('ro'), () => remount('rw')]
    : [() => chmodSync(folder, 0o500), () => chmodSync(folder, 0o700)]
  close()
  if (process.getuid?.() !== 0 || isMounted(folder))
    t.match((await program.post('/login', login)).json, { reason: 'audit_unavailable' })
  open()
  t.equal((await program.post('/login', login)).status, 202)
})

t.test('required: a disk that is full', async t => {
  const { program, folder } = await gatewayWith(t, 'required')
  mkdirSync(folder)
  if (!mountSmallDisk(t, folder)) return
  t.equal((await program.post('/login', login)).status, 202)
  const filler = join(folder, 'filler')
  for (let size = 65_536; size > 0; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // Full for pieces of this size.
    }
  }
  t.equal((await program.post('/login', login)).status, 503)
  rmSync(filler)
  t.equal((await program.post('/login', login)).status, 202)
})

t.test('best effort: everything goes on', async t => {
  const { program } = await gatewayWith(t, 'best_effort')
  t.equal((await program.post('/login', login)).status, 202)
  t.match((await program.get('/health/ready')).json, { audit: { state: 'failing' } })
})
