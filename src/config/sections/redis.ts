import { isIPv6 } from 'node:net'
import Type from 'typebox'
import type { RedisPlace, RedisTarget } from '../../store/redis-target.js'
import type { Reading } from '../reading.js'
import type { Path } from '../read-yaml.js'
import { block, isBlock, list, soundSettings, text } from '../settings.js'
import { isLoopback } from './public-url.js'
import {
  readRedisAddresses,
  readRedisUrl,
  REDIS_PASSWORD_CURE,
  type RedisUrl,
  redisUrlSchema,
} from './redis-address.js'
import { readRedisTls, redisTlsSchema } from './redis-tls.js'
import { readSecret, secretReference } from './secret.js'

const PREFIX = 'gatehouse:'
const TIMEOUT = 300
const CACHE = 1_000

const addresses = (description: string, example: string) =>
  list({ description, examples: [[example]] }, text({ description: 'Host and port.', examples: [example] }))

/** The settings of Redis. */
export const redisSchema = block('Redis or Valkey. One of url, sentinels and cluster.', {
  url: Type.Optional(redisUrlSchema),
  sentinels: Type.Optional(addresses('The sentinels, which know the master; with "name".', '10.0.0.5:26379')),
  name: Type.Optional(text({ description: 'The name of the master at the sentinels.', examples: ['main'] })),
  sentinel_password: Type.Optional(
    secretReference(
      'The password of the sentinels, where it is asked for.',
      'SENTINEL_PASSWORD',
      '/run/secrets/sentinel',
    ),
  ),
  cluster: Type.Optional(
    addresses('Some nodes of a cluster; the others are found by them.', '10.0.0.5:6379'),
  ),
  username: Type.Optional(
    text({ description: 'The user of Redis\' access list; with "password".', examples: ['gatehouse'] }),
  ),
  password: Type.Optional(
    secretReference(
      'The password of Redis, from a file or an environment variable, never written here.',
      'REDIS_PASSWORD',
      '/run/secrets/redis',
    ),
  ),
  tls: Type.Optional(
    Type.Union([Type.Literal(true), redisTlsSchema], {
      description:
        'TLS to the sentinels and servers, or details of it. With "url", rediss:// switches it on.',
      examples: [true, { ca: 'redis-ca.pem' }],
    }),
  ),
  db: Type.Optional(
    Type.Integer({
      description: 'Number of the database; not with "cluster", and with "url" it may stand there.',
      default: 0,
      minimum: 0,
      maximum: 65_535,
    }),
  ),
  prefix: Type.Optional(
    text(
      {
        description: 'What every key begins with. Several gateways on one Redis have one each.',
        default: PREFIX,
      },
      '^[A-Za-z0-9_.:-]{1,64}$',
      'write up to 64 letters, digits and _ . : -',
    ),
  ),
  timeout: Type.Optional(
    text(
      {
        description: `How long a command may take, 50ms to 5s. Default ${TIMEOUT}ms.`,
        default: `${TIMEOUT}ms`,
      },
      '^[1-9][0-9]{0,3}(ms|s)$',
      'write a whole number and ms or s, such as 300ms',
    ),
  ),
  replicas: Type.Optional(
    Type.Integer({
      description:
        'How many replicas must have a write before it counts. What they do not have in time is refused with 503, so ' +
        'that no enrolment, used code or ended session comes undone when one of them takes over. Default 0: what the ' +
        'master had not passed on yet is lost with it.',
      default: 0,
      minimum: 0,
      maximum: 5,
      examples: [1],
    }),
  ),
  cache: Type.Optional(
    text(
      {
        description:
          'For how long a session or API token that was read is believed, while changes are heard of over pub/sub; ' +
          '100ms to 2s, or none. An end holds everywhere within a second all the same. Default 1s.',
        default: '1s',
      },
      '^(none|[1-9][0-9]{0,3}(ms|s))$',
      'write a whole number and ms or s, such as 1s, or none',
    ),
  ),
})

const PATH = ['store', 'redis']

/** A Redis at this address, with the usual settings. */
export function redisAt({ place, secure, username, password, db = 0 }: RedisUrl): RedisTarget {
  const tls = secure ? { ca: undefined, identity: undefined, serverName: undefined } : undefined
  return {
    place,
    username,
    password,
    tls,
    db,
    prefix: PREFIX,
    timeout: TIMEOUT,
    replicas: 0,
    cacheFor: CACHE,
  }
}

