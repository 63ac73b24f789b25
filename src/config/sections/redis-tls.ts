import { createSecureContext } from 'node:tls'
import Type from 'typebox'
import type { RedisTls } from '../../store/redis-target.js'
import { readNamedFile, type Reading } from '../reading.js'
import type { Path } from '../read-yaml.js'
import { block, fileName, isBlock, soundSettings, text } from '../settings.js'
import { readCaFile } from './ca-file.js'

/** The settings of TLS to Redis. */
export const redisTlsSchema = block(
  'TLS to Redis, where it needs more than rediss://. Certificates are always verified.',
  {
    ca: Type.Optional(
      fileName('PEM file of the authority of Redis; default: those of the system.', 'redis-ca.pem'),
    ),
    cert: Type.Optional(
      fileName('PEM file with the gateway\'s certificate for Redis; with "key".', 'client.crt'),
    ),
    key: Type.Optional(fileName('PEM file with its private key.', 'client.key')),
    server_name: Type.Optional(
      text({
        description: 'The name in the certificate of Redis, where it is not the host.',
        examples: ['redis.internal'],
      }),
    ),
  },
)

/**
 * Reads how the connection to Redis is protected; undefined: it is not.
 * @param secure whether the address begins with rediss://; undefined where there is no address
 */
export function readRedisTls(
  reading: Reading,
  path: Path,
  written: unknown,
  secure: boolean | undefined,
): RedisTls | undefined {
  if (secure === false && written !== undefined)
    reading.findings.error(
      path,
      '"tls" is about TLS, and the address begins with redis://',
      'write rediss://',
      'key',
    )
  if (secure !== true && written === undefined) return undefined
  const parts = isBlock(written) ? soundSettings(redisTlsSchema, written) : {}
  const ca = parts.ca === undefined ? undefined : readCaFile(reading, [...path, 'ca'], parts.ca)
  return { ca, identity: readIdentity(reading, path, parts), serverName: parts.server_name }
}

function readIdentity(
  reading: Reading,
  path: Path,
  written: { readonly cert?: string; readonly key?: string },
): RedisTls['identity'] {
  if (written.cert === undefined && written.key === undefined) return undefined
  if (written.cert === undefined || written.key === undefined) {
    reading.findings.error(path, '"cert" and "key" belong together', 'write both, or none')
    return undefined
  }
  const cert = readNamedFile(reading, [...path, 'cert'], written.cert)
  const key = readNamedFile(reading, [...path, 'key'], written.key)
  if (cert === undefined || key === undefined) return undefined
  try {
    createSecureContext({ cert, key })
    return { cert, key }
  } catch {
    const cure = 'name the PEM files of the certificate and of its private key, without a passphrase'
    reading.findings.error(path, 'the certificate and the key are not a pair of PEM files', cure)
    return undefined
  }
}
