import fc from 'fast-check'
import { compilePolicy } from '../../../src/config/compile-policy.js'
import { loadConfig } from '../../../src/config/load-config.js'
import { formatProblem } from '../../../src/documents/problem.js'
import { type CarriedOver, carryOver, looseJudge } from '../../../src/policy/import/carry-over.js'
import { compare, type Comparison } from '../../../src/policy/import/compare.js'
import type { Imported, ImportOptions, ImportResult } from '../../../src/policy/import/imported.js'
import type { Trial } from '../../../src/policy/import/trials.js'

const NOW = Date.UTC(2027, 0, 15)

/** Nothing said on the command line. */
export const PLAIN: ImportOptions = { publicUrl: undefined, upstreams: new Map(), loose: false }

/** What was read, or a failed test. */
export function soundly(result: ImportResult): Imported {
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.imported
}

/** What was carried over. Throws when the gateway would not take the file, or would be more open. */
export function carried(imported: Imported, loose = false): CarriedOver {
  const result = carryOver(imported, 'source', { loose, now: NOW })
  if (result.problems.length > 0)
    throw new Error(`${result.problems.map(formatProblem).join('\n')}\n${result.gateway}`)
  return result
}

/** The routes of the file that was written, each in one line, without comments. */
export function routesIn(text: string): readonly string[] {
  const lines = text
    .slice(text.indexOf('apps:'))
    .split('\n')
    .filter(line => !/^\s*#|^apps:|^\s*$/.test(line))
  const routes: string[] = []
  for (const line of lines) {
    if (line.startsWith('        ') && routes.length > 0) routes.push(`${routes.pop() ?? ''} ${line.trim()}`)
    else if (line.startsWith('      - ')) routes.push(line.slice(8))
    else routes.push(line.trim())
  }
  return routes.filter(route => route.startsWith('path'))
}

/** Trials that the written policy and the rules of the source decide otherwise. */
export function disagreements(
  imported: Imported,
  trials: readonly Trial[],
  loose: boolean,
): {
  readonly result: CarriedOver
  readonly opened: readonly Comparison[]
  readonly stricter: readonly Comparison[]
} {
  const result = carried(imported, loose)
  const loaded = loadConfig('gateway.yaml', { readFile: () => result.gateway, env: {}, now: NOW })
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  const policy = compilePolicy(loaded.config)
  const judge = loose ? looseJudge(imported.decide) : imported.decide
  // HEAD is decided as GET, and shows nothing that GET does not show.
  const compared = trials.map(trial => {
    const asked = compare(policy, judge, trial, NOW)
    if (trial.request.method !== 'HEAD' || asked.relation === 'equal') return asked
    return compare(policy, judge, { ...trial, request: { ...trial.request, method: 'GET' } }, NOW)
  })
  return {
    result,
    opened: compared.filter(({ relation }) => relation === 'opened'),
    stricter: compared.filter(
      ({ relation, here }) => relation === 'stricter' && here !== 'refused' && here !== 'own',
    ),
  }
}

/** Requests by everybody whom sample rules can tell apart. */
export function trialsFor(hosts: readonly string[]): fc.Arbitrary<Trial> {
  const segment = fc.constantFrom('a', 'ab', 'b', 'api', 'admin', 'x.css', 'v1')
  const path = fc
    .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean())
    .map(([segments, slash]) => `/${segments.join('/')}${slash && segments.length > 0 ? '/' : ''}`)
  return fc.record({
    request: fc.record({
      method: fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE'),
      host: fc.constantFrom(...hosts),
      path,
      query: fc.constantFrom('', '', '?', '?q=1', '?/a/b', '?x=/api'),
      address: fc.constantFrom('192.0.2.1', '10.0.0.1', '10.1.0.1', '198.51.100.7', '2001:db8::1'),
    }),
    caller: fc.oneof(
      fc.constant({ user: undefined, groups: [], factors: 1 as const }),
      fc.record({
        user: fc.constantFrom('ann', 'bob', 'eve'),
        groups: fc.subarray(['ops', 'dev', 'staff']),
        factors: fc.constantFrom(1 as const, 2 as const),
      }),
    ),
  })
}

/** Regexes as people write them, and some that nobody should. */
export const regexes: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('^', '^', '^', ''),
      fc.constantFrom(
        '/',
        '/a',
        '/a/',
        '/api',
        '/api/',
        '/(a|b)',
        '/(a|b)/',
        '/[ab]',
        '/.',
        '/v[0-9]',
        '/a/?',
        '/ab?',
        '.*',
        '/.*/b',
        '\\.css',
        '/a.',
        '/\\w+',
        '/(?:a/)?b',
        '/[^/]+',
      ),
      fc.constantFrom(
        '',
        '',
        '/',
        '/b',
        '/.*',
        '.*',
        '.+',
        '/.+',
        '([/?].*)?',
        '(/.*)?',
        '/?',
        '(\\?.*)?',
        '\\?q',
        '/[^/]*',
        '?',
      ),
      fc.constantFrom('', '$', '$'),
    )
    .map(parts => parts.join(''))
    .filter(text => !/[?*]\?$|[?*]\$?\?$|\?\?/.test(text)),
  fc.constantFrom(
    '^/$',
    '^/a$|^/b/',
    '(?i)^/A/',
    '^/a\\b',
    '/admin',
    '^/api([/?].*)?$',
    '',
    '^',
    '.*',
    '^.*$',
    '^/a|b',
    '^/(api|admin)/.*$',
  ),
)
