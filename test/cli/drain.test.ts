import { once } from 'node:events'
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { usersYaml } from '../harness/demo-users.js'
import { answers, freePort, gatehouse, until } from './gatehouse-process.js'

/** An app that answers at once, except below `/public/slow`: there the test answers. */
async function startApp(t: Test) {
  const waiting: ServerResponse[] = []
  const server = createServer((incoming, response) => {
    if (incoming.url === '/public/slow') waiting.push(response)
    else response.end('quick')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, waiting }
}

/** A gateway in a process of its own that is ready, and its app. */
async function startGateway(t: Test, more: string) {
  const app = await startApp(t)
  const port = await freePort()
  const cwd = t.testdir({
    'gateway.yaml': `public_url: http://localhost:${port}
listen: 127.0.0.1:${port}
upstream: ${app.url}
users: { file: users.yaml }
routes:
  - path: /public/**
    access: public
${more}`,
    'users.yaml': await usersYaml([{ name: 'alice' }]),
  })
  const running = gatehouse(t, cwd, 'serve')
  const origin = `http://localhost:${port}`
  await until('the gateway is ready', () => answers(`${origin}/auth/health/ready`, 200))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  return { app, origin, running, agent }
}

interface Got {
  readonly status: number | undefined
  readonly connection: string | undefined
  readonly body: string
}

async function ask(url: string, agent?: Agent): Promise<Got> {
  const sent = request(url, agent === undefined ? {} : { agent }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  const { statusCode: status, headers } = response
  return { status, connection: headers.connection, body: Buffer.concat(pieces).toString() }
}

t.test('in its delay a stopping gateway is not ready, lives, and serves everything', async t => {
  const { origin, running, agent } = await startGateway(t, 'shutdown_delay: 1h\n')
  t.match(await ask(`${origin}/public/x`, agent), { status: 200, connection: 'keep-alive' })
  running.process.kill('SIGTERM')
  await until('it is not ready', () => answers(`${origin}/auth/health/ready`, 503))
  t.same(JSON.parse((await ask(`${origin}/auth/health/ready`)).body), {
    status: 'not_ready',
    reason: 'stopping',
  })
  t.equal((await ask(`${origin}/auth/health/live`)).status, 200)
  const last = await ask(`${origin}/public/x`, agent)
  t.same(last, { status: 200, connection: 'close', body: 'quick' }, 'a kept connection is let go of')
  t.match(await ask(`${origin}/public/x`, agent), { status: 200 }, 'and a new one is taken')
  t.equal((await ask(`${origin}/inside`)).status, 401, 'the policy holds as ever')
  t.equal(running.process.exitCode, null)
  // Sooner, it would be taken for the first one again.
  await sleep(1_100)
  running.process.kill('SIGTERM')
  t.equal(await running.ended, 1, 'who will not wait says it twice')
})

t.test('after its delay it finishes what is under way, waits for nobody else, and ends with 0', async t => {
  const { app, origin, running, agent } = await startGateway(t, 'shutdown_delay: 1s\nshutdown_timeout: 1h\n')
  const slow = ask(`${origin}/public/slow`, agent)
  await until('the app has the request', () => app.waiting.length === 1)
  running.process.kill('SIGTERM')
  await until('it is not ready', () => answers(`${origin}/auth/health/ready`, 503))
  await until('it takes nothing new', async () => !(await answers(`${origin}/auth/health/live`, 200)))
  t.equal(running.process.exitCode, null, 'it waits')
  app.waiting[0]?.end('at last')
  t.match(await slow, { status: 200, body: 'at last' })
  t.equal(await running.ended, 0, 'a kept connection with nothing under way does not hold it')
})
