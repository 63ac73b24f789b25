import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../bench/free-port.js'
import { type MadeCertificate, makeCertificate } from '../harness/certificates.js'
import { startCluster, startRedis, startSentinels, type TestRedis } from '../harness/redis.js'
import { movableClock } from '../journeys/movable-clock.js'
import { type BalancedClient, createBalancedClient, HOST } from './balanced-client.js'
import { type FaultyApp, startFaultyApp } from './faulty-app.js'
import { type FaultyLink, startFaultyLink } from './faulty-link.js'
import { createGatewayUnderFault, type GatewayUnderFault } from './gateway-under-fault.js'
import { movableNames } from './movable-names.js'
import { crowdYaml } from './people.js'
import type { Scope } from '../harness/scope.js'

/** What a fault needs. */
export interface HousePlan {
  /** Default: embedded. */
  readonly store?: 'embedded' | 'redis' | 'sentinel' | 'cluster'
  /** Default: 1. */
  readonly gateways?: 1 | 2
  /** How many workers each gateway has. Default: it is one process. */
  readonly workers?: number
  /** The gateway serves https. */
  readonly tls?: boolean
  /** How the gateway finds the app: by its address (default), over https, or by a name. */
  readonly app?: 'https' | 'named'
  /** Writes an audit log. */
  readonly audit?: 'required' | 'best_effort'
  /** Puts the store or the audit log on a small disk of its own. Only root can. */
  readonly disk?: 'data' | 'log'
}

/** Everything that can break. What a plan does not name throws when it is asked for. */
export interface House {
  readonly folder: string
  readonly gateways: readonly GatewayUnderFault[]
  readonly gateway: GatewayUnderFault
  readonly app: FaultyApp
  readonly ask: BalancedClient
  /** The clock of the gateways. */
  readonly clock: { readonly now: () => number; readonly advance: (milliseconds: number) => void }
  readonly certificate: MadeCertificate
  readonly names: { readonly gone: (areGone: boolean) => void }
  readonly redis: () => TestRedis
  readonly link: () => FaultyLink
}

/** The name of an app that is found by a name. */
const APP_NAME = 'app.fault.test'

const SECRET = 'Tq4ZxW9mKc7Vb1Nn6Rs8Yd3Fg5Hj0LaEuIoPp2Q'

/** Builds it and starts it; it ends with the scope. */
export async function buildHouse(scope: Scope, plan: HousePlan): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-faults-'))
  scope.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const certificate = makeCertificate(folder, 'right', `DNS:localhost,DNS:${HOST},IP:127.0.0.1`)
  const app = await startFaultyApp(scope, plan.app === 'https' ? certificate : undefined)
  const store = await startStore(scope, plan)
  if (plan.disk !== undefined) mountSmallDisk(scope, join(folder, plan.disk))
  else mkdirSync(join(folder, 'log'))
  const ports: number[] = []
  for (let count = 0; count < (plan.gateways ?? 1); count++) ports.push(await freePort())
  const files = {
    'users.yaml': await crowdYaml(),
    secret: SECRET,
    'tls.crt': certificate.cert,
    'tls.key': certificate.key,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 })
  const clock = movableClock(scope, join(folder, 'clock'))
  const names = movableNames(join(folder, 'names'), APP_NAME)
  const gateways = ports.map((port, index) => {
    const file = join(folder, `gateway-${index}.yaml`)
    writeFileSync(file, houseYaml(plan, port, app.port, store.yaml))
    const nodeOptions = [...clock.nodeOptions, ...names.nodeOptions]
    return createGatewayUnderFault(scope, file, nodeOptions, plan.workers)
  })
  await Promise.all(gateways.map(({ start }) => start()))
  const [gateway] = gateways
  if (gateway === undefined) throw new Error('there is no gateway')
  return {
    folder,
    gateways,
    gateway,
    app,
    ask: createBalancedClient(scope, ports, plan.tls === true),
    clock,
    certificate,
    names,
    redis: () => there(store.redis, 'Redis'),
    link: () => there(store.link, 'link'),
  }
}

function there<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`this house has no ${what}`)
  return value
}

async function startStore(
  scope: Scope,
  { store = 'embedded' }: HousePlan,
): Promise<{ readonly yaml: string; readonly redis?: TestRedis; readonly link?: FaultyLink }> {
  switch (store) {
    case 'embedded':
      return { yaml: 'store: { embedded: ./data }' }
    case 'redis': {
      const redis = await startRedis(scope, '--appendonly', 'yes', '--appendfsync', 'always')
      const link = await startFaultyLink(scope, redis.port)
      return { yaml: `store: { redis: redis://127.0.0.1:${link.port} }`, redis, link }
    }
    case 'sentinel': {
      const { sentinels, master } = await startSentinels(scope)
      const list = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(', ')
      return { yaml: `store: { redis: { sentinels: [${list}], name: main } }`, redis: master }
    }
    case 'cluster': {
      const { nodes } = await startCluster(scope, true)
      const list = nodes.map(({ port }) => `127.0.0.1:${port}`).join(', ')
      return { yaml: `store: { redis: { cluster: [${list}] } }`, redis: there(nodes[0], 'node of a cluster') }
    }
  }
}

function houseYaml(plan: HousePlan, port: number, appPort: number, store: string): string {
  const isEncrypted = plan.app === 'https'
  const appHost = plan.app === 'named' ? APP_NAME : isEncrypted ? 'localhost' : '127.0.0.1'
  const url = `${isEncrypted ? 'https' : 'http'}://${appHost}:${appPort}`
  const lines = [
    `public_url: https://${HOST}`,
    `listen: 127.0.0.1:${port}`,
    'trusted_proxies: [127.0.0.1/32]',
    ...(plan.tls === true ? ['tls: { cert: tls.crt, key: tls.key }'] : []),
    `upstream: { url: '${url}', ${isEncrypted ? 'ca: right.pem, ' : ''}timeouts: { connect: 1s, headers: 2s, body: 2s } }`,
    'users: { file: users.yaml }',
    'secret: { file: secret }',
    store,
    'session: { idle: 12h, absolute: 24h }',
    'shutdown_timeout: 1s',
    ...(plan.audit === undefined ? [] : [`audit: { file: log/audit.jsonl, mode: ${plan.audit} }`]),
    'routes:',
    '  - { path: /public/**, access: public }',
  ]
  return `${lines.join('\n')}\n`
}

/** Puts a small disk of its own at a folder. */
function mountSmallDisk(scope: Scope, folder: string): void {
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=700', 'none', folder])
  scope.teardown(() => execFileSync('umount', ['-l', folder]))
}
