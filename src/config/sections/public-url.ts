import { BlockList, isIPv4 } from 'node:net'
import { canonicalHost } from '../../access/host.js'
import type { PublicUrl } from '../gateway-config.js'
import { quote } from '../../documents/problem.js'
import type { Reading } from '../reading.js'
import { text } from '../settings.js'
import { readOrigin } from './origin.js'

export const publicUrlSchema = text({
  description:
    'Where people reach the gateway to log in, as they see it in the browser: scheme, host and, where it is not ' +
    'the usual one, the port. The reach of the session cookie follows from it. Must be https, except on loopback.',
  examples: ['https://auth.example.com'],
})

/** Reads `public_url`: an origin, https except on loopback. */
export function readPublicUrl(reading: Reading, written: string | undefined): PublicUrl | undefined {
  if (written === undefined) return undefined
  const path = ['public_url']
  const cure = 'write scheme and host only, such as https://auth.example.com'
  const read = readOrigin(written)
  const host = read.ok ? canonicalHost(read.url.host) : undefined
  if (!read.ok || host === undefined) {
    reading.findings.error(path, `${quote(written)} ${read.ok ? 'has no valid host name' : read.fault}`, cure)
    return undefined
  }
  const secure = read.url.protocol === 'https:'
  if (!secure && !isLoopback(host)) {
    reading.findings.error(
      path,
      'over plain http everybody on the way can take the session cookie',
      `write https://${read.url.host}; the gateway may still stand behind a proxy that ends TLS`,
    )
    return undefined
  }
  const port = read.url.port === '' ? '' : `:${read.url.port}`
  return { origin: `${read.url.protocol}//${host}${port}`, host, secure }
}

/** Whether a canonical host can only be this machine. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === '[::1]') return true
  return isIPv4(host) && LOOPBACK.check(host)
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
