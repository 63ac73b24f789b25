import Type from 'typebox'
import type { UpstreamOptions } from '../../gate/upstream.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { block, choice, fileName, isBlock, list, soundSettings, text } from '../settings.js'
import { readCaFile } from './ca-file.js'
import { readClientIdentity } from './client-identity.js'
import { duration, milliseconds } from './duration.js'
import { readAddresses, type OwnAddresses } from './upstream-addresses.js'
import { healthSchema, readHealth } from './upstream-health.js'

const urlSchema = text({
  description: 'Address of the app: scheme, host and port.',
  examples: ['http://127.0.0.1:3000'],
})

const timeoutsSchema = block('How long the gateway waits for the app.', {
  connect: Type.Optional(duration('Until the connection stands.', '5s')),
  headers: Type.Optional(duration("Until the answer's headers are there.", '60s')),
  body: Type.Optional(duration('Between two pieces of a body.', '5m')),
})

const urlsSchema = list(
  {
    description: 'Several addresses of the same app. Each request goes to the one with the fewest under way.',
    examples: [['http://10.0.0.1:3000', 'http://10.0.0.2:3000']],
  },
  urlSchema,
)

const detailsSchema = block('The address of the app, and how to speak to it. Either "url" or "urls".', {
  url: Type.Optional(urlSchema),
  urls: Type.Optional(urlsSchema),
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
  cert: Type.Optional(
    fileName(
      'PEM file with the certificate by which the gateway shows the app who it is, and its chain. With "key".',
      'client.pem',
    ),
  ),
  key: Type.Optional(fileName('PEM file with the private key of "cert".', 'client.key')),
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
  http2: Type.Optional(
    Type.Boolean({
      description:
        'true: the gateway speaks HTTP/2 to the app, over plain http without asking before (h2c). WebSockets go over HTTP/1.1.',
      default: false,
    }),
  ),
  timeouts: Type.Optional(timeoutsSchema),
  health: Type.Optional(healthSchema),
})

export const upstreamSchema = Type.Union([urlSchema, urlsSchema, detailsSchema], {
  description:
    'Where the app listens, as the gateway reaches it; several addresses as a list. Without a path.',
  examples: [
    'http://127.0.0.1:3000',
    ['http://10.0.0.1:3000', 'http://10.0.0.2:3000'],
    { url: 'https://wiki.internal:8443', ca: 'ca.pem' },
  ],
})

const LONGEST_WAIT = 86_400_000

/** Reads `upstream`, as text or with details; undefined when there is none or it is wrong. */
export function readUpstream(
  reading: Reading,
  path: Path,
  written: unknown,
  own: OwnAddresses,
): UpstreamOptions | undefined {
  const details = soundSettings(detailsSchema, written)
  const origins = readAddresses(reading, path, written, own)
  const ca = details.ca === undefined ? undefined : readCaFile(reading, [...path, 'ca'], details.ca)
  const identity = readClientIdentity(reading, path, details)
  const verify = details.tls_verify !== 'insecure-skip-verify'
  if (!verify) {
    reading.findings.warning(
      [...path, 'tls_verify'],
      'the certificate of this upstream is not verified: anybody between gateway and app can read and change everything',
      'give the CA with "ca: FILE" and leave tls_verify out',
    )
  }
  if (origins?.[0]?.startsWith('http:') === true) {
    for (const key of ['tls_verify', 'ca', 'cert', 'key', 'server_name'] as const) {
      if (details[key] === undefined) continue
      const message = `"${key}" is about TLS, and this upstream is reached over plain http`
      reading.findings.error([...path, key], message, 'write https://, or leave the key out', 'key')
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
  const health = readHealth(reading, [...path, 'health'], isBlock(written) ? written.health : undefined)
  if (origins === undefined) return undefined
  return {
    origins,
    tls: { verify, ca, identity, serverName: details.server_name },
    passHost: details.pass_host ?? true,
    http2: details.http2 ?? false,
    timeouts,
    health,
  }
}
