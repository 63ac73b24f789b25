import type { ConnectionOptions } from 'node:tls'
import { Cluster, Redis } from 'ioredis'
import { confirmByReplicas, type RedisWrites } from './redis-replicas.js'
import { REDIS_SCRIPTS, type RedisScripts } from './redis-scripts.js'
import type { RedisTarget, RedisTls } from './redis-target.js'
import { explainTlsFault } from './redis-tls-fault.js'

/** What the store asks of one server or of a cluster, besides its scripts. */
interface RedisCommands {
  hmget: (key: string, ...fields: string[]) => Promise<(string | null)[]>
  zrange: (key: string, start: number, stop: number, scores: 'WITHSCORES') => Promise<string[]>
  publish: (channel: string, message: string) => Promise<number>
}

/** A client of one server or of a cluster, with the scripts of the store. */
type RedisClient = RedisCommands & RedisScripts

/** The connections of one process to its Redis. */
export interface RedisConnection {
  readonly client: RedisClient
  /** The scripts whose work must not be lost; by a connection of their own where replicas are asked for. */
  readonly writes: RedisWrites
  /** How many replicas must have a write before it counts. */
  readonly replicas: number
  /** Resolves when Redis was reached for the first time. It goes on trying by itself, then and later. */
  readonly reached: Promise<void>
  /** Whether commands can be sent now; otherwise they are not to be: in a cluster they would wait. */
  readonly isUp: () => boolean
  /** Every server that writes are sent to; in a cluster there are several. */
  readonly masters: () => readonly Redis[]
  /** Why Redis could not be reached the last time; undefined while nothing has failed. */
  readonly lastFault: () => string | undefined
  /** Opens a further connection for messages of a channel; it reconnects and subscribes again by itself. */
  readonly subscriber: () => Redis | Cluster
  readonly close: () => void
}

const CONNECT_TIMEOUT = 1_000
/** A connection that is silent for so long while something waits on it is given up, in milliseconds. */
const SILENT_FOR = 2_000
const LONGEST_PAUSE = 1_000
/** How often the map of a cluster is read again, in milliseconds. */
const MAP_EVERY = 2_000
const FAULT_LENGTH = 200
const UNTOLD_TLS_FAULT =
  'a server closed the connection, or its certificate was refused: openssl s_client -connect HOST:PORT -CAfile FILE tells'

/** In milliseconds. Without them a connection waits for the server as long as it takes. */
interface Timeouts {
  readonly commandTimeout?: number
  readonly socketTimeout?: number
}

/**
 * Connects to Redis, and again whenever the connection is lost. A command is sent once and never again: what was
 * under way when the connection broke, or takes longer than the timeout, is rejected, and nobody knows whether it was
 * done. So a code that was being taken is refused, and a failure that was being counted may be counted: both err to
 * the safe side, which a second sending of the same script would not.
 */
export function connectRedis(target: RedisTarget): RedisConnection {
  let fault: string | undefined
  const opened: (Redis | Cluster)[] = []
  const open = (more: Timeouts): Redis | Cluster => {
    const client = target.place.kind === 'cluster' ? openCluster(target, more) : openSingle(target, more)
    const note = (error: Error): void => {
      fault = describeRedisFault(error)
      // The library keeps to itself why a sentinel or a node of a cluster was not taken.
      if (target.tls !== undefined && target.place.kind !== 'server' && /closed|slots cache/.test(fault))
        fault = `${UNTOLD_TLS_FAULT} (${fault})`
    }
    client.on('error', note)
    client.on('node error', note)
    opened.push(client)
    return client
  }
  const timeouts = { commandTimeout: target.timeout, socketTimeout: SILENT_FOR }
  const client = open(timeouts)
  // The client has a method for each script that it was given.
  const withScripts = client as unknown as RedisClient
  const { replicas } = target
  const writer = replicas === 0 ? client : open(timeouts)
  const within = Math.ceil(target.timeout / 2)
  const used = new Set([client, writer])
  const ready = Array.from(used, one => new Promise<void>(resolve => one.once('ready', resolve)))
  return {
    client: withScripts,
    writes: replicas === 0 ? withScripts : confirmByReplicas({ client: writer, replicas, within }),
    replicas,
    reached: Promise.all(ready).then(() => undefined),
    isUp: () => client.status === 'ready' && writer.status === 'ready',
    masters: () => (client instanceof Cluster ? client.nodes('master') : [client]),
    lastFault: () => fault,
    subscriber: () => open({}),
    close: () => {
      for (const one of opened) one.disconnect()
    },
  }
}

/** What failed, in one line and without what was sent: that may hold a secret. */
export function describeRedisFault(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const [line = ''] = text.split(/,? with args beginning with|[\r\n]/, 1)
  const told = line.slice(0, FAULT_LENGTH)
  const meaning = explainTlsFault(told)
  return meaning === undefined ? told : `${meaning} (${told})`
}

function commonOptions({ username, password, tls, db }: RedisTarget) {
  return {
    protocol: 2 as const,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    connectTimeout: CONNECT_TIMEOUT,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    disableClientInfo: true,
    // A server that has become a replica takes no writes any more; the next connection finds the new master. Before
    // Redis 7 the error of a script begins with the place in it.
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
  }
}

function tlsOptions({ ca, identity, serverName }: RedisTls): ConnectionOptions {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...identity,
    ...(serverName === undefined ? {} : { servername: serverName }),
  }
}

const pause = (times: number): number => Math.min(50 * times, LONGEST_PAUSE)

function openSingle(target: RedisTarget, more: Timeouts): Redis {
  const { place, tls } = target
  const options = {
    ...commonOptions(target),
    ...more,
    scripts: REDIS_SCRIPTS,
    enableOfflineQueue: more.commandTimeout === undefined,
    retryStrategy: pause,
  }
  if (place.kind !== 'sentinel') {
    const { host, port } = place.kind === 'server' ? place.address : (place.nodes[0] ?? { host: '', port: 0 })
    return new Redis({ ...options, host, port })
  }
  return new Redis({
    ...options,
    sentinels: place.sentinels.map(({ host, port }) => ({ host, port })),
    name: place.name,
    ...(place.password === undefined ? {} : { sentinelPassword: place.password }),
    ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(tls) }),
    sentinelCommandTimeout: CONNECT_TIMEOUT,
    sentinelRetryStrategy: pause,
    sentinelReconnectStrategy: pause,
    failoverDetector: true,
  })
}

function openCluster(target: RedisTarget, more: Timeouts): Cluster {
  const nodes = target.place.kind === 'cluster' ? target.place.nodes : []
  return new Cluster(
    nodes.map(({ host, port }) => ({ host, port })),
    {
      redisOptions: { ...commonOptions(target), ...more, db: 0 },
      scripts: REDIS_SCRIPTS,
      // Without it a command is refused while the first one to its node is still connecting.
      enableOfflineQueue: true,
      clusterRetryStrategy: pause,
      // Each of these would send a script again that may have been run.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      slotsRefreshInterval: MAP_EVERY,
      slotsRefreshTimeout: CONNECT_TIMEOUT,
      // Names are resolved where the connection is made, so that a certificate is checked against the name.
      ...(target.tls === undefined
        ? {}
        : {
            dnsLookup: (name: string, done: (error: null, address: string) => void) => {
              done(null, name)
            },
          }),
    },
  )
}
