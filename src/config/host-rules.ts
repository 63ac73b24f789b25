import { isIP } from 'node:net'
import { isLoopback } from './sections/public-url.js'
import type { Findings } from './findings.js'
import type { PublicUrl } from './gateway-config.js'
import type { ReadApp } from './sections/app.js'

/** Finds apps that share a name or a host. */
export function reportSharedNames(findings: Findings, apps: readonly ReadApp[]): void {
  const taken = new Map<string, ReadApp>()
  const claim = (key: 'name' | 'host', value: string, app: ReadApp, what: string): void => {
    const other = taken.get(`${key} ${value.toLowerCase()}`)
    taken.set(`${key} ${value.toLowerCase()}`, other ?? app)
    if (other === undefined) return
    const line = findings.place([...other.path, key]).line
    findings.error(
      [...app.path, key],
      `the ${key} "${value}" is already that of the app on line ${line}`,
      what,
      'value',
      [{ path: [...other.path, key], says: `the app that had the ${key} first` }],
    )
  }
  for (const app of apps) {
    claim('name', app.name, app, 'give each app a name of its own')
    if (app.host !== undefined)
      claim('host', app.host, app, 'give each app a host of its own, or make one app of them')
  }
}

/** Finds apps that another proxy is to ask about where no proxy is believed. */
export function reportUnheardProxies(
  findings: Findings,
  somebodyIsTrusted: boolean,
  apps: readonly ReadApp[],
): void {
  const app = somebodyIsTrusted ? undefined : apps.find(({ config }) => config.policy.forwardAuth === true)
  if (app === undefined) return
  findings.error(
    [...app.path, 'forward_auth'],
    'another proxy is to ask about this app, and none is believed: trusted_proxies is missing',
    'write trusted_proxies with the address from which it asks, such as 10.0.0.5/32',
  )
}

/** Finds apps whose host the session cookie does not get to: their users could never log in. */
export function reportCookieReach(
  findings: Findings,
  publicUrl: PublicUrl,
  domain: string | undefined,
  apps: readonly ReadApp[],
): void {
  if (domain !== undefined && !isWithin(domain, publicUrl.host)) {
    findings.error(
      ['session', 'domain'],
      `the host of public_url, ${publicUrl.host}, is not within ${domain}: browsers would refuse the cookie`,
      'write a parent domain of public_url and of every app, or leave it out',
    )
    return
  }
  for (const app of apps) {
    if (app.host === undefined || app.host === publicUrl.host) continue
    if (domain !== undefined && isWithin(domain, app.host)) continue
    const common = commonDomain(publicUrl.host, app.host)
    const why = domain === undefined ? 'without session.domain it stays there' : `session.domain is ${domain}`
    findings.error(
      [...app.path, 'host'],
      `the session cookie of ${publicUrl.host} does not get to ${app.host}: ${why}`,
      common === undefined
        ? 'put the app and public_url below one domain: no cookie is for two'
        : `write session: { domain: ${common} }`,
    )
  }
}

function isWithin(domain: string, host: string): boolean {
  const name = host.replace(/^\*\./, '')
  return name === domain || name.endsWith(`.${domain}`)
}

/** The longest domain that holds both hosts, if a cookie can have it. */
function commonDomain(a: string, b: string): string | undefined {
  if (isIP(a) !== 0 || isIP(b) !== 0 || a.startsWith('[') || b.startsWith('[')) return undefined
  const labels = b.replace(/^\*\./, '').split('.')
  for (let from = 0; from < labels.length; from++) {
    const domain = labels.slice(from).join('.')
    if (isWithin(domain, a)) return domain.includes('.') || isLoopback(domain) ? domain : undefined
  }
  return undefined
}
