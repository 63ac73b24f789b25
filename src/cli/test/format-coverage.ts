import type { Condition, Coverage, RouteCoverage } from '../../policy/cases/coverage.js'

/** How much was tried, in whole percent; 100 only when all was. */
export function percentOf({ points, tried }: Coverage): number {
  return points === 0 ? 100 : Math.floor((100 * tried) / points)
}

/** Writes what no case has tried, with the case that would. */
export function formatCoverage(coverage: Coverage): string {
  const missing = coverage.routes.flatMap(route => {
    const what = missingOf(route)
    return what.length === 0 ? [] : [{ route, what }]
  })
  const { points, tried } = coverage
  const total = `Coverage: ${percentOf(coverage)} % (${tried} of ${points}: each route, and both sides of each condition).`
  const lines = missing.flatMap(({ route: { app, pattern, place }, what }) => [
    `  ${app} ${pattern}${place === undefined ? '' : `  ${place.file}:${place.line}`}`,
    ...what.map(one => `      ${one}`),
  ])
  return [total, ...(lines.length === 0 ? [] : ['Not tried yet:', ...lines]), ''].join('\n')
}

function missingOf({ cases, conditions }: RouteCoverage): readonly string[] {
  if (cases === 0 && conditions.length === 0) return ['no case touches it']
  const sides = conditions.flatMap(({ condition, passed, failed }) => [
    ...(passed ? [] : [`${condition}: ${SIDES[condition].passed}`]),
    ...(failed ? [] : [`${condition}: ${SIDES[condition].failed}`]),
  ])
  return cases === 0 ? ['no case touches it', ...sides] : sides
}

/** The case that is missing. */
const SIDES: Readonly<Record<Condition, Readonly<Record<'passed' | 'failed', string>>>> = {
  methods: { passed: 'one of them', failed: 'another method on this path' },
  networks: { passed: 'a request from there', failed: 'one from elsewhere' },
  users: { passed: 'one of them is let in', failed: 'somebody else is denied' },
  groups: { passed: 'a member is let in', failed: 'somebody in none of them is denied' },
  step_up: { passed: 'a proof that suffices', failed: 'one that is too old, or of another kind' },
  tokens: { passed: 'an API token with the scope', failed: 'an API token without it' },
  until: { passed: 'the password alone before that time', failed: 'the password alone after it' },
}
