import { canonicalHost } from '../../access/host.js'
import { quote } from '../../documents/problem.js'
import type { RedisAddress, RedisPlace } from '../../store/redis-target.js'
import type { Reading } from '../reading.js'
import type { Path } from '../read-yaml.js'
import { text } from '../settings.js'
import { readSecret } from './secret.js'

const URL_CURE = 'write such as redis://127.0.0.1:6379, or rediss://redis.example.com:6380 for TLS'
const ADDRESS_CURE = 'write a host and a port, such as 10.0.0.5:26379'
/** For a password that stands in the file. */
export const REDIS_PASSWORD_CURE =
  'write password: ${REDIS_PASSWORD} or password: { file: NAME } beside "url", or the whole url as ${REDIS_URL}'

/** The setting of the address. */
export const redisUrlSchema = text({
  description:
    'Address of Redis: redis://host:port/database, rediss:// with TLS; or the environment variable that has it, then ' +
    'also with user name and password.',
  examples: ['redis://127.0.0.1:6379', 'rediss://redis.example.com:6380', '${REDIS_URL}'],
})

/** What an address of Redis says. */
export interface RedisUrl {
  readonly place: RedisPlace
  readonly secure: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number | undefined
}

/**
 * Takes `redis://[user[:password]@]host[:port][/database]` or `rediss://…` apart.
 * @returns what is wrong with it, as the end of a sentence, which does not repeat it
 */
export function parseRedisUrl(url: string): RedisUrl | string {
  const [, scheme = '', rest = ''] = /^(rediss?):\/\/([^\s\\]+)$/i.exec(url) ?? []
  // Read as https, because the rules of addresses hold for schemes that the standard knows only.
  if (scheme === '' || !URL.canParse(`https://${rest}`)) return 'is not the address of a Redis'
  const parsed = new URL(`https://${rest}`)
  const db = /^\/?$|^\/([0-9]{1,5})$/.exec(parsed.pathname)
  if (db === null || parsed.search !== '' || parsed.hash !== '')
    return 'has more behind the host than the number of a database'
  const [username, password] = [decode(parsed.username), decode(parsed.password)]
  if (username === undefined || password === undefined) return 'has a % that begins no two digits of a byte'
  return {
    place: {
      kind: 'server',
      address: { host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'), port: portOf(parsed, rest, 6379) },
    },
    secure: scheme.toLowerCase() === 'rediss',
    username: username === '' ? undefined : username,
    password: password === '' ? undefined : password,
    db: db[1] === undefined ? undefined : Number(db[1]),
  }
}

/** Reads the address, in the file or in a variable. What is in a variable never gets into a message. */
export function readRedisUrl(reading: Reading, path: Path, written: string): RedisUrl | undefined {
  const isVariable = written.startsWith('${')
  const url = isVariable ? readSecret(reading, path, written, URL_CURE) : written
  if (url === undefined) return undefined
  const read = parseRedisUrl(url)
  const fault = (what: string, cure: string): undefined => {
    reading.findings.error(path, `${isVariable ? `what is in ${written}` : 'this'} ${what}`, cure)
  }
  if (typeof read === 'string') fault(read, URL_CURE)
  else if (read.password === undefined || isVariable) return read
  else fault('holds a password, which must not be written into the configuration file', REDIS_PASSWORD_CURE)
  return undefined
}

/** Undefined for what is not percent-encoded as it has to be (RFC 3986, 2.1). */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The parser drops 443, the usual port of https. */
function portOf(url: URL, written: string, usual: number): number {
  if (url.port !== '') return Number(url.port)
  return /:443(?:\/|$)/.test(written) ? 443 : usual
}

/** Reads a list of hosts and ports; undefined when one is wrong, which has been reported. */
export function readRedisAddresses(
  reading: Reading,
  path: Path,
  written: readonly string[],
  usualPort: number,
): readonly RedisAddress[] | undefined {
  const read = written.flatMap((one, index) => {
    const url =
      /^[^\s/?#@\\]+$/.test(one) && URL.canParse(`https://${one}`) ? new URL(`https://${one}`) : undefined
    if (url !== undefined && canonicalHost(url.host) !== undefined)
      return [{ host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: portOf(url, one, usualPort) }]
    reading.findings.error([...path, index], `${quote(one)} is not a host and a port`, ADDRESS_CURE)
    return []
  })
  return read.length === written.length ? read : undefined
}
