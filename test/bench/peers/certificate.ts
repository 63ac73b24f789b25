import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { isInstalled } from './installed.js'

/** The files of a certificate and its private key. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** Whether certificates can be made on this machine. */
export function opensslIsHere(): boolean {
  return isInstalled('openssl', 'version')
}

/**
 * Makes a certificate for this machine, signed by itself, with a key on P-256 as most sites have.
 * @param name what its files are called
 */
export function makeCertificate(folder: string, name: string): KeyPair {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
  const words = 'req -x509 -nodes -days 30 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=localhost'
  const made = spawnSync('openssl', [
    ...words.split(' '),
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-out', cert, '-keyout', key],
  ])
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr.toString()}`)
  return { cert, key }
}
