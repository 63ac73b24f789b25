import t from 'tap'
import type { Route } from '../../src/access/route.js'
import { diffPolicies, type ComparedConfig } from '../../src/policy/diff/diff-policies.js'
import type { PolicyDiff } from '../../src/policy/diff/policy-diff.js'
import { appWith, networkOf, NOW, regexRouteFor, routeFor } from '../access/sample-policy.js'
import { configOf } from './diff-universe.js'

const PUBLIC = { access: 'public' } as const
const DAY = 86_400_000

/** One line for each change: direction, methods, conditions, who, outcomes, and the path of the example. */
function told(before: ComparedConfig, after: ComparedConfig): string[] {
  return linesOf(diffPolicies(before, after, NOW))
}

function linesOf({ differences, doubts }: PolicyDiff): string[] {
  const lines = differences.flatMap(({ direction, methods, conditions, changes }) =>
    changes.map(({ who, from, to, witness }) =>
      [direction, methods, ...conditions, who.join('; '), `${from} → ${to}`, witness.asked.target].join(
        ' | ',
      ),
    ),
  )
  return [...lines, ...doubts]
}

function between(before: readonly Route[], after: readonly Route[]): string[] {
  return told(configOf(before), configOf(after))
}

t.test('the same policy, also in other words: no difference', t => {
  const routes = [routeFor('/a/**', PUBLIC), routeFor('/b', { groups: ['x', 'y'] })]
  t.same(between(routes, routes), [])
  t.same(between(routes, [routeFor('/b', { groups: ['y', 'x'] }), routeFor('/a/**', PUBLIC)]), [])
  t.same(between([routeFor('/a')], []), [], 'what no route names is required anyway')
  t.end()
})

t.test('a route before another that takes only a part of it', t => {
  const admin = routeFor('/admin/**', { access: 'denied' })
  t.same(between([admin], [routeFor('/admin/*/logo', PUBLIC), admin]), [
    'opened | any method | anybody | deny → allow | /admin/x/logo',
  ])
  t.same(between([routeFor('/admin/**', PUBLIC), admin], [admin, routeFor('/admin/**', PUBLIC)]), [
    'closed | any method | anybody | allow → deny | /admin',
  ])
  t.end()
})

t.test('methods are told, and those that no route names', t => {
  t.same(between([], [routeFor('/a', { ...PUBLIC, methods: ['GET'] })]).slice(0, 1), [
    'opened | GET, HEAD | anybody, without a login | login → allow | /a',
  ])
  const post = routeFor('/a', { methods: ['POST'], access: 'denied' })
  t.match(between([post], [post, routeFor('/a', PUBLIC)])[0], 'opened | any method but POST |')
  t.end()
})

t.test('what holds for some paths only is no exception for all', t => {
  const assets = routeFor('/assets/**', { ...PUBLIC, methods: ['GET'] })
  const help = routeFor('/*/help', PUBLIC)
  t.match(
    between([assets], [assets, help])[0],
    'opened | any method | ',
    'GET /x/help is open, not only POST',
  )
  const inside = routeFor('/assets/**', { ...PUBLIC, networks: networkOf('10.0.0.0', 8) })
  t.match(between([inside], [inside, help])[0], 'opened | any method | anybody, without a login')
  t.end()
})

t.test('addresses at the edge of a network', t => {
  const inside = (prefix: number): Route =>
    routeFor('/a', { ...PUBLIC, networks: networkOf('10.0.0.0', prefix) })
  const [line] = between([inside(9)], [inside(8)])
  t.equal(
    line,
    'opened | any method | from addresses such as 10.128.0.0 | anybody, without a login | login → allow | /a',
  )
  t.match(between([inside(32)], [inside(31)])[0], 'from addresses such as 10.0.0.1')
  t.end()
})

