import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../bench/free-port.js'
import { type BalancedClient, createBalancedClient, HOST } from '../faults/balanced-client.js'
import { createGatewayUnderFault, type GatewayUnderFault } from '../faults/gateway-under-fault.js'
import { createPeople, crowdYaml } from '../faults/people.js'
import { eventually, startRedis } from '../harness/redis.js'
import { createScope } from '../harness/scope.js'
import { startBalancer } from './balancer.js'
import { startMixedApp } from './mixed-app.js'
import { type FailedRequest, startMixedTraffic } from './mixed-traffic.js'

/** How a run is made. */
export interface RollingOptions {
  readonly restarts: number
  readonly gateways: number
  /** Requests a second, besides the logins of people. */
  readonly rate: number
  /** The setting `shutdown_delay`; undefined: none. */
  readonly delay: string | undefined
  /** How many WebSockets are open at any time. */
  readonly webSockets: number
  /** People a second who enrol and log in. */
  readonly stories: number
  /** Told when something was done. */
  readonly tell?: (line: string) => void
}

/** What a run met. */
export interface RollingOutcome {
  /** How many requests were sent, by their kind. */
  readonly sent: Readonly<Record<string, number>>
  readonly failed: readonly (FailedRequest & {
    /** Milliseconds from the last SIGTERM to when it was sent, and to when it failed. */
    readonly sentAfter: number
    readonly failedAfter: number
  })[]
  /** Requests that went to another gateway because one took no connection. */
  readonly passedOver: number
  /** Why answers broke off behind their heads. */
  readonly brokenOff: readonly string[]
  readonly webSockets: { readonly opened: number; readonly ended: number }
  /** The longest time from a SIGTERM to the end of the process, and from its start to being ready, in milliseconds. */
  readonly longestEnd: number
  readonly longestStart: number
  /** Errors that nobody caught, and ends of a gateway that nobody asked for. */
  readonly unhandled: readonly string[]
}

const SECRET = 'Tq4ZxW9mKc7Vb1Nn6Rs8Yd3Fg5Hj0LaEuIoPp2Q'
const FIRST_PEOPLE = 2
/** How long people wait for an answer, in milliseconds: passwords are looked at when nothing else is to do. */
const PATIENCE = 60_000
/** How long everything is as it should before, between and after the restarts, in milliseconds. */
const CALM = 1_000

/** Restarts gateways on one Redis, one after the other, in the middle of traffic through a balancer. */
export async function runRolling(options: RollingOptions): Promise<RollingOutcome> {
  const { tell = () => undefined } = options
  const scope = createScope()
  try {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-rolling-'))
    scope.teardown(() => {
      rmSync(folder, { recursive: true, force: true })
    })
    const redis = await startRedis(scope)
    const app = await startMixedApp(scope)
    writeFileSync(join(folder, 'users.yaml'), await crowdYaml(), { mode: 0o600 })
    writeFileSync(join(folder, 'secret'), SECRET, { mode: 0o600 })
    const ports: number[] = []
    for (let count = 0; count < options.gateways; count++) ports.push(await freePort())
    const gateways = new Map<number, GatewayUnderFault>()
    for (const port of ports) {
      const file = join(folder, `gateway-${port}.yaml`)
      writeFileSync(file, gatewayYaml(port, app.port, redis.url, options.delay))
      gateways.set(port, createGatewayUnderFault(scope, file, []))
    }
    await Promise.all([...gateways.values()].map(({ start }) => start()))
    const balancer = await startBalancer(scope, ports)
    await eventually(() => Promise.resolve(ports.every(balancer.isIn)))

    let lastEnd = performance.now()
    const failedPeople: FailedRequest[] = []
    let askedByPeople = 0
    const client = createBalancedClient(scope, [balancer.port], false, PATIENCE)
    const ask: BalancedClient = async asked => {
      const sentAt = performance.now()
      askedByPeople++
      const answer = await client(asked)
      if (answer.status === 0 || answer.status >= 500)
        failedPeople.push({
          what: asked.path,
          why: `${answer.status} ${answer.text.slice(0, 200)}`,
          sentAt,
          failedAt: performance.now(),
        })
      return answer
    }
    const people = createPeople(ask, Date.now)
    for (let count = 0; count < FIRST_PEOPLE; count++) await people.live()
    const sessions = [...people.sessions]
    if (sessions.length === 0) throw new Error('nobody could log in')
    const traffic = startMixedTraffic(scope, { ...options, port: balancer.port, sessions })
    const lives = new Set<Promise<void>>()
    const stories = setInterval(() => {
      const life = people.live()
      lives.add(life)
      void life.finally(() => lives.delete(life))
    }, 1_000 / options.stories)
    scope.teardown(() => {
      clearInterval(stories)
    })

    const ends: number[] = []
    const restartedAt: number[] = []
    let longestEnd = 0
    let longestStart = 0
    await sleep(CALM)
    for (let count = 0; count < options.restarts; count++) {
      const port = ports[count % ports.length] ?? 0
      const gateway = gateways.get(port)
      lastEnd = performance.now()
      ends.push(lastEnd)
      await gateway?.end('SIGTERM')
      const ended = performance.now()
      await gateway?.start()
      await eventually(() => Promise.resolve(balancer.isIn(port)))
      restartedAt.push(performance.now())
      longestEnd = Math.max(longestEnd, ended - lastEnd)
      longestStart = Math.max(longestStart, performance.now() - ended)
      tell(
        `restart ${count + 1}: ended after ${Math.round(ended - lastEnd)} ms, ` +
          `ready after ${Math.round(performance.now() - ended)} ms more, ${traffic.failed.length} failed so far`,
      )
      await sleep(CALM)
    }
    clearInterval(stories)
    await Promise.all([traffic.stop(), ...lives])
    const since = (at: number): number => Math.round(at - (ends.findLast(end => end <= at) ?? at))
    return {
      sent: { ...traffic.sent(), 'logins of people': askedByPeople },
      failed: [...traffic.failed, ...failedPeople].map(one => ({
        ...one,
        sentAfter: since(one.sentAt),
        failedAfter: since(one.failedAt),
      })),
      passedOver: balancer.passedOver(),
      brokenOff: balancer.brokenOff,
      webSockets: traffic.webSockets(),
      longestEnd,
      longestStart,
      unhandled: [...gateways.values()].flatMap(gateway => gateway.unhandled()),
    }
  } finally {
    await scope.end()
  }
}

function gatewayYaml(port: number, appPort: number, redis: string, delay: string | undefined): string {
  const lines = [
    `public_url: https://${HOST}`,
    `listen: 127.0.0.1:${port}`,
    'trusted_proxies: [127.0.0.1/32]',
    `upstream: { url: 'http://127.0.0.1:${appPort}', timeouts: { connect: 5s, headers: 10s, body: 10s } }`,
    'users: { file: users.yaml }',
    'secret: { file: secret }',
    `store: { redis: { url: ${redis}, timeout: 5s } }`,
    'shutdown_timeout: 10s',
    ...(delay === undefined ? [] : [`shutdown_delay: ${delay}`]),
    'routes:',
    '  - { path: /public/**, access: public }',
  ]
  return `${lines.join('\n')}\n`
}
