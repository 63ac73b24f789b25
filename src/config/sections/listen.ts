import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { GatewayConfig } from '../gateway-config.js'
import { quote } from '../../documents/problem.js'
import { readNamedFile, type Reading } from '../reading.js'
import { block, fileName, text } from '../settings.js'
import type { Static } from 'typebox'

const CURE = 'write an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or "[::]:8080"'

export const listenSchema = text(
  {
    description:
      'Address and port that the gateway listens on. 0.0.0.0 and [::] mean every interface. Put IPv6 in quotes.',
    default: '127.0.0.1:8080',
    examples: ['0.0.0.0:8080'],
  },
  '^.+:[0-9]{1,5}$',
  CURE,
)

export const tlsSchema = block('Serve https itself. Leave it out behind a proxy that ends TLS.', {
  cert: fileName('PEM file with the certificate and its chain.', '/etc/gatehouse/tls.crt'),
  key: fileName('PEM file with the private key.', '/etc/gatehouse/tls.key'),
})

/** Reads `listen`; IPv6 loses its brackets. Port 0 means any free port. */
export function readListen(
  reading: Reading,
  written = '127.0.0.1:8080',
): GatewayConfig['listen'] | undefined {
  const at = written.lastIndexOf(':')
  const host = written.slice(0, at).replace(/^\[(.*:.*)\]$/, '$1')
  const port = Number(written.slice(at + 1))
  const isBare = host.includes(':') && !written.startsWith('[')
  if (port > 65_535 || isBare || (isIP(host) === 0 && host !== 'localhost')) {
    reading.findings.error(['listen'], `${quote(written)} is not an address and a port`, CURE)
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
    createSecureContext({ cert, key })
  } catch {
    reading.findings.error(
      ['tls'],
      'the certificate and the key are not a pair of PEM files',
      'name the PEM file of the certificate in "cert", and that of its private key, without a passphrase, in "key"',
    )
    return undefined
  }
  return { cert, key }
}
