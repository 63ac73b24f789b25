import { X509Certificate } from 'node:crypto'
import type { Path } from '../read-yaml.js'
import { readNamedFile, type Reading } from '../reading.js'

/** Reads a PEM file of certificates; undefined when it is none, which is then reported. */
export function readCaFile(reading: Reading, path: Path, name: string): string | undefined {
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
