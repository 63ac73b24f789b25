import type { Path } from '../read-yaml.js'
import { readNamedFile, type Reading } from '../reading.js'
import { assertKeyPair } from './key-pair.js'

/** The certificate by which the gateway shows a server who it is, as PEM texts. */
export interface ClientIdentity {
  readonly cert: string
  readonly key: string
}

/**
 * Reads the files that `cert` and `key` of a block name; undefined when there is none or something is wrong, which is
 * then reported.
 * @param path that of the block
 */
export function readClientIdentity(
  reading: Reading,
  path: Path,
  written: { readonly cert?: string; readonly key?: string },
): ClientIdentity | undefined {
  const [present, missing] = written.cert === undefined ? ['key', 'cert'] : ['cert', 'key']
  if (written.cert === undefined || written.key === undefined) {
    if (written.cert !== written.key) {
      const message = `"${present}" is of no use without "${missing}"`
      reading.findings.error(
        [...path, present],
        message,
        `add "${missing}", or leave "${present}" out`,
        'key',
      )
    }
    return undefined
  }
  const cert = readNamedFile(reading, [...path, 'cert'], written.cert)
  const key = readNamedFile(reading, [...path, 'key'], written.key)
  if (cert === undefined || key === undefined) return undefined
  try {
    assertKeyPair({ cert, key })
    return { cert, key }
  } catch {
    reading.findings.error(
      [...path, 'key'],
      'the certificate and the key are not a pair of PEM files',
      'name the PEM file of the certificate in "cert", and that of its private key, without a passphrase, in "key"',
    )
    return undefined
  }
}
