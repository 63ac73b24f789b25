import { judge, type Verdict } from '../../access/judge.js'
import type { AppPolicy, Route } from '../../access/route.js'
import { compilePolicy } from '../../config/compile-policy.js'
import type { GatewayConfig } from '../../config/gateway-config.js'
import { describeUpstream } from '../../gate/upstream.js'
import { identityOf } from '../described-caller.js'
import type { CallerFamily } from './caller-space.js'
import { compareCell, demandKey, type CellComparison } from './compare-cell.js'
import { describeCallers } from './describe-callers.js'
import { createDifferenceGroups } from './difference-groups.js'
import { tellingHosts } from './hosts.js'
import type { Side } from './path-cells.js'
import type { PolicyDiff, UpstreamChange, Witness } from './policy-diff.js'
import { appOf, divideRequests, type ComparedPolicies, type RequestCell } from './request-cells.js'

/** What a comparison reads of a configuration. */
export type ComparedConfig = Pick<GatewayConfig, 'apps' | 'publicUrl' | 'authPath' | 'hash'> & {
  readonly mfa: Pick<GatewayConfig['mfa'], 'rememberDevice'>
}

/**
 * Computes which requests two policies decide otherwise, from the policies themselves, for everybody and for all
 * times from now on. Each difference has a witness that `judge()` has confirmed. Throws when one is not confirmed,
 * which would be a mistake of this comparison.
 * @param now milliseconds since the epoch
 * @param mostWork how much is walked through for one host before it is given up with a doubt
 */
