import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { TEST_CERTIFICATE, TEST_KEY } from '../harness/certificate.js'
import { usersYaml } from '../harness/demo-users.js'
import { createPerson, type Person } from '../harness/person.js'
import { answers, freePort, gatehouse, MAIN, runGatehouse, start, until } from './gatehouse-process.js'

/** An app whose answers wait for the test. */
async function slowApp(t: Test) {
  const waiting: ServerResponse[] = []
  const server = createServer((_request, response) => waiting.push(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, waiting }
}

async function deployment(t: Test, upstream: string, more = '') {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const cwd = t.testdir({
    'gateway.yaml': `public_url: ${origin}
listen: 127.0.0.1:${port}
upstream: ${upstream}
users: { file: users.yaml }
routes:
  - path: /public/**
    access: public
${more}`,
    'users.yaml': await usersYaml([{ name: 'alice' }, { name: 'bob' }]),
  })
  return { cwd, port, origin }
}

/** Starts `serve` and waits until it is ready. */
async function serve(t: Test, cwd: string, origin: string) {
  const running = gatehouse(t, cwd, 'serve')
  await until('the gateway is ready', async () => {
    if (running.process.exitCode !== null) throw new Error(running.written.err + running.written.out)
    return answers(`${origin}/auth/health/ready`, 200)
  })
  return running
}

t.test('what nobody caught is told, and the gateway goes on', async t => {
  const { cwd, origin } = await deployment(t, 'http://127.0.0.1:1')
  const planted = `process.on('SIGUSR2', () => {
    void Promise.reject(new Error('a planted rejection'))
    throw new Error('a planted exception')
  })`
  const words = ['--import', `data:text/javascript,${encodeURIComponent(planted)}`, MAIN, 'serve']
  const running = start(t, cwd, process.execPath, words)
  await until('the gateway is ready', () => answers(`${origin}/auth/health/ready`, 200))
  running.process.kill('SIGUSR2')
  await until('both are told', () =>
    ['exception', 'rejection'].every(what => running.written.out.includes(`a planted ${what}`)),
  )
  t.equal(await answers(`${origin}/auth/health/ready`, 200), true)
  running.process.kill('SIGTERM')
  t.equal(await running.ended, 0)
})

t.test('SIGHUP reads the configuration again, and so does time', async t => {
  const { cwd, origin } = await deployment(t, 'http://127.0.0.1:1')
  const running = await serve(t, cwd, origin)
  const file = join(cwd, 'gateway.yaml')
  const sound = readFileSync(file, 'utf8')
  const told = (what: string): Promise<void> => until(what, () => running.written.out.includes(what))
  writeFileSync(file, `${sound}rutes: []\n`)
  running.process.kill('SIGHUP')
  await told('the configuration is broken; the policy stays as it was')
  writeFileSync(file, `${sound}# mended\n`)
  await told('the configuration was read again and holds now')
  t.ok(await answers(`${origin}/auth/health/ready`, 200), 'and it served all the time')
})

t.test('SIGTERM finishes the request under way, takes no new one, and ends with 0', async t => {
  const app = await slowApp(t)
  const { cwd, origin } = await deployment(t, app.url)
  const running = await serve(t, cwd, origin)
  t.match(running.written.err, /Gatehouse listens on 127\.0\.0\.1:\d+ for http:\/\/localhost/)
  const [request] = [get(`${origin}/public/slow`)]
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  await until('the app has the request', () => app.waiting.length === 1)
  running.process.kill('SIGTERM')
  await until('no new connection is taken', async () => !(await answers(`${origin}/auth/health/live`, 200)))
  t.equal(running.process.exitCode, null, 'it waits')
  app.waiting[0]?.end('at last')
  const [response] = await answered
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  t.equal(response.statusCode, 200)
  t.equal(Buffer.concat(pieces).toString(), 'at last')
  t.equal(await running.ended, 0)
})

t.test('SIGTERM ends within shutdown_timeout when a request is never finished', async t => {
  const app = await slowApp(t)
  const { cwd, origin } = await deployment(t, app.url, 'shutdown_timeout: 1s\n')
  const running = await serve(t, cwd, origin)
  const request = get(`${origin}/public/slow`)
  request.on('error', () => undefined)
  await until('the app has the request', () => app.waiting.length === 1)
  const before = systemClock()
  running.process.kill('SIGTERM')
  t.equal(await running.ended, 0)
  t.ok(systemClock() - before < 5_000, 'within its limit')
})

t.test('every problem of a broken file is printed at once, and nothing is started or made', async t => {
  const { cwd, origin } = await deployment(t, 'http://127.0.0.1:3000')
  writeFileSync(
    join(cwd, 'gateway.yaml'),
    'public_url: http://wiki.example.com\nupstrem: http://x\nlisten: nowhere\n',
  )
  const { code, out, err } = await runGatehouse(t, cwd, ['serve'])
  t.equal(code, 1)
  t.equal(out, '')
  for (const place of ['gateway.yaml:1:13', 'gateway.yaml:2:1', 'gateway.yaml:3:9']) t.match(err, place)
  t.match(err, 'Did you mean "upstream"?')
  t.notOk(await answers(`${origin}/auth/health/live`, 200))
  t.notOk(existsSync(join(cwd, 'data')))
})

t.test('a broken users file, a missing file and a taken port are told in plain words with 1', async t => {
  const { cwd, port, origin } = await deployment(t, 'http://127.0.0.1:3000')
  const running = await serve(t, cwd, origin)
  const taken = await runGatehouse(t, cwd, ['serve'])
  t.match(taken, { code: 1, err: new RegExp(`^gatehouse serve: .*EADDRINUSE.*${port}`, 'm') })
  running.process.kill('SIGTERM')
  t.equal(await running.ended, 0)
  writeFileSync(join(cwd, 'users.yaml'), 'users:\n  alice: {}\n')
  t.match(await runGatehouse(t, cwd, ['serve']), { code: 1, err: /users\.yaml:2:3: There is no `password`/ })
  t.match(await runGatehouse(t, cwd, ['serve', '--config', 'other.yaml']), {
    code: 1,
    err: /"gatehouse init"/,
  })
})

t.test('the log is JSON lines, without a line for each request', async t => {
  const app = await slowApp(t)
  const { cwd, origin } = await deployment(t, app.url)
  const running = await serve(t, cwd, origin)
  t.ok(await answers(`${origin}/x`, 401))
  t.ok(await answers(`${origin}/a%00b`, 400))
  running.process.kill('SIGINT')
  t.equal(await running.ended, 0)
  const lines = running.written.out.split('\n').filter(line => line !== '')
  const said = lines.map(line => JSON.parse(line) as { readonly audit?: string; readonly msg?: string })
  t.same(
    said.map(({ audit, msg }) => audit ?? msg),
    ['the configuration holds', 'request.refused'],
  )
})

/** A gateway that serves https by itself, and what a browser of the tests needs of it. */
async function httpsGateway(t: Test) {
  const { cwd, port } = await deployment(t, 'http://127.0.0.1:3000')
  writeFileSync(
    join(cwd, 'gateway.yaml'),
    `public_url: https://localhost:${port}
listen: 127.0.0.1:${port}
tls: { cert: tls.crt, key: tls.key }
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
`,
  )
  writeFileSync(join(cwd, 'tls.crt'), TEST_CERTIFICATE)
  writeFileSync(join(cwd, 'tls.key'), TEST_KEY)
  const running = gatehouse(t, cwd, 'serve')
  await until('the gateway listens', () => running.written.err.includes('Gatehouse listens'))
  const clock = { now: systemClock, advance: () => undefined }
  const gateway = { port, tls: true, clock, usersFile: '', logLines: [], close: () => Promise.resolve() }
  const newPerson = () => createPerson(gateway, { host: `localhost:${port}` })
  return { cwd, running, newPerson }
}

async function isIn(person: Person): Promise<boolean> {
  return (await person.fetch('/auth/session')).status === 200
}

t.test('users commands work on a running gateway', { skip: noAuthenticator }, async t => {
  const { cwd, running, newPerson } = await httpsGateway(t)
  const alice = newPerson()
  await alice.login('alice')
  t.ok(await isIn(alice))
  t.match((await runGatehouse(t, cwd, ['users', 'list'])).out, /alice .*set up/)
  t.match(await runGatehouse(t, cwd, ['users', 'ticket', 'alice']), { code: 1, err: /reset-mfa alice/ })

  const reset = await runGatehouse(t, cwd, ['users', 'reset-mfa', 'alice', '--yes'])
  t.match(reset, { code: 0, out: /second factors of alice are removed; all sessions are ended/ })
  await until('the session is over', async () => !(await isIn(alice)), 1_000)
  const again = await alice.giveUserName('alice')
  t.equal(again.status, 202)
  t.notMatch(again.text, 'otpauth:', 'a password alone enrols nothing any more')

  const made = await runGatehouse(t, cwd, ['users', 'ticket', 'alice'])
  t.match(made, { code: 0, out: /^[0-9A-Z-]{29}\n$/ })
  const shown = await alice.submit('/auth/enrol', { challenge: alice.challenge(), ticket: made.out.trim() })
  t.match(
    shown,
    { status: 200, text: /[A-Z2-7]{4} [A-Z2-7]{4}/ },
    'the ticket of another process opens the enrolment',
  )
  running.process.kill('SIGTERM')
  t.equal(await running.ended, 0)
})

t.test(
  'a user who is disabled or gets a new password is out within a second',
  { skip: noAuthenticator },
  async t => {
    const { cwd, running, newPerson } = await httpsGateway(t)
    const [alice, bob] = [newPerson(), newPerson()]
    await alice.login('alice')
    await bob.login('bob')
    const disabled = await runGatehouse(t, cwd, ['users', 'disable', 'alice', '--yes'])
    t.match(disabled, { code: 0, out: /alice is disabled.*One session is ended/ })
    await until('alice is out', async () => !(await isIn(alice)), 1_000)
    t.ok(await isIn(bob))
    const changed = await runGatehouse(t, cwd, ['users', 'passwd', 'bob'], 'another password for bob\n')
    t.match(changed, { code: 0, out: /One session is ended/ })
    await until('bob is out', async () => !(await isIn(bob)), 1_000)
    const status = async (name: string, password?: string) =>
      (await newPerson().giveUserName(name, password)).status
    await until(
      'the new password is good',
      async () => (await status('bob', 'another password for bob')) === 202,
    )
    t.equal(await status('alice'), 401)
    t.equal(running.process.exitCode, null)
  },
)
