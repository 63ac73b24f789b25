import { readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync, mkdirSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import {
  HOST,
  HOUR,
  SECOND,
  mixedPolicy,
  startGateway,
  type OpenTestGateway,
  type TestGateway,
} from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { startRecordingUpstream, type RecordingUpstream } from '../harness/recording-upstream.js'

const DAY = 24 * HOUR

/** A gateway with an app behind it, and what a stranger gets there. */
async function setUp(
  t: Test,
  more = '',
): Promise<{
  gateway: OpenTestGateway
  upstream: RecordingUpstream
  write: (yaml: string) => void
  status: (path: string) => Promise<number>
  policy: () => Promise<unknown>
}> {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, { yaml: mixedPolicy(upstream.url, more) })
  const stranger = createPerson(gateway)
  return {
    gateway,
    upstream,
    write: yaml => {
      writeFileSync(gateway.configFile, yaml)
    },
    status: async path => (await stranger.fetch(path)).status,
    policy: async () => (await stranger.fetch('/auth/health/ready')).json.policy,
  }
}

/** The same policy with everything public. */
const opened = (upstream: RecordingUpstream): string =>
  mixedPolicy(upstream.url).replace(/routes:[^]*$/, 'routes: [{ path: /**, access: public }]\n')

/** Waits until something holds; a change has to be seen within a second, a loaded machine gets ten. */
async function eventually(holds: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await holds()) return true
    await wait(100)
  }
  return false
}

void t.test('an edit of the file holds without a restart, and says which text holds', async t => {
  const { gateway, upstream, write, status, policy } = await setUp(t)
  t.equal(await status('/inside'), 401)
  const before = (await policy()) as { hash: string }
  write(opened(upstream))
  t.ok(await eventually(async () => (await status('/inside')) === 200))
  const after = (await policy()) as { hash: string; state: string }
  t.not(after.hash, before.hash)
  t.equal(after.state, 'current')
  t.match(audited(gateway, 'policy.loaded'), { detail: { policy: after.hash } })
})

void t.test(
  'a file that is moved into its place is seen, and so is a link that points elsewhere',
  async t => {
    const { gateway, upstream, status } = await setUp(t)
    const folder = dirname(gateway.configFile)
    writeFileSync(join(folder, 'next.yaml'), opened(upstream))
    renameSync(join(folder, 'next.yaml'), gateway.configFile)
    t.ok(await eventually(async () => (await status('/inside')) === 200), 'renamed, as editors do')

    // ConfigMaps: the file is a link through "..data", which is itself a link that is replaced.
    for (const [name, yaml] of [
      ['..1', mixedPolicy(upstream.url)],
      ['..2', opened(upstream)],
    ] as const) {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'gateway.yaml'), yaml)
    }
    symlinkSync('..1', join(folder, '..data'))
    unlinkSync(gateway.configFile)
    symlinkSync(join('..data', 'gateway.yaml'), gateway.configFile)
    t.ok(await eventually(async () => (await status('/inside')) === 401), 'a link now')
    symlinkSync('..2', join(folder, '..new'))
    renameSync(join(folder, '..new'), join(folder, '..data'))
    t.ok(await eventually(async () => (await status('/inside')) === 200), 'the link behind the link')
  },
)

// ATTACKS k14
void t.test('k14: a broken file changes nothing, and everything says so until it is mended', async t => {
  const { gateway, upstream, write, status, policy } = await setUp(t, 'metrics: { listen: 127.0.0.1:0 }\n')
  const held = (await policy()) as { hash: string }
  write(`${opened(upstream)}rutes: []\n`)
  gateway.reload()
  t.equal(await status('/inside'), 401)
  t.same(await policy(), { hash: held.hash, state: 'rejected' })
  t.match(audited(gateway, 'policy.rejected'), { detail: { policy: held.hash, problems: 1 } })
  t.ok(gateway.logLines.some(line => /gateway\.yaml:\d+:\d+: .*rutes/.test(line)))
  t.match(await metricsOf(gateway), /^gatehouse_policy_rejected 1$/m)
  unlinkSync(gateway.configFile)
  gateway.reload()
  t.equal(await status('/inside'), 401, 'a file that is gone changes nothing either')
  write(mixedPolicy(upstream.url, 'metrics: { listen: 127.0.0.1:0 }\n'))
  gateway.reload()
  t.same(await policy(), { hash: held.hash, state: 'current' })
  t.match(await metricsOf(gateway), /^gatehouse_policy_rejected 0$/m)
})

void t.test(
  'the policy holds at once, and what cannot change while running says that it needs a restart',
  async t => {
    const { gateway, upstream, write, status, policy } = await setUp(t)
    write(`${opened(upstream)}session: { idle: 5m }\nlog: { level: error }\naudit: { file: audit.jsonl }\n`)
    gateway.reload()
    t.equal(await status('/inside'), 200)
    t.match(await policy(), { state: 'needs_restart' })
    const told = gateway.logLines.find(line => line.includes('need a restart'))
    t.match(told, /"waiting":\["session",("audit","log"|"log","audit")\]/)
  },
)