export function diffPolicies(
  before: ComparedConfig,
  after: ComparedConfig,
  now: number,
  mostWork?: number,
): PolicyDiff {
  const policies = { before: compilePolicy(before), after: compilePolicy(after) }
  const authPaths = [...new Set([before.authPath, after.authPath])]
  const compared: ComparedPolicies = { policies, authPaths, now, mostWork }
  const remembers = [before, after].some(({ mfa }) => mfa.rememberDevice !== undefined)
  const origins = { before: originsOf(before), after: originsOf(after) }
  const groups = createDifferenceGroups(witnessOf)
  const upstreams = new Map<string, UpstreamChange>()
  const comparisons = new Map<string, CellComparison>()
  const doubts = new Set<string>()
  const routeNumbers = new Map<Route, number>()
  const usual = policies.before.secure || policies.after.secure
  const ownDiffers =
    before.authPath !== after.authPath ||
    before.publicUrl.host !== after.publicUrl.host ||
    policies.before.secure !== policies.after.secure

  const hosts = tellingHosts([...before.apps, ...after.apps], [before.publicUrl.host, after.publicUrl.host])
  for (const host of hosts) compareHost(host, usual)
  // Over plain http nobody's login counts where people reach the gateway by https.
  if (policies.before.secure !== policies.after.secure) for (const host of hosts) compareHost(host, false)
  const names = { before: namesOf(before), after: namesOf(after) }
  return {
    differences: groups.differences(),
    upstreams: [...upstreams.values()],
    addedApps: names.after.filter(name => !names.before.includes(name)),
    removedApps: names.before.filter(name => !names.after.includes(name)),
    doubts: [...doubts],
  }

  function compareHost(host: string, secure: boolean): void {
    const apps = { before: appOf(policies.before, host), after: appOf(policies.after, host) }
    const isSame = !ownDiffers && textOf('before', apps.before, host) === textOf('after', apps.after, host)
    if (isSame && upstreamOf('before', apps.before) === upstreamOf('after', apps.after)) return
    const { cells, inexact, isCutShort } = divideRequests(compared, host, secure)
    for (const cell of cells) compare(cell, secure !== usual)
    if (isSame) return
    for (const { route } of inexact) {
      const where = route.place === undefined ? '' : ` (line ${route.place.line})`
      doubts.add(
        `path_regex ${route.pattern}${where} is only approximated: paths that it tells apart may be missing.`,
      )
    }
    if (isCutShort)
      doubts.add(`The patterns of ${host} make too many kinds of paths: some were not compared.`)
  }

  function compare(cell: RequestCell, plainHttp: boolean): void {
    const keys = [demandKey(cell.verdicts.before, now), demandKey(cell.verdicts.after, now)]
    const upstream = upstreamChangeOf(cell)
    if (keys[0] === keys[1] && !plainHttp && upstream === undefined) return
    const names = [appNameOf(cell.verdicts.before), appNameOf(cell.verdicts.after)]
    const alike = JSON.stringify([...keys, ...names, cell.asked.secure])
    let comparison = comparisons.get(alike)
    if (comparison === undefined) {
      comparison = compareCell({ policies, asked: cell.asked, verdicts: cell.verdicts, now, remembers })
      comparisons.set(alike, comparison)
    }
    if (upstream !== undefined && comparison.bothAllow !== undefined) {
      const { family, choice } = comparison.bothAllow
      upstreams.set(upstream.app, { ...upstream, witness: witnessOf(cell, { family }, choice) })
    }
    if (comparison.changes.length === 0) return
    const pair = `${numberOf(cell.verdicts.before)} ${numberOf(cell.verdicts.after)}`
    const isSpecial = plainHttp || cell.leniency !== undefined
    const group = isSpecial
      ? `${alike} ${cell.leniency ?? ''} ${cell.asked.asksPreflight}`
      : `${pair} ${cell.asked.asksPreflight}`
    groups.add(group, pair, cell, comparison, plainHttp)
  }

  /** The change of upstream that a request could show, unless one has been found. */
  function upstreamChangeOf({ verdicts, asked }: RequestCell): Omit<UpstreamChange, 'witness'> | undefined {
    const [from, to] = [originOf('before', verdicts.before), originOf('after', verdicts.after)]
    if (from === undefined || to === undefined || from === to || asked.asksPreflight) return undefined
    const names = [...new Set([appNameOf(verdicts.before), appNameOf(verdicts.after)])]
    const app = names.join(' → ')
    return upstreams.has(app) ? undefined : { app, from, to }
  }

  function originOf(side: Side, verdict: Verdict): string | undefined {
    const match = verdict.outcome === 'refused' || verdict.outcome === 'own' ? undefined : verdict.match
    return upstreamOf(side, match?.app)
  }

  function upstreamOf(side: Side, app: AppPolicy | undefined): string | undefined {
    return app === undefined ? undefined : origins[side].get(app)
  }

  function numberOf(verdict: Verdict): string {
    if (verdict.outcome === 'refused' || verdict.outcome === 'own') return verdict.outcome
    if (verdict.match === undefined) return 'none'
    const { route } = verdict.match
    const number = routeNumbers.get(route) ?? routeNumbers.size
    routeNumbers.set(route, number)
    return String(number)
  }

  /** All that decides about requests to a host, as a text. */
  function textOf(side: Side, app: AppPolicy | undefined, host: string): string {
    const routes = app?.routes.map(({ pathRegex, networks, place: _, ...rest }) => [
      rest,
      pathRegex?.pattern(),
      networks?.rules,
    ])
    return JSON.stringify([
      app?.name,
      app?.hasUpstream,
      app?.preflight,
      routes,
      policies[side].leniencies(host),
    ])
  }

  function witnessOf(
    { asked }: RequestCell,
    { family }: { readonly family: CallerFamily },
    choice: readonly number[],
  ): Witness {
    const { caller: described, at } = family.pick(choice)
    const caller = described === undefined ? undefined : identityOf(described, at)
    const [as = ''] = family.of === 'nobody' ? ['nobody'] : describeCallers(family, [choice])
    const [from, to] = [judge(policies.before, asked, caller, at), judge(policies.after, asked, caller, at)]
    return { asked, caller, as: as.replace(/^anybody/, 'somebody'), at, from: from.outcome, to: to.outcome }
  }
}

function namesOf({ apps }: ComparedConfig): readonly string[] {
  return apps.map(({ policy }) => policy.name)
}

function originsOf({ apps }: ComparedConfig): ReadonlyMap<AppPolicy, string | undefined> {
  return new Map(apps.map(({ policy, upstream }) => [policy, upstream && describeUpstream(upstream)]))
}

function appNameOf(verdict: Verdict): string {
  return verdict.outcome === 'refused' || verdict.outcome === 'own' ? '' : (verdict.match?.app.name ?? '')
}
