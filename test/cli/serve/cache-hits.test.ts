import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { freePort } from '../../bench/free-port.js'
import { PASSWORD, usersYaml } from '../../harness/demo-users.js'
import { parseScrape } from '../../harness/metrics.js'
import { noRedis, startRedis } from '../../harness/redis.js'
import { gatehouse, until } from '../gatehouse-process.js'

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

/** Runs `serve` on a Redis. */
async function serveOnRedis(t: Test, more = '') {
  const [redis, app, port, metricsPort] = [
    await startRedis(t),
    await startApp(t),
    await freePort(),
    await freePort(),
  ]
  const origin = `http://localhost:${port}`
  const cwd = t.testdir({
    'gateway.yaml': `public_url: ${origin}
listen: 127.0.0.1:${port}
upstream: ${app}
users: { file: users.yaml }
secret: { file: secret }
store: { redis: { url: '${redis.url}'${more} } }
metrics: { listen: 127.0.0.1:${metricsPort} }
routes:
  - { path: /**, access: bypassed, reason: the password will do for the test }
`,
    'users.yaml': await usersYaml([{ name: 'alice' }]),
    secret: 'Tq4ZxW9mKc7Vb1Nn6Rs8Yd3Fg5Hj0LaEuIoPp2Q',
  })
  const running = gatehouse(t, cwd, 'serve')
  await until(
    'it listens',
    () => {
      if (running.process.exitCode !== null) throw new Error(running.written.err)
      return running.written.err.includes('Gatehouse listens')
    },
    60_000,
  )
  const login = await fetch(`${origin}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ username: 'alice', password: PASSWORD, mode: 'session' }),
  })
  const cookie = login.headers
    .getSetCookie()
    .map(one => one.split(';', 1)[0])
    .join('; ')
  return {
    ask: async () => {
      const { status } = await fetch(`${origin}/x`, { headers: { cookie, accept: 'application/json' } })
      t.equal(status, 200)
    },
    told: async () => {
      const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`)
      const { value } = parseScrape(await answer.text())
      return {
        hits: value('gatehouse_store_cache_total', { result: 'hit' }) ?? 0,
        misses: value('gatehouse_store_cache_total', { result: 'miss' }) ?? 0,
        reads: value('gatehouse_store_duration_seconds_count', { operation: 'get' }) ?? 0,
      }
    },
  }
}

t.test('the metrics tell which reads Redis was spared', { skip: noRedis }, async t => {
  const { ask, told } = await serveOnRedis(t)
  await ask()
  const { misses, reads } = await told()
  t.ok(misses > 0 && misses <= reads, 'what was not remembered is a miss, and is read')
  await until('reads are spared', async () => {
    await ask()
    return (await told()).hits >= 3
  })
})

t.test('without a cache there is neither', { skip: noRedis }, async t => {
  const { ask, told } = await serveOnRedis(t, ', cache: none')
  for (let asked = 0; asked < 3; asked += 1) await ask()
  const { hits, misses, reads } = await told()
  t.same({ hits, misses }, { hits: 0, misses: 0 })
  t.ok(reads >= 3, 'every read goes to Redis')
})
