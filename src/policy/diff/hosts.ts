import type { AppConfig } from '../../config/gateway-config.js'

/**
 * One host for every pair of apps that some host has: each that a file names, one below each wildcard, and one that
 * no app has.
 * @param publicHosts the hosts of the gateway's own pages
 */
export function tellingHosts(apps: readonly AppConfig[], publicHosts: readonly string[]): readonly string[] {
  const named = apps.map(({ policy }) => policy.host)
  const exact = new Set([...publicHosts, ...named.filter(host => !host.startsWith('*.'))])
  const wildcards = new Set(named.filter(host => host.startsWith('*.')).map(host => host.slice(1)))
  const fresh = [...wildcards].map(domain =>
    unlike(
      label => `${label}${domain}`,
      host => exact.has(host),
    ),
  )
  const isOfAnApp = (host: string): boolean => exact.has(host) || wildcards.has(host.slice(host.indexOf('.')))
  return [...exact, ...fresh, unlike(label => `${label}.elsewhere.invalid`, isOfAnApp)]
}

function unlike(hostOf: (label: string) => string, isTaken: (host: string) => boolean): string {
  let host = hostOf('any')
  for (let number = 1; isTaken(host); number++) host = hostOf(`any${number}`)
  return host
}