t.test('people are told apart: users, groups, what was shown and when, remembered browsers', t => {
  const of = (rest: Partial<Route>): readonly Route[] => [routeFor('/a', rest)]
  t.same(between(of({ groups: ['ops'] }), of({ groups: ['ops', 'dev'] })), [
    'opened | any method | anybody in group dev and not in group ops, with a second factor; anybody in group dev and not in group ops, with the password alone, whose second factor is not disabled, on a remembered browser | deny → allow | /a',
  ])
  t.match(between(of({}), of({ users: ['kiosk'] })).join(), 'anybody but kiosk')
  t.match(
    between(of({}), of({ stepUp: { maxAge: 300_000, methods: undefined } })).join(),
    'with a second factor, shown more than 5m ago',
  )
  t.match(
    between(
      of({ stepUp: { maxAge: undefined, methods: ['webauthn'] } }),
      of({ stepUp: { maxAge: undefined, methods: ['totp'] } }),
    ).join('\n'),
    /opened .*logged in, with totp .* step_up → allow.*\nclosed .*logged in, with webauthn .* allow → step_up/s,
  )
  t.match(
    between(of({}), of({ access: 'bypassed' })).join(),
    /with the password alone, .* \| mfa → allow.*with the password alone, whose second factor is disabled \| deny → allow/,
  )
  t.end()
})

t.test('API tokens: scopes, and apps that they are kept for', t => {
  t.match(between([routeFor('/a')], [routeFor('/a', { tokens: ['read'] })]), [
    'opened | any method | an API token, with the scope read | deny → allow | /a',
  ])
  const read = routeFor('/a', { tokens: ['read'] })
  const renamed = told(configOf([read]), configOf([read], { app: { name: 'docs' } }))
  t.match(renamed, [
    /opened .* kept for the app docs \| deny → allow/,
    /closed .* kept for the app wiki \| allow → deny/,
  ])
  t.end()
})

t.test('the end of a bypass: what changes later has an example of later', t => {
  const until = (days: number): Route => routeFor('/a', { access: 'bypassed', until: NOW + days * DAY })
  const { differences } = diffPolicies(configOf([until(1)]), configOf([until(2)]), NOW)
  t.match(differences, [{ direction: 'opened', changes: [{ witness: { at: NOW + DAY } }, {}] }])
  t.match(differences[0]?.changes[0]?.who.join(), 'from 2026-11-21T12:00Z on, before 2026-11-22T12:00Z')
  t.same(between([until(-2)], [until(-1)]), [], 'what has passed is past')
  t.end()
})

t.test('preflights, apps without an upstream, hosts, and the own pages of the gateway', t => {
  t.same(told(configOf([]), configOf([], { app: { preflight: true } })).slice(0, 1), [
    'opened | CORS preflights | anybody, without a login | login → allow | /',
  ])
  t.match(
    told(
      configOf([routeFor('/a', PUBLIC)]),
      configOf([routeFor('/a', PUBLIC)], { app: { hasUpstream: false } }),
    ),
    [/closed .* \| allow → not_found \| \/$/, /closed .* anybody \| allow → not_found \| \/a$/],
  )
  const added = diffPolicies(
    configOf([]),
    configOf([], { more: [appWith([], { name: 'new', host: '*.gw.example' })] }),
    NOW,
  )
  t.match(added, { addedApps: ['new'], removedApps: [] })
  t.match(linesOf(added)[0], 'opened | any method | anybody, without a login | not_found → login | /')
  t.equal(added.differences[0]?.changes[0]?.witness.asked.authority, 'any.gw.example')
  const moved = told(
    configOf([routeFor('/auth/**', PUBLIC)]),
    configOf([routeFor('/auth/**', PUBLIC)], { authPath: '/login' }),
  )
  t.match(moved.join('\n'), /opened .* anybody \| own → allow \| \/auth\/(?:health|assets)/)
  t.end()
})

