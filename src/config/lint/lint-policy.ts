import type { UserRecord } from '../../users/users-file.js'
import { compilePolicy } from '../compile-policy.js'
import type { Findings } from '../findings.js'
import type { GatewayConfig } from '../gateway-config.js'
import { warnOfAppsWithoutCases } from './apps-without-cases.js'
import { warnOfBypassEnds } from './bypass-ends.js'
import { placedApps } from './placed-apps.js'
import { warnOfPublicWrites } from './public-writes.js'
import { warnOfUnknownPeople } from './unknown-people.js'
import { warnOfWeakenings } from './weakenings.js'

/**
 * Warns of what a sound policy probably does not mean to say. Only for a file without errors: what a broken route would
 * take from the others is not known.
 * @param raw the file's value
 * @param now milliseconds since the epoch: decides which `until` has passed or is near
 */
export function lintPolicy(findings: Findings, config: GatewayConfig, raw: unknown, now: number): void {
  const policy = compilePolicy(config)
  for (const app of placedApps(config, raw)) {
    warnOfWeakenings(findings, app, policy, now)
    warnOfPublicWrites(findings, app.routes, now)
    warnOfBypassEnds(findings, app.routes, now)
  }
}

/** What other files say that a policy is looked at beside. */
export interface FactsBeside {
  /** The users by subject; undefined: nothing is known of them. */
  readonly users: ReadonlyMap<string, UserRecord> | undefined
  /** The canonical hosts that cases ask, those of the configuration included. */
  readonly caseHosts: ReadonlySet<string>
}

/** Warns of what in a sound policy does not go with other files. */
export function lintBeside(
  findings: Findings,
  config: GatewayConfig,
  raw: unknown,
  { users, caseHosts }: FactsBeside,
): void {
  const apps = placedApps(config, raw)
  if (users !== undefined) warnOfUnknownPeople(findings, apps, users)
  warnOfAppsWithoutCases(findings, apps, caseHosts)
}
