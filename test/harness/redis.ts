import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { RedisPlace, RedisTarget } from '../../src/store/redis-target.js'
import { freePort } from '../bench/free-port.js'
import type { MadeCertificate } from './certificates.js'
import type { Scope } from './scope.js'

/** Why tests that need a Redis cannot run here; false where they can. */
export const noRedis: string | false =
  spawnSync('redis-server', ['--version']).status === 0 ? false : 'redis-server is not installed'

/** How the servers of a test protect their connections. They use TLS among themselves too. */
export interface ServerTls {
  readonly ca: MadeCertificate
  readonly own: MadeCertificate
  /** Whether clients must show a certificate of `ca`. Default: no. */
  readonly asksForCertificates?: boolean
}

/** A server of a test, on loopback. */
export interface TestRedis {
  readonly port: number
  /** As it stands in a configuration: `redis://127.0.0.1:port`, or `rediss://…`. */
  readonly url: string
  /** Asks it something by redis-cli, and gives what that prints. */
  readonly ask: (...words: string[]) => Promise<string>
  /** Sends it a signal. */
  readonly signal: (signal: NodeJS.Signals) => void
  /** Kills it, and gives up when that is done. Nothing of it is kept. */
  readonly kill: () => Promise<void>
  /** Starts it again after `kill()`, empty, on the same port. */
  readonly start: () => Promise<void>
}

const run = promisify(execFile)
const STARTS_WITHIN = 20_000

/**
 * Starts a redis-server that keeps nothing on the disk; it ends with the test.
 * @param more further options, such as `--maxmemory 1mb`
 */
export function startRedis(t: Scope, ...more: string[]): Promise<TestRedis> {
  return startTlsRedis(t, undefined, ...more)
}

/** Does the same with TLS. */
export function startTlsRedis(t: Scope, tls: ServerTls | undefined, ...more: string[]): Promise<TestRedis> {
  // A replica is not kept waiting for others that may come.
  const replication = ['--repl-diskless-sync-delay', '0']
  const options = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...replication, ...more]
  return startServer(t, port => [...listenWords(port, tls).flat(), ...options], tls)
}

/** Where a server listens and how, as words of its command line. */
function listenWords(port: number, tls: ServerTls | undefined): readonly (readonly [string, string])[] {
  if (tls === undefined) return [['--port', String(port)]]
  const { ca, own, asksForCertificates = false } = tls
  return [
    ['--port', '0'],
    ['--tls-port', String(port)],
    ['--tls-cert-file', own.certFile],
    ['--tls-key-file', own.keyFile],
    ['--tls-ca-cert-file', ca.certFile],
    ['--tls-auth-clients', asksForCertificates ? 'yes' : 'no'],
    ['--tls-replication', 'yes'],
    ['--tls-cluster', 'yes'],
  ]
}

/** How redis-cli reaches such a server. */
function askWords(tls: ServerTls | undefined): readonly string[] {
  if (tls === undefined) return []
  return [
    '--tls',
    '--insecure',
    '--cacert',
    tls.ca.certFile,
    '--cert',
    tls.own.certFile,
    '--key',
    tls.own.keyFile,
  ]
}

/** Starts a master, a replica and three sentinels that fail over after one second. */
export async function startSentinels(t: Scope, tls?: ServerTls) {
  const master = await startTlsRedis(t, tls)
  const replica = await startTlsRedis(t, tls, '--replicaof', '127.0.0.1', String(master.port))
  await eventually(async () => (await replica.ask('info', 'replication')).includes('master_link_status:up'))
  const sentinels: TestRedis[] = []
  for (let count = 0; count < 3; count++) {
    sentinels.push(
      await startServer(
        t,
        (port, folder) => {
          const file = join(folder, 'sentinel.conf')
          const lines = [
            ...listenWords(port, tls).map(([word, value]) => `${word.slice(2)} ${value}`),
            'bind 127.0.0.1',
            `sentinel monitor main 127.0.0.1 ${master.port} 2`,
            'sentinel down-after-milliseconds main 1000',
            'sentinel failover-timeout main 3000',
          ]
          writeFileSync(file, `${lines.join('\n')}\n`)
          return [file, '--sentinel']
        },
        tls,
      ),
    )
  }
  const [first] = sentinels
  if (first === undefined) throw new Error('there is no sentinel')
  await eventually(async () =>
    /num-other-sentinels\s+2\s/.test(`${await first.ask('sentinel', 'master', 'main')} `),
  )
  await eventually(async () => /num-slaves\s+1\s/.test(`${await first.ask('sentinel', 'master', 'main')} `))
  const place: RedisPlace = {
    kind: 'sentinel',
    sentinels: sentinels.map(addressOf),
    name: 'main',
    password: undefined,
  }
  return { master, replica, sentinels, place }
}

/** Starts a cluster of masters, and as many replicas where they are asked for. */
export async function startCluster(t: Scope, replicas = false, tls?: ServerTls) {
  const nodes: TestRedis[] = []
  for (let count = 0; count < (replicas ? 6 : 3); count++)
    nodes.push(await startTlsRedis(t, tls, '--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'))
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  const copies = ['--cluster-replicas', replicas ? '1' : '0']
  await run('redis-cli', [...askWords(tls), '--cluster', 'create', ...addresses, ...copies, '--cluster-yes'])
  for (const node of nodes)
    await eventually(async () => (await node.ask('cluster', 'info')).includes('cluster_state:ok'))
  return { nodes, place: { kind: 'cluster', nodes: nodes.map(addressOf) } satisfies RedisPlace }
}

/** What a store in a test connects to. Every test has a prefix of its own. */
export function redisTarget(place: RedisPlace, prefix: string): RedisTarget {
  return {
    place,
    username: undefined,
    password: undefined,
    tls: undefined,
    db: 0,
    prefix,
    // Many tests share two cores: a server that is alive must not be taken for a dead one.
    timeout: 3_000,
    replicas: 0,
    cacheFor: 1_000,
  }
}

/** Where one server is. */
export function serverPlace({ port }: Pick<TestRedis, 'port'>): RedisPlace {
  return { kind: 'server', address: { host: '127.0.0.1', port } }
}

const addressOf = ({ port }: TestRedis) => ({ host: '127.0.0.1', port })

/** Waits until something holds; throws when it does not within 20 seconds. What throws does not hold yet. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + STARTS_WITHIN
  for (;;) {
    if (await holds().catch(() => false)) return
    if (performance.now() > end) throw new Error('it did not come to hold')
    await sleep(50)
  }
}

async function startServer(
  t: Scope,
  argumentsOf: (port: number, folder: string) => readonly string[],
  tls?: ServerTls,
): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-redis-'))
  const port = await freePort()
  const words = argumentsOf(port, folder)
  const ask = async (...asked: string[]): Promise<string> =>
    (await run('redis-cli', [...askWords(tls), '-p', String(port), ...asked])).stdout.trim()
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = spawn('redis-server', words, { cwd: folder, stdio: 'ignore' })
    await eventually(async () => /^(PONG|LOADING)/.test(await ask('ping')))
  }
  const kill = async (): Promise<void> => {
    if (child?.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  t.teardown(async () => {
    await kill()
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return {
    port,
    url: `${tls === undefined ? 'redis' : 'rediss'}://127.0.0.1:${port}`,
    ask,
    signal: signal => void child?.kill(signal),
    kill,
    start,
  }
}