t.test('spellings that an app accepts, and logins over plain http', t => {
  const open = [routeFor('/a/**', PUBLIC)]
  const lenient = told(configOf(open), configOf(open, { allowInPath: ['encoded_slash'] }))
  t.match(
    lenient.join('\n'),
    /opened \| any method \| in a spelling with encoded slash \| anybody \| refused → allow \| \/a%2F/,
  )
  for (const leniency of [
    'semicolon',
    'encoded_backslash',
    'empty_segment',
    'double_encoding',
    'unicode_lookalike',
  ] as const)
    t.match(told(configOf(open), configOf(open, { allowInPath: [leniency] }))[0], 'refused → ', leniency)
  t.match(
    told(configOf([]), configOf([], { secure: false })).join(),
    'opened | any method | over plain http | anybody logged in',
  )
  t.end()
})

t.test('regexes are compared exactly as well', t => {
  t.match(
    between([regexRouteFor('/v[0-9]+/export', PUBLIC)], [regexRouteFor('/v[0-9a-f]+/export', PUBLIC)]),
    [/opened .* \| \/v[a-f]\/export$/, /./],
  )
  t.same(between([regexRouteFor('/(?:a|b)/.*', PUBLIC)], [regexRouteFor('/[ab]/.+', PUBLIC)]), [])
  t.match(between([regexRouteFor('(?i)/Admin', PUBLIC)], [regexRouteFor('/[Aa]dmin', PUBLIC)])[0], 'closed')
  t.match(
    between(
      [routeFor('/**', PUBLIC)],
      [regexRouteFor('/[^/.]*', PUBLIC), regexRouteFor('/.well.*', PUBLIC)],
    )[0],
    'closed',
  )
  t.match(
    between([], [regexRouteFor('/\\.[a-z]{2,4}', PUBLIC)])[0],
    /\/\.[a-z]{2}$/,
    'a path of dots alone is no example',
  )
  t.end()
})

t.test('what is not certain is said', t => {
  const doubtful = between([regexRouteFor('/\\pL+', PUBLIC)], [regexRouteFor('/\\p{Lu}+', PUBLIC)])
  t.match(doubtful.join('\n'), 'path_regex /\\pL+ (line 12) is only approximated')
  t.same(
    between([regexRouteFor('/\\pL+', PUBLIC)], [regexRouteFor('/\\pL+', PUBLIC)]),
    [],
    'the same app needs no look',
  )
  const many = Array.from({ length: 12 }, (_, i) => routeFor(`/**/a${i}/**`, { ...PUBLIC, methods: ['GET'] }))
  const { doubts } = diffPolicies(configOf(many), configOf([...many].reverse()), NOW, 1000)
  t.match(doubts, [/too many kinds of paths/])
  t.end()
})

t.test('another upstream is told, with a request that both let through', t => {
  const other = configOf([], { upstream: 'http://127.0.0.1:4000' })
  t.match(diffPolicies(configOf([]), other, NOW), {
    differences: [],
    upstreams: [{ app: 'wiki', to: 'http://127.0.0.1:4000', witness: { from: 'allow', to: 'allow' } }],
  })
  t.end()
})

t.test('a thousand routes a side', t => {
  const routes = Array.from({ length: 1000 }, (_, i) =>
    routeFor(`/section-${i % 40}/item-${i}/${i % 3 === 0 ? '**' : i % 3 === 1 ? '*/edit' : 'view'}`, {
      access: i % 5 === 0 ? 'public' : 'required',
      methods: i % 4 === 0 ? ['GET'] : undefined,
      groups: i % 5 === 0 ? undefined : [`group-${i % 7}`],
    }),
  )
  const edited = [...routes.slice(0, 500), routeFor('/section-3/**/edit', PUBLIC), ...routes.slice(501)]
  const began = process.cpuUsage()
  const lines = between(routes, edited)
  const took = Math.round(process.cpuUsage(began).user / 1000)
  t.comment(`1,000 routes a side, one edited: ${took} ms`)
  t.ok(lines.length > 5)
  t.ok(took < 10_000)
  t.end()
})
