import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type AskedRequest, judge, type Verdict } from '../../src/access/judge.js'
import { createOwnPaths } from '../../src/access/own-paths.js'
import type { Policy } from '../../src/access/policy.js'
import type { Route } from '../../src/access/route.js'
import { compileRouteTable } from '../../src/access/route-table.js'
import { describedPerson, identityOf } from '../../src/policy/described-caller.js'
import { createReplay } from '../../src/policy/replay/replay.js'
import type { RulingCount } from '../../src/policy/replay/replay-report.js'
import type { UserRecord } from '../../src/users/users-file.js'
import { addresses, routes } from '../access/raw-policies.js'
import { appWith, networkOf, NOW, routeFor } from '../access/sample-policy.js'

const HOST = 'gw.example'

function policyOf(table: readonly Route[], lenient: boolean): Policy {
  return {
    routes: compileRouteTable([appWith(table, { preflight: true })]),
    leniencies: () => (lenient ? ['semicolon', 'empty_segment'] : []),
    isOwn: createOwnPaths('auth.example', '/auth'),
    secure: true,
    hash: '0',
  }
}

function userOf(subject: string, groups: readonly string[], rest: Partial<UserRecord> = {}): UserRecord {
  const person = describedPerson(subject, groups, subject === 'carol' ? 'disabled' : 'enabled')
  return { person, passwordHash: '', passwordVersion: '', disabled: false, phone: undefined, ...rest }
}

const USERS = new Map(
  [userOf('alice', ['staff']), userOf('carol', ['ops']), userOf('gone', ['ops'], { disabled: true })].map(
    user => [user.person.subject, user],
  ),
)
const NEXT_USERS = new Map([...USERS, ['bob', userOf('bob', ['ops'])]])

interface Logged {
  readonly method: string
  readonly target: string
  readonly host: string | undefined
  readonly address: string
  readonly user: string | undefined
  readonly time: number
  /** Which of the writers writes it. */
  readonly writer: number
}

/** What lines of one kind share. */
const kinds = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'TRACE', 'get'),
  path: fc
    .oneof(
      { arbitrary: fc.array(fc.constantFrom('a', 'b', 'v1', '%C3%A9'), { maxLength: 3 }), weight: 3 },
      { arbitrary: fc.array(fc.constantFrom('a', '..', 'a;b', '', 'a"b', '\\', '\u00e9')), weight: 1 },
    )
    .map(segments => `/${segments.join('/')}`),
  host: fc.constantFrom(undefined, undefined, HOST, 'GW.example:443', 'auth.example', 'other.example', 'a/b'),
})
/** In what they differ. Few kinds make many lines, so that most are like one that was judged before. */
const rests = fc.record({
  query: fc.constantFrom('', '?', '?x=1', '?x=2&y', '?x=#', '?a b', '?\n'),
  address: addresses.filter(address => address !== ''),
  time: fc.constantFrom(NOW - 1000, NOW, NOW + 1000),
  user: fc.constantFrom(undefined, undefined, 'alice', 'Carol', 'bob', 'gone', 'nobody knows', 'al"ice'),
  writer: fc.nat({ max: 2 }),
})
const logs: fc.Arbitrary<readonly Logged[]> = fc
  .array(
    kinds.chain(({ path, ...kind }) =>
      fc
        .array(rests, { maxLength: 30 })
        .map(lines => lines.map(({ query, ...rest }) => ({ ...kind, ...rest, target: path + query }))),
    ),
    { maxLength: 5 },
  )
  .map(lines => lines.flat())

/** Often with a route for whatever no other is for, of which addresses, users or the time make a difference. */
const tables = fc
  .tuple(
    fc.array(routes, { maxLength: 4 }),
    fc.constantFrom(
      [],
      [routeFor('/**', { access: 'bypassed', until: NOW })],
      [routeFor('/**', { access: 'bypassed', until: NOW + 1000 })],
      [routeFor('/**', { access: 'public', networks: networkOf('10.0.0.0', 8) })],
      [routeFor('/**', { access: 'denied', networks: networkOf('192.0.2.0', 24) })],
      [routeFor('/**', { groups: ['staff'] })],
    ),
  )
  .map(([some, last]) => [...some, ...last])

