import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../bench/free-port.js'
import { type BalancedClient, createBalancedClient, HOST } from '../faults/balanced-client.js'
import { createGatewayUnderFault } from '../faults/gateway-under-fault.js'
import { startRedis } from '../harness/redis.js'
import { createScope } from '../harness/scope.js'
import { startMixedApp } from '../rolling/mixed-app.js'
import { type Holding, COLLECTING, measure } from './measure.js'
import { createSoakPeople, soakUsers } from './soak-people.js'

/** How a run is made. */
export interface SoakOptions {
  /** How long people visit before the base is measured, and after it, in milliseconds. */
  readonly warmUp: number
  readonly lasts: number
  /** Visits a second. */
  readonly visits: number
  /** How often it is measured in between, in milliseconds. */
  readonly every: number
  /** Told what was measured. */
  readonly tell?: (holding: Holding) => void
}

/** What a run measured, and how often each step went as it should. */
export interface SoakOutcome {
  readonly base: Holding
  readonly end: Holding
  readonly counts: Readonly<Record<string, number>>
  readonly unhandled: readonly string[]
}

const SECRET = 'Tq4ZxW9mKc7Vb1Nn6Rs8Yd3Fg5Hj0LaEuIoPp2Q'
const PATIENCE = 60_000
/** How long idle connections to the app take to be closed after the last request, in milliseconds. */
const SETTLES_WITHIN = 6_000

/** Has people visit one gateway on Redis, and measures what it holds before, in between, and after they have left. */
export async function runSoak({ warmUp, lasts, visits, every, tell }: SoakOptions): Promise<SoakOutcome> {
  const scope = createScope()
  try {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-soak-'))
    scope.teardown(() => {
      rmSync(folder, { recursive: true, force: true })
    })
    const redis = await startRedis(scope)
    const app = await startMixedApp(scope)
    const [port, metrics] = [await freePort(), await freePort()]
    writeFileSync(join(folder, 'users.yaml'), await soakUsers(), { mode: 0o600 })
    writeFileSync(join(folder, 'secret'), SECRET, { mode: 0o600 })
    const file = join(folder, 'gateway.yaml')
    writeFileSync(file, soakYaml(port, metrics, app.port, redis.url))
    const gateway = createGatewayUnderFault(scope, file, COLLECTING)
    await gateway.start()

    let ask: BalancedClient | undefined
    const people = createSoakPeople(async asked => {
      if (ask === undefined) throw new Error('nobody is there')
      return ask(asked)
    }, port)
    /** People come for so long, and leave: no connection of theirs is left when it is measured. */
    const live = async (
      time: number,
      first: () => Promise<void>,
      look: () => Promise<void>,
    ): Promise<void> => {
      const own = createScope()
      ask = createBalancedClient(own, [port], false, PATIENCE)
      await first()
      const begun = performance.now()
      const underWay = new Set<Promise<void>>()
      let sent = 0
      let looked = begun
      while (performance.now() - begun < time) {
        for (; sent < ((performance.now() - begun) / 1_000) * visits; sent++) {
          const visit = people.visit()
          underWay.add(visit)
          void visit.finally(() => underWay.delete(visit))
        }
        await sleep(20)
        if (performance.now() - looked > every) {
          looked = performance.now()
          await look()
        }
      }
      await Promise.all(underWay)
      await own.end()
      await sleep(SETTLES_WITHIN)
    }
    const look = async (): Promise<Holding> => {
      const holding = await measure(gateway, metrics, redis)
      tell?.(holding)
      return holding
    }
    await live(warmUp, people.enrol, () => Promise.resolve())
    const base = await look()
    await live(
      lasts,
      () => Promise.resolve(),
      async () => {
        await look()
      },
    )
    const end = await look()
    return { base, end, counts: people.counts(), unhandled: gateway.unhandled() }
  } finally {
    await scope.end()
  }
}

function soakYaml(port: number, metrics: number, appPort: number, redis: string): string {
  const lines = [
    `public_url: https://${HOST}`,
    `listen: 127.0.0.1:${port}`,
    'trusted_proxies: [127.0.0.1/32]',
    `upstream: { url: 'http://127.0.0.1:${appPort}', timeouts: { connect: 5s, headers: 10s, body: 10s } }`,
    'users: { file: users.yaml }',
    'secret: { file: secret }',
    `store: { redis: { url: ${redis}, timeout: 5s } }`,
    `metrics: { listen: 127.0.0.1:${metrics} }`,
    'session: { idle: 5m, absolute: 10m }',
    'routes:',
    '  - { path: /public/**, access: public }',
  ]
  return `${lines.join('\n')}\n`
}
