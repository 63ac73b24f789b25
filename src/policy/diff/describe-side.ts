import { describeDuration } from '../../access/describe-duration.js'
import type { Verdict } from '../../access/judge.js'
import type { Route } from '../../access/route.js'
import type { DecidingRoute } from './policy-diff.js'

/** What decides, for people. */
export function describeSide(verdict: Verdict): DecidingRoute {
  const nowhere = { app: undefined, place: undefined }
  if (verdict.outcome === 'refused')
    return { ...nowhere, pattern: '(refused)', demands: 'refused as ambiguous' }
  if (verdict.outcome === 'own')
    return { ...nowhere, pattern: "(the gateway's own pages)", demands: "the gateway's own pages" }
  if (verdict.match === undefined) return { ...nowhere, pattern: '(no app)', demands: 'no app has this host' }
  const { app, route } = verdict.match
  const demands = app.hasUpstream ? demandsOf(route) : `${demandsOf(route)}, without an upstream`
  return { app: app.name, pattern: route.pattern, demands, place: route.place }
}

function demandsOf({ access, users, groups, stepUp, tokens, until }: Route): string {
  const parts: string[] = [access]
  if (users !== undefined) parts.push(`users ${users.join(', ')}`)
  if (groups !== undefined) parts.push(`groups ${groups.join(', ')}`)
  if (stepUp !== undefined) {
    const methods = stepUp.methods === undefined ? '' : ` by ${stepUp.methods.join(' or ')}`
    const age = stepUp.maxAge === undefined ? '' : ` within ${describeDuration(stepUp.maxAge)}`
    parts.push(`step_up${methods}${age}`)
  }
  if (tokens !== undefined) parts.push(`tokens ${tokens.join(', ')}`)
  if (access === 'bypassed' && until !== undefined) parts.push(`until ${new Date(until).toISOString()}`)
  return parts.join(', ')
}