const hex = (text: string) => text.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()
const nginx = (text: string) => text.replace(/["\\]|[^\x20-\x7e]/g, sign => `\\x${hex(sign)}`)
const apache = (text: string) =>
  text.replace(/["\\]/g, sign => `\\${sign}`).replace(/[^\x20-\x7e]/g, sign => `\\x${hex(sign)}`)

function inCommon(
  escape: (text: string) => string,
  { method, target, host, address, user, time }: Logged,
): string {
  const [, day, month, year, clock] = new Date(time).toUTCString().split(' ')
  const when = `${day ?? ''}/${month ?? ''}/${year ?? ''}:${clock ?? ''} +0000`
  const front = host === undefined ? '' : `${host} `
  return `${front}${address} - ${escape(user ?? '-')} [${when}] "${escape(`${method} ${target} HTTP/1.1`)}" 200 5 "-" "x"`
}

function inJson({ method, target, host, address, user, time }: Logged): string {
  return JSON.stringify({ method, request_uri: target, host, remote_addr: address, remote_user: user, time })
}

const WRITERS = [(line: Logged) => inCommon(nginx, line), (line: Logged) => inCommon(apache, line), inJson]

/** The plain reading: each line by itself, judged by the one function that judges. */
function countPlainly(lines: readonly Logged[], old: Policy, next: Policy): Map<string, number> {
  const sums = new Map<string, number>()
  const groups = ['staff', 'ops']
  for (const line of lines) {
    const asked: AskedRequest = {
      method: line.method,
      target: line.target,
      authority: line.host ?? HOST,
      address: line.address.replace(/^::ffff:/, ''),
      secure: true,
      asksPreflight: line.method === 'OPTIONS',
    }
    const name = line.user?.toLowerCase() ?? ''
    const known = USERS.has(name) || NEXT_USERS.has(name)
    for (const as of known ? ['user'] : ['nobody', 'anybody']) {
      const verdict = (policy: Policy, users: ReadonlyMap<string, UserRecord>): Verdict => {
        const user = users.get(name)
        const person = as === 'anybody' ? describedPerson('somebody else', groups) : user?.person
        const isThere = person !== undefined && user?.disabled !== true && as !== 'nobody'
        const factors = person?.mfa === 'disabled' ? [] : (['totp'] as const)
        return judge(
          policy,
          asked,
          isThere ? identityOf({ person, factors }, line.time) : undefined,
          line.time,
        )
      }
      const key = JSON.stringify([as, nameOf(verdict(old, USERS)), nameOf(verdict(next, NEXT_USERS))])
      sums.set(key, (sums.get(key) ?? 0) + 1)
    }
  }
  return sums
}

/** An outcome and the route that decided it. */
type Name = readonly [outcome: string, route: string]

function nameOf(verdict: Verdict): Name {
  const { outcome } = verdict
  if (verdict.outcome === 'refused') return [outcome, '(cannot be read in one way)']
  if (verdict.outcome === 'own') return [outcome, '(the gateway itself)']
  return [outcome, verdict.match?.route.name ?? '(no app has this host)']
}

/** Adds up what has the same key, in one order. */
function summed<T extends { readonly count: number }>(all: readonly T[], key: (each: T) => unknown) {
  const sums: Record<string, number> = {}
  for (const each of all) {
    const text = JSON.stringify(key(each))
    sums[text] = (sums[text] ?? 0) + each.count
  }
  return sums
}

t.test('counts are those of judging each line by itself', t => {
  fc.assert(
    fc.property(tables, tables, fc.boolean(), logs, (oldRoutes, nextRoutes, lenient, lines) => {
      const old = policyOf(oldRoutes, false)
      const next = policyOf(nextRoutes, lenient)
      const replay = createReplay({
        old: { policy: old, users: USERS },
        next: { policy: next, users: NEXT_USERS },
        host: HOST,
        at: undefined,
        now: 0,
      })
      for (const [index, line] of lines.entries()) {
        replay.take(WRITERS[line.writer]?.(line), 'log', index + 1)
      }
      const { counts, differences, old: byOld, next: byNext } = replay.report()
      const plain = [...countPlainly(lines, old, next)].map(([key, count]) => {
        const [as, one, other] = JSON.parse(key) as [string, Name, Name]
        return { as, one, other, count }
      })
      assert.deepEqual(
        summed(differences, each => [
          each.as,
          [each.old.outcome, each.old.route],
          [each.next.outcome, each.next.route],
        ]),
        summed(
          plain.filter(({ one, other }) => one[0] !== other[0]),
          ({ as, one, other }) => [as, one, other],
        ),
      )
      const ruling = ({ as, outcome, route }: RulingCount): unknown => [as, [outcome, route]]
      assert.deepEqual(
        summed(byOld, ruling),
        summed(plain, ({ as, one }) => [as, one]),
      )
      assert.deepEqual(
        summed(byNext, ruling),
        summed(plain, ({ as, other }) => [as, other]),
      )
      const { judged, notUnderstood, withoutTime } = counts
      assert.deepEqual([judged, notUnderstood, withoutTime], [lines.length, 0, 0])
    }),
    { numRuns: Number(process.env.REPLAY_RUNS ?? 200) },
  )
  t.end()
})

t.test('texts that are only together the same are kept apart', t => {
  const old = policyOf([], false)
  const replay = createReplay({
    old: { policy: old, users: USERS },
    next: { policy: old, users: USERS },
    host: HOST,
    at: undefined,
    now: 0,
  })
  const lines = [
    { host: `${HOST}G`, method: 'ET' },
    { host: HOST, method: 'GET' },
  ].map(each => JSON.stringify({ ...each, request_uri: '/' }))
  for (const line of [...lines, ...lines, ...lines]) replay.take(line, 'log', 1)
  const nobody = replay.report().old.filter(({ as }) => as === 'nobody')
  t.same(nobody.map(({ outcome, count }) => [outcome, count]).sort(), [
    ['login', 3],
    ['not_found', 3],
  ])
  t.end()
})

t.test('people whose names are as long as each other are kept apart', t => {
  const policy = policyOf([], false)
  const side = { policy, users: USERS }
  const replay = createReplay({ old: side, next: side, host: HOST, at: undefined, now: 0 })
  const lines = ['alice', 'carol'].map(remote_user =>
    JSON.stringify({ method: 'GET', request_uri: '/', remote_user }),
  )
  for (const line of [...lines, ...lines, ...lines]) replay.take(line, 'log', 1)
  t.same(
    replay
      .report()
      .old.map(({ outcome, count }) => [outcome, count])
      .sort(),
    [
      ['allow', 3],
      ['deny', 3],
    ],
  )
  t.end()
})
