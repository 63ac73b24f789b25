import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { PASSWORD, usersYaml } from '../harness/demo-users.js'
import {
  answers,
  freePort,
  gatehouse,
  runGatehouse,
  type RunningCommand,
  until,
} from './gatehouse-process.js'

/** How long three processes may take to start one after the other on a busy machine, in milliseconds. */
const PATIENCE = 60_000

/** An app that says yes. */
async function startApp(t: Test): Promise<string> {
  const server = createServer((_request, response) => response.end('the app')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function deployment(t: Test) {
  const [port, metricsPort] = [await freePort(), await freePort()]
  const cwd = t.testdir({
    'gateway.yaml': `public_url: http://localhost:${port}
listen: 127.0.0.1:${port}
upstream: ${await startApp(t)}
users: { file: users.yaml }
metrics: { listen: 127.0.0.1:${metricsPort} }
shutdown_timeout: 2s
routes:
  - path: /public/**
    access: public
  - path: /inside/**
    access: bypassed
    reason: the password will do for the test
`,
    'users.yaml': await usersYaml([{ name: 'alice' }, { name: 'bob' }]),
  })
  return { cwd, origin: `http://localhost:${port}`, metrics: `http://127.0.0.1:${metricsPort}/metrics` }
}

/** The lines of the log that say something of a worker. */
function linesOf({ written }: RunningCommand) {
  const lines = written.out.split('\n').filter(line => line.startsWith('{'))
  return lines.map(
    line => JSON.parse(line) as { worker?: number; msg?: string; signal?: string; after?: number },
  )
}

/** The process ids of the workers, as the system knows them. */
function workersOf({ process: supervisor }: RunningCommand): readonly number[] {
  const text = readFileSync(`/proc/${supervisor.pid}/task/${supervisor.pid}/children`, 'utf8')
  return text.trim().split(' ').filter(Boolean).map(Number)
}

async function logIn(origin: string, username: string, password = PASSWORD): Promise<Response> {
  return fetch(`${origin}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ username, password }),
  })
}

/** How many wrong passwords are taken until one has to wait. */
async function guessesLeft(origin: string, username: string): Promise<number> {
  for (let count = 0; ; count++) if ((await logIn(origin, username, 'wrong')).status === 429) return count
}

/** Asks one thing over and over, on one connection at a time, until it is told to stop. */
function client(url: string, cookie: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const seen = new Map<string, number>()
  const state = { isOver: false }
  const ask = async (): Promise<string> => {
    const sent = request(url, { agent, headers: { cookie }, timeout: 5_000 }).end()
    sent.on('timeout', () => sent.destroy(new Error('hangs')))
    try {
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      await once(response.resume(), 'end')
      return String(response.statusCode)
    } catch (error) {
      return error instanceof Error && error.message === 'hangs' ? 'hangs' : 'broken'
    }
  }
  const done = (async () => {
    while (!state.isOver) {
      const what = await ask()
      seen.set(what, (seen.get(what) ?? 0) + 1)
      await sleep(5)
    }
    agent.destroy()
    return seen
  })()
  return {
    stop: () => {
      state.isOver = true
      return done
    },
  }
}

t.test('workers serve one address, tell who they are, and their metrics are one', async t => {
  const { cwd, origin, metrics } = await deployment(t)
  const running = gatehouse(t, cwd, 'serve', '--workers', '2')
  await until('all listen', () => running.written.err.includes('Gatehouse listens'), PATIENCE)
  t.match(running.written.err, /listens on 127\.0\.0\.1:\d+ for http:\/\/localhost:\d+ with 2 workers\n/)
  for (let count = 0; count < 10; count++) t.ok(await answers(`${origin}/public/x`, 200))
  const text = async () => (await fetch(metrics)).text()
  t.match(await text(), /^gatehouse_requests_total\{[^}]*decision="allow"\} 10$/m)
  running.process.kill('SIGHUP')
  const [first = 0] = workersOf(running)
  process.kill(first, 'SIGKILL')
  await until('the loss is told', () => linesOf(running).some(({ signal }) => signal === 'SIGKILL'), PATIENCE)
  t.match(await text(), /^gatehouse_requests_total\{[^}]*decision="allow"\} 10$/m, 'no counter falls')
  await until(
    'another one takes its place',
    () => {
      const held = linesOf(running).filter(({ msg }) => msg === 'the configuration holds')
      return held.length === 3 && held.every(({ worker }) => worker === 1 || worker === 2)
    },
    PATIENCE,
  )
  running.process.kill('SIGTERM')
  t.equal(await running.ended, 0)
  t.equal(running.written.err.split('Gatehouse listens').length, 2, 'it is said once')
})

t.test('a worker that is killed under load takes nothing with it but its own requests', async t => {
  const { cwd, origin } = await deployment(t)
  const running = gatehouse(t, cwd, 'serve', '--workers', '2')
  await until('all listen', () => running.written.err.includes('Gatehouse listens'), PATIENCE)
  const cookie = ((await logIn(origin, 'alice')).headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const before = await guessesLeft(origin, 'bob')

  const clients = Array.from({ length: 20 }, () => client(`${origin}/inside/x`, cookie))
  const holds = (count: number): Promise<void> =>
    until(
      `${count} have begun`,
      () => linesOf(running).filter(({ msg }) => msg === 'the configuration holds').length === count,
      PATIENCE,
    )
  // One after the other, until none of those is left that saw the logins.
  for (const [index, pid] of workersOf(running).entries()) {
    await sleep(300)
    process.kill(pid, 'SIGKILL')
    await holds(3 + index)
  }
  await sleep(300)
  const all = await Promise.all(clients.map(({ stop }) => stop()))
  const count = (what: string): number => all.reduce((sum, seen) => sum + (seen.get(what) ?? 0), 0)
  t.comment({ served: count('200'), broken: count('broken') })
  t.same(
    [...new Set(all.flatMap(seen => [...seen.keys()]))].filter(what => what !== 'broken'),
    ['200'],
    'the session stays, and nobody is let hang',
  )
  t.ok(count('broken') <= 40, 'a client loses a request for each kill at most')
  t.ok(count('200') > 10 * count('broken'))
  t.ok((await guessesLeft(origin, 'bob')) < before, 'the count of wrong passwords stays')
  running.process.kill('SIGINT')
  t.equal(await running.ended, 0)
})

t.test('a connection that was handed to a worker which dies before it takes it does not hang', async t => {
  const { cwd, origin } = await deployment(t)
  const running = gatehouse(t, cwd, 'serve', '--workers', '2')
  await until('all listen', () => running.written.err.includes('Gatehouse listens'), PATIENCE)
  const [stopped = 0] = workersOf(running)
  process.kill(stopped, 'SIGSTOP')
  const asked = Array.from({ length: 6 }, async () => {
    try {
      return (await fetch(`${origin}/public/x`)).status
    } catch {
      return 'broken'
    }
  })
  // One of them is the stopped worker's by now; the others go to its neighbour.
  t.equal(await Promise.race([Promise.all(asked), sleep(1_000, 'one waits')]), 'one waits')
  process.kill(stopped, 'SIGKILL')
  const ends: readonly (number | string)[] = await Promise.race([
    Promise.all(asked),
    sleep(20_000, ['one hangs']),
  ])
  t.same(new Set(ends), new Set([200, 'broken']), 'and is told when the worker is dead')
  t.equal(ends.filter(end => end === 200).length, 5)
  running.process.kill('SIGTERM')
  t.equal(await running.ended, 0)
})

t.test('workers end with their supervisor, however it ends', async t => {
  const { cwd, origin } = await deployment(t)
  const running = gatehouse(t, cwd, 'serve', '--workers', '2')
  await until('all listen', () => running.written.err.includes('Gatehouse listens'), PATIENCE)
  running.process.kill('SIGKILL')
  await until('nobody listens', async () => !(await answers(`${origin}/auth/health/live`, 200)))
})

t.test('a first start that fails is the end, and told once', async t => {
  const { cwd, origin } = await deployment(t)
  const taken = gatehouse(t, cwd, 'serve', '--workers', '1')
  await until('it is ready', () => answers(`${origin}/auth/health/ready`, 200))
  t.notMatch(taken.written.out, /"worker"/, 'one alone has no number')
  t.match(workersOf(taken), [])
  const text = readFileSync(`${cwd}/gateway.yaml`, 'utf8')
  writeFileSync(`${cwd}/other.yaml`, text.replace(/^metrics.*\n/m, ''))
  const second = await runGatehouse(t, cwd, ['serve', '--config', 'other.yaml', '--workers', '2'])
  t.match(second, { code: 1, err: /^gatehouse serve: .*EADDRINUSE/m })
  t.equal(second.err.split('EADDRINUSE').length, 2, 'told once')
  writeFileSync(`${cwd}/other.yaml`, `${text}rutes: []\n`)
  const broken = await runGatehouse(t, cwd, ['serve', '--config', 'other.yaml', '--workers', 'auto'])
  t.match(broken, { code: 1, out: '' })
  t.equal(broken.err.split('Did you mean').length, 2, 'told once')
  for (const words of ['0', '-1', 'many', '257', '1.5'])
    t.match(await runGatehouse(t, cwd, ['serve', `--workers=${words}`]), { code: 2, err: /1 to 256/ }, words)
})