void t.test(
  'an app may get another upstream, and a new app comes in, while requests are under way',
  async t => {
    const { gateway, upstream, write, status } = await setUp(t)
    const other = await startRecordingUpstream(t)
    write(mixedPolicy(other.url))
    gateway.reload()
    t.equal(await status('/public/x'), 200)
    t.equal(upstream.requests.length, 0)
    t.equal(other.requests.length, 1)
  },
)

void t.test('somebody who is let in no longer loses the connection that was open', async t => {
  const { gateway, upstream, write } = await setUp(t)
  const alice = createPerson(gateway)
  await alice.login('alice')
  t.equal((await alice.fetch('/inside')).status, 200)
  write(
    mixedPolicy(upstream.url).replace(
      'access: bypassed\n    reason: the rest of the test app asks for the password only',
      'access: denied',
    ),
  )
  gateway.reload()
  t.equal((await alice.fetch('/inside')).status, 403)
})

void t.test('k14: a thousand reloads under load lose no request and leave nothing behind', async t => {
  const { gateway, upstream, write } = await setUp(t)
  const texts = [mixedPolicy(upstream.url), opened(upstream)]
  const stranger = createPerson(gateway)
  const wrong: number[] = []
  let reloading = true
  let asked = 0
  const load = [0, 1, 2].map(async () => {
    while (reloading) {
      const { status } = await stranger.fetch('/public/x')
      asked += 1
      if (status !== 200) wrong.push(status)
    }
  })
  const watchers = (): number =>
    process.getActiveResourcesInfo().filter(name => name === 'StatWatcher').length
  const watched = watchers()
  for (let n = 0; n < 1_000; n += 1) {
    write(texts[n % 2] ?? '')
    gateway.reload()
    if (n % 10 === 0) await wait(1)
  }
  reloading = false
  await Promise.all(load)
  t.same(wrong, [])
  t.ok(asked > 0, `${asked} requests were asked meanwhile`)
  t.equal(watchers(), watched)
  const connections = new Set(upstream.requests.map(({ connection }) => connection))
  t.ok(connections.size <= 10, 'the connections to the app were kept')
})

void t.test('a bypass is told of at each use, before its end and at its end', async t => {
  const upstream = await startRecordingUpstream(t)
  const yaml = `public_url: https://${HOST}
upstream: ${upstream.url}
users: { file: users.yaml }
metrics: { listen: 127.0.0.1:0 }
routes: [{ path: /reports/**, access: bypassed, reason: "kiosk, OPS-112", until: 2027-01-20 }]
`
  const gateway = await startGateway(t, { yaml })
  t.ok(
    gateway.logLines.some(line => line.includes('ends soon') && line.includes('"days":6')),
    'at the start',
  )
  const carol = createPerson(gateway)
  await carol.giveUserName('carol')
  t.equal((await carol.fetch('/reports/x')).status, 200)
  t.match(audited(gateway, 'bypass.used'), {
    subject: 'carol',
    detail: { because: 'kiosk, OPS-112', until: '2027-01-21T00:00:00.000Z' },
  })
  t.match(await metricsOf(gateway), /^gatehouse_bypass_uses_total\{route="gw \/reports\/\*\*"\} 1$/m)
  t.match(await metricsOf(gateway), /^gatehouse_bypass_until_timestamp_seconds\{.*\} 1800489600$/m)

  gateway.clock.advance(6 * DAY)
  const later = createPerson(gateway)
  await later.giveUserName('dave')
  t.equal((await later.fetch('/reports/x')).status, 401, 'the password alone is too little now')
  writeFileSync(gateway.configFile, `${readFileSync(gateway.configFile, 'utf8')}# looked at\n`)
  gateway.reload()
  t.ok(gateway.logLines.some(line => line.includes('the bypass is over')))
})

void t.test('metrics count requests by route and decision, at an address of their own only', async t => {
  const { gateway, status } = await setUp(t, 'metrics: { listen: 127.0.0.1:0 }\n')
  await status('/public/x')
  await status('/admin/x')
  await status('/a//b')
  const text = await metricsOf(gateway)
  t.match(text, /^gatehouse_requests_total\{route="gw \/public\/\*\*",decision="allow"\} 1$/m)
  t.match(text, /^gatehouse_requests_total\{route="gw \/admin\/\*\*",decision="login"\} 1$/m)
  t.match(text, /^gatehouse_requests_total\{route="\(other\)",decision="refused"\} 1$/m)
  t.match(text, /^gatehouse_policy_info\{policy="[0-9a-f]{16}",state="current"\} 1$/m)
  t.equal(await status('/metrics'), 401, 'the gateway itself knows no such address')
  t.match(await metricsOf(gateway, '/other'), 'Only GET /metrics is here.')
  gateway.clock.advance(SECOND)
})

/** The first audit event of a name. */
function audited(gateway: TestGateway, event: string): unknown {
  return gateway.logLines
    .map(line => JSON.parse(line) as { audit?: string })
    .find(({ audit }) => audit === event)
}

async function metricsOf(gateway: TestGateway, path = '/metrics'): Promise<string> {
  const line = gateway.logLines.find(one => one.includes('metrics are served')) ?? '{}'
  const { port } = JSON.parse(line) as { port: number }
  return await new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      answer.on('end', () => {
        resolve(text)
      })
    })
    sent.on('error', reject).end()
  })
}
