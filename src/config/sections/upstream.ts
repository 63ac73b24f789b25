import Type from 'typebox'
import { X509Certificate } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { canonicalHost } from '../../access/host.js'
import type { UpstreamOptions } from '../../gate/upstream.js'
import type { GatewayConfig, PublicUrl } from '../gateway-config.js'
import { quote } from '../../documents/problem.js'
import type { Path } from '../read-yaml.js'
import { readNamedFile, type Reading } from '../reading.js'
import { block, choice, fileName, isBlock, soundSettings, text } from '../settings.js'
import { duration, milliseconds } from './duration.js'
import { readOrigin } from './origin.js'

const urlSchema = text({
  description: 'Address of the app: scheme, host and port.',
  examples: ['http://127.0.0.1:3000'],
})

const timeoutsSchema = block('How long the gateway waits for the app.', {
  connect: Type.Optional(duration('Until the connection stands.', '5s')),
  headers: Type.Optional(duration("Until the answer's headers are there.", '60s')),
  body: Type.Optional(duration('Between two pieces of a body.', '5m')),
})

const detailsSchema = block('The address of the app, and how to speak to it.', {
  url: urlSchema,
  tls_verify: Type.Optional(
    Type.Union(
      [
        Type.Literal(true),
        choice(
          { description: 'Believe any certificate.' },
          ['insecure-skip-verify'],
          [
            'any certificate is believed: whoever stands between gateway and app reads and changes everything',
          ],
        ),
      ],
      {
        description:
          'Whether the certificate of an https upstream is verified. Only the words insecure-skip-verify switch it off; with a private CA use "ca" instead.',
        default: true,
      },
    ),
  ),
  ca: Type.Optional(fileName('PEM file of the CA that signed the certificate of the app.', 'ca.pem')),
  server_name: Type.Optional(
    text({
      description: 'The name in the certificate, where it is not the host of the URL.',
      examples: ['wiki.internal'],
    }),
  ),
  pass_host: Type.Optional(
    Type.Boolean({
      description: "true: the app gets the Host that the client asked for. false: the upstream's own.",
      default: true,
    }),
  ),
  timeouts: Type.Optional(timeoutsSchema),
})

export const upstreamSchema = Type.Union([urlSchema, detailsSchema], {
  description: 'Where the app listens, as the gateway reaches it. Without a path.',
  examples: ['http://127.0.0.1:3000', { url: 'https://wiki.internal:8443', ca: 'ca.pem' }],
})

/** What an upstream must not be: the gateway itself. */
export interface OwnAddresses {
  readonly listen: GatewayConfig['listen'] | undefined
  readonly publicUrl: PublicUrl | undefined
}

const LONGEST_WAIT = 86_400_000

/** Reads `upstream`, as text or with details; undefined when there is none or it is wrong. */
export function readUpstream(
  reading: Reading,
  path: Path,
  written: unknown,
  own: OwnAddresses,
): UpstreamOptions | undefined {
  const details = soundSettings(detailsSchema, typeof written === 'string' ? { url: written } : written)
  const urlPath = isBlock(written) ? [...path, 'url'] : path
  const origin = readAddress(reading, urlPath, details.url, own)
  const ca = details.ca === undefined ? undefined : readCa(reading, [...path, 'ca'], details.ca)
  const verify = details.tls_verify !== 'insecure-skip-verify'
  if (!verify) {
    reading.findings.warning(
      [...path, 'tls_verify'],
      'the certificate of this upstream is not verified: anybody between gateway and app can read and change everything',
      'give the CA with "ca: FILE" and leave tls_verify out',
    )
  }
  if (origin?.startsWith('http:') === true) {
    for (const key of ['tls_verify', 'ca', 'server_name'] as const) {
      if (details[key] === undefined) continue
      const message = `"${key}" is about TLS, and this upstream is reached over plain http`
      reading.findings.error([...path, key], message, 'write https:// in "url", or leave the key out', 'key')
    }
  }
  const waits = soundSettings(timeoutsSchema, isBlock(written) ? written.timeouts : undefined)
  const timeout = (key: 'connect' | 'headers' | 'body', usual: string): number => {
    const wait = milliseconds(waits[key] ?? usual)
    if (wait > LONGEST_WAIT) {
      reading.findings.error([...path, 'timeouts', key], 'a timeout is at most 24 hours', 'write 24h or less')
    }
    return wait
  }
  const timeouts = {
    connect: timeout('connect', '5s'),
    headers: timeout('headers', '60s'),
    body: timeout('body', '5m'),
  }
  if (origin === undefined) return undefined
  return {
    origin,
    tls: { verify, ca, serverName: details.server_name },
    passHost: details.pass_host ?? true,
    timeouts,
  }
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

function readCa(reading: Reading, path: Path, name: string): string | undefined {
  const ca = readNamedFile(reading, path, name)
  if (ca === undefined) return undefined
  try {
    const certificates = ca
      .split(/(?=-----BEGIN CERTIFICATE-----)/)
      .filter(part => part.startsWith('-----BEGIN'))
    for (const certificate of certificates) new X509Certificate(certificate)
    if (certificates.length > 0) return ca
  } catch {
    // Told below, in the words of the file and not of OpenSSL.
  }
  reading.findings.error(path, 'this is not a PEM file of certificates', 'name the PEM file of the CA')
  return undefined
}
