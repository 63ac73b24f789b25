import { isIP } from 'node:net'
import type { GatewayConfig } from '../gateway-config.js'
import type { Path } from '../read-yaml.js'
import { quote } from '../../documents/problem.js'
import { beside, readNamedFile, type Reading } from '../reading.js'
import { block, fileName, text } from '../settings.js'
import { Type, type Static } from 'typebox'
import { assertKeyPair } from './key-pair.js'

/** What an address to listen on looks like. */
export const LISTEN_PATTERN = '^.+:[0-9]{1,5}$'
/** What to write instead of what is none. */
export const LISTEN_CURE =
  'write an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or "[::]:8080"'

export const listenSchema = text(
  {
    description:
      'Address and port that the gateway listens on. 0.0.0.0 and [::] mean every interface. Put IPv6 in quotes.',
    default: '127.0.0.1:8080',
    examples: ['0.0.0.0:8080'],
  },
  LISTEN_PATTERN,
  LISTEN_CURE,
)

export const tlsSchema = block('Serve https itself. Leave it out behind a proxy that ends TLS.', {
  cert: fileName(
    'PEM file with the certificate and its chain. Read again when it changes.',
    '/etc/gatehouse/tls.crt',
  ),
  key: fileName('PEM file with the private key.', '/etc/gatehouse/tls.key'),
  http2: Type.Optional(
    Type.Boolean({
      description:
        'Lets clients speak HTTP/2 over TLS. WebSockets and clients that do not ask for it go on with HTTP/1.1, at the same port.',
      default: false,
      examples: [true],
    }),
  ),
})

/** Reads `listen`; IPv6 loses its brackets. Port 0 means any free port. */
export function readListen(
  reading: Reading,
  path: Path,
  written: string,
): GatewayConfig['listen'] | undefined {
  const at = written.lastIndexOf(':')
  const host = written.slice(0, at).replace(/^\[(.*:.*)\]$/, '$1')
  const port = Number(written.slice(at + 1))
  const isBare = host.includes(':') && !written.startsWith('[')
  if (port > 65_535 || isBare || (isIP(host) === 0 && host !== 'localhost')) {
    reading.findings.error(path, `${quote(written)} is not an address and a port`, LISTEN_CURE)
    return undefined
  }
  return { host, port }
}

/** Reads the certificate and the key, and makes sure that they belong together. */
export function readTls(
  reading: Reading,
  written: Partial<Static<typeof tlsSchema>> | undefined,
): GatewayConfig['tls'] {
  if (written?.cert === undefined || written.key === undefined) return undefined
  const cert = readNamedFile(reading, ['tls', 'cert'], written.cert)
  const key = readNamedFile(reading, ['tls', 'key'], written.key)
  if (cert === undefined || key === undefined) return undefined
  try {
    assertKeyPair({ cert, key })
  } catch {
    reading.findings.error(
      ['tls'],
      'the certificate and the key are not a pair of PEM files',
      'name the PEM file of the certificate in "cert", and that of its private key, without a passphrase, in "key"',
    )
    return undefined
  }
  const files = { cert: beside(reading.file, written.cert), key: beside(reading.file, written.key) }
  return { cert, key, files, http2: written.http2 === true }
}
