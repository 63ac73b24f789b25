import type { Findings } from '../findings.js'
import type { LintedApp } from './placed-apps.js'

/**
 * Warns of apps that no case asks about, once there are cases for others: a policy without any has simply not begun.
 * @param hosts the canonical hosts that the cases ask
 */
export function warnOfAppsWithoutCases(
  findings: Findings,
  apps: readonly LintedApp[],
  hosts: ReadonlySet<string>,
): void {
  if (hosts.size === 0) return
  const exact = new Set(apps.map(app => app.host))
  // A wildcard is for one label more, and only for hosts that no other app has by name.
  const asked = new Set(
    [...hosts].flatMap(host => [host, ...(exact.has(host) ? [] : [`*${host.slice(host.indexOf('.'))}`])]),
  )
  for (const { path, name, host } of apps) {
    if (asked.has(host)) continue
    findings.warning(
      [...path, 'name'],
      `no case of "tests" asks the app ${name}: nobody would see if a change opened it`,
      `add a case, such as { get: "https://${host.replace('*', 'any')}/", as: anonymous, expect: login }`,
    )
  }
}
