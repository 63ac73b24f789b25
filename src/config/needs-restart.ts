import { BlockList } from 'node:net'
import type { GatewayConfig } from './gateway-config.js'

/** What a running gateway takes from the file again, or what is no setting at all. */
const READ_AGAIN: ReadonlySet<string> = new Set<keyof GatewayConfig>([
  'file',
  'hash',
  'apps',
  'shadow',
  'tests',
])

/** The settings whose key in the file is not their name with underscores. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ['secrets', 'secret'],
  ['identityHeaders', 'headers'],
  ['shutdown', 'shutdown_timeout'],
])

/** The keys of the file that differ between two configurations and that cannot change while the gateway runs. */
export function needsRestart(running: GatewayConfig, written: GatewayConfig): readonly string[] {
  const names = Object.keys(running) as (keyof GatewayConfig)[]
  return names
    .filter(name => !READ_AGAIN.has(name) && textOf(running, name) !== textOf(written, name))
    .map(name => KEYS.get(name) ?? name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`))
}

/** Undefined for what is not set. */
function textOf(config: GatewayConfig, name: keyof GatewayConfig): string | undefined {
  // Certificates are read again; whether https is spoken at all, and by which protocols, is settled at the start.
  const value = name === 'tls' ? config.tls && { http2: config.tls.http2 === true } : config[name]
  return JSON.stringify(value, (_, part: unknown) => (part instanceof BlockList ? part.rules : part))
}
