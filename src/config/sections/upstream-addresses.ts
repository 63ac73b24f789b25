import { BlockList, isIP } from 'node:net'
import { canonicalHost } from '../../access/host.js'
import type { GatewayConfig, PublicUrl } from '../gateway-config.js'
import { quote } from '../../documents/problem.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { isBlock } from '../settings.js'
import { readOrigin } from './origin.js'

/** What an upstream must not be: the gateway itself. */
export interface OwnAddresses {
  readonly listen: GatewayConfig['listen'] | undefined
  readonly publicUrl: PublicUrl | undefined
}

/** The addresses in any of the three forms; undefined when there is none or one is wrong. */
export function readAddresses(
  reading: Reading,
  path: Path,
  written: unknown,
  own: OwnAddresses,
): readonly string[] | undefined {
  const parts = isBlock(written) ? written : {}
  if (isBlock(written) && Object.hasOwn(parts, 'url') === Object.hasOwn(parts, 'urls')) {
    const message = Object.hasOwn(parts, 'url')
      ? '"url" and "urls" are two words for the same'
      : 'the upstream has no address'
    reading.findings.error(path, message, 'write "url: http://…" for one address, "urls: […]" for several')
    return undefined
  }
  const several = isBlock(written) ? parts.urls : written
  const isList = Array.isArray(several)
  const listPath = isBlock(written) ? [...path, 'urls'] : path
  const alone = isBlock(written) ? parts.url : written
  const places: readonly (readonly [Path, unknown])[] = isList
    ? several.map((one: unknown, at) => [[...listPath, at], one])
    : [[isBlock(written) ? [...path, 'url'] : path, alone]]
  const origins: string[] = []
  for (const [at, one] of places) {
    // What is no text has been reported by its schema.
    const origin = readAddress(reading, at, typeof one === 'string' ? one : undefined, own)
    if (origin === undefined) continue
    const [first = origin] = origins
    // The same text twice has been reported by the schema.
    if (isList && several.indexOf(one) < several.lastIndexOf(one)) continue
    if (origins.includes(origin))
      reading.findings.error(at, `the address ${quote(origin)} is there twice`, 'leave it out')
    else if (new URL(first).protocol !== new URL(origin).protocol) {
      const message = `${quote(origin)} and ${quote(first)} are of one app, and only one of them is https`
      reading.findings.error(at, message, 'reach all addresses of an app in the same way')
    } else origins.push(origin)
  }
  return origins.length > 0 && origins.length === places.length ? origins : undefined
}

function readAddress(
  reading: Reading,
  path: Path,
  written: string | undefined,
  own: OwnAddresses,
): string | undefined {
  if (written === undefined) return undefined
  const report = (
    message: string,
    cure = 'write scheme, host and port, such as http://127.0.0.1:3000',
  ): void => {
    reading.findings.error(path, message, cure)
  }
  const read = readOrigin(written)
  if (!read.ok) report(`the upstream ${quote(written)} ${read.fault}`)
  else if (canonicalHost(read.url.host) === undefined)
    report(`the upstream ${quote(written)} has no valid host name`)
  else if (isLinkLocal(read.url)) {
    report(`${read.url.hostname} is link-local: cloud machines keep their credentials at such addresses`)
  } else if (isOwnAddress(read.url, own)) {
    const message = `the upstream ${quote(written)} is the gateway itself: every request would go round for ever`
    report(message, 'write the address on which the app listens')
  } else return read.url.origin
  return undefined
}

const LINK_LOCAL = new BlockList()
LINK_LOCAL.addSubnet('169.254.0.0', 16)
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6')

function isLinkLocal(url: URL): boolean {
  const address = addressOf(url)
  const version = isIP(address)
  return version !== 0 && LINK_LOCAL.check(address, version === 6 ? 'ipv6' : 'ipv4')
}

function isOwnAddress(url: URL, own: OwnAddresses): boolean {
  if (url.origin === own.publicUrl?.origin) return true
  const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port)
  if (port !== own.listen?.port) return false
  const here = (host: string) =>
    host === 'localhost' || host === '::1' || /^127\.|^(?:0\.0\.0\.0|::)$/.test(host)
  const address = addressOf(url)
  return address === own.listen.host || (here(address) && here(own.listen.host))
}

function addressOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}