/** Reads `store.redis`; undefined when the place of Redis is wrong, which has been reported. */
export function readRedis(reading: Reading, written: unknown): RedisTarget | undefined {
  const parts = isBlock(written) ? soundSettings(redisSchema, written) : undefined
  const url = parts === undefined ? (typeof written === 'string' ? written : undefined) : parts.url
  const urlPath = parts === undefined ? PATH : [...PATH, 'url']
  reportWays(reading, written)
  const read = url === undefined ? undefined : readRedisUrl(reading, urlPath, url)
  const place = url === undefined ? readPlace(reading, parts) : read?.place
  const tls = readRedisTls(
    reading,
    [...PATH, 'tls'],
    parts?.tls,
    url === undefined ? undefined : read?.secure,
  )
  const password =
    parts?.password === undefined
      ? undefined
      : readSecret(reading, [...PATH, 'password'], parts.password, REDIS_PASSWORD_CURE)
  if (place === undefined) return undefined
  if (tls === undefined) warnOfPlain(reading, url === undefined ? PATH : urlPath, place)
  if (place.kind === 'cluster' && parts?.db !== undefined && parts.db !== 0)
    reading.findings.error([...PATH, 'db'], 'a cluster has only the database 0', 'leave "db" out')
  return {
    place,
    username: parts?.username ?? read?.username,
    password: password ?? read?.password,
    tls,
    db: parts?.db ?? read?.db ?? 0,
    prefix: parts?.prefix ?? PREFIX,
    timeout: readTime(reading, 'timeout', parts?.timeout ?? `${TIMEOUT}ms`, { least: 50, most: 5_000 }),
    replicas: parts?.replicas ?? 0,
    cacheFor:
      parts?.cache === 'none'
        ? 0
        : readTime(reading, 'cache', parts?.cache ?? `${CACHE}ms`, { least: 100, most: 2_000 }),
  }
}

/** Reports what does not go together. */
function reportWays({ findings }: Reading, raw: unknown): void {
  if (!isBlock(raw)) return
  const ways = ['url', 'sentinels', 'cluster'].filter(key => Object.hasOwn(raw, key))
  const [way, ...others] = ways
  if (way === undefined)
    findings.error(PATH, '"redis" does not say where Redis is', 'add one of url, sentinels, cluster')
  for (const key of others)
    findings.error(
      [...PATH, key],
      `Redis is found in one way, and "${way ?? ''}" is there already`,
      'keep one of them',
      'key',
    )
  if (way === 'sentinels' && !Object.hasOwn(raw, 'name'))
    findings.error(
      [...PATH, 'sentinels'],
      '"sentinels" needs "name"',
      'add name: main, as the sentinels call it',
      'key',
    )
  for (const key of ['name', 'sentinel_password'])
    if (way !== undefined && way !== 'sentinels' && Object.hasOwn(raw, key))
      findings.error([...PATH, key], `"${key}" is of no use without "sentinels"`, 'leave it out', 'key')
  if (Object.hasOwn(raw, 'username') && !Object.hasOwn(raw, 'password'))
    findings.error(
      [...PATH, 'username'],
      '"username" is of no use without "password"',
      'add "password"',
      'key',
    )
}

function readPlace(
  reading: Reading,
  parts: Partial<ReturnType<typeof soundSettings<(typeof redisSchema)['properties']>>> | undefined,
): RedisPlace | undefined {
  if (parts?.sentinels !== undefined && parts.name !== undefined) {
    const sentinels = readRedisAddresses(reading, [...PATH, 'sentinels'], parts.sentinels, 26_379)
    const path = [...PATH, 'sentinel_password']
    const password =
      parts.sentinel_password === undefined
        ? undefined
        : readSecret(reading, path, parts.sentinel_password, 'write { file: NAME } or ${NAME OF A VARIABLE}')
    return sentinels && { kind: 'sentinel', sentinels, name: parts.name, password }
  }
  const nodes = parts?.cluster && readRedisAddresses(reading, [...PATH, 'cluster'], parts.cluster, 6379)
  return nodes && { kind: 'cluster', nodes }
}

function warnOfPlain(reading: Reading, path: Path, place: RedisPlace): void {
  const all =
    place.kind === 'server' ? [place.address] : place.kind === 'cluster' ? place.nodes : place.sentinels
  const far = all.find(({ host }) => !isLoopback(isIPv6(host) ? `[${host}]` : host))
  if (far === undefined) return
  reading.findings.warning(
    path,
    `without TLS everybody between here and ${far.host} can read sessions and the password of Redis, and change them`,
    'write rediss://, or "tls: true" with sentinels and cluster, unless that network is closed to everybody else',
  )
}

/** Milliseconds of a time such as `300ms` or `1s`; one that is out of its limits is reported. */
function readTime(
  reading: Reading,
  key: string,
  written: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const time = Number.parseInt(written, 10) * (written.endsWith('ms') ? 1 : 1000)
  if (time >= least && time <= most) return time
  const range = `${least}ms and ${most / 1000}s`
  const message = `"${key}" is between ${range}, and this is ${written}`
  reading.findings.error([...PATH, key], message, `write ${range.replace('and', 'to')}`)
  return least
}
