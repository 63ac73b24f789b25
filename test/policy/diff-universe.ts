import fc from 'fast-check'
import type { Method } from '../../src/access/assurance.js'
import type { PathLeniency } from '../../src/access/canonicalise.js'
import type { Identity } from '../../src/access/identity.js'
import type { AskedRequest } from '../../src/access/judge.js'
import type { AppPolicy, Route } from '../../src/access/route.js'
import type { ComparedConfig } from '../../src/policy/diff/diff-policies.js'
import { describedPerson, identityOf, type DescribedCaller } from '../../src/policy/described-caller.js'
import { appWith, networkOf, NOW, regexRouteFor, routeFor } from '../access/sample-policy.js'

/** When the small universe's requests come: now, and when every `until` has passed. */
export const TIMES = [NOW, NOW + 7_200_000] as const

const MINUTE = 60_000

/** A configuration of one host unless told otherwise. */
export function configOf(
  routes: readonly Route[],
  rest: {
    readonly app?: Partial<AppPolicy>
    readonly allowInPath?: readonly PathLeniency[]
    readonly authPath?: string
    readonly secure?: boolean
    readonly upstream?: string
    readonly more?: readonly AppPolicy[]
  } = {},
): ComparedConfig {
  const apps = [appWith(routes, rest.app), ...(rest.more ?? [])]
  const origin = rest.upstream ?? 'http://127.0.0.1:3000'
  return {
    apps: apps.map(policy => ({
      policy,
      upstream: {
        origins: [origin],
        tls: { verify: true, ca: undefined, identity: undefined, serverName: undefined },
        passHost: true,
        http2: false,
        timeouts: { connect: 1, headers: 1, body: 1 },
        health: undefined,
      },
      allowInPath: rest.allowInPath ?? [],
      stripHeaders: [],
      websocketOrigins: [],
    })),
    publicUrl: { origin: 'https://auth.example', host: 'auth.example', secure: rest.secure ?? true },
    authPath: rest.authPath ?? '/auth',
    hash: 'sample',
    mfa: { rememberDevice: MINUTE },
  }
}

const SEGMENTS = ['a', 'b', 'c']

/** Every path of these segments, at most three deep. */
const PATHS: readonly string[] = ['/', ...below('', 3)]

function below(path: string, depth: number): string[] {
  if (depth === 0) return []
  return SEGMENTS.flatMap(segment => [`${path}/${segment}`, ...below(`${path}/${segment}`, depth - 1)])
}

/** Every request of the small universe to the host of `appWith()`. */
export const REQUESTS: readonly AskedRequest[] = PATHS.flatMap(target =>
  ['GET', 'POST', 'OPTIONS'].flatMap(method =>
    ['10.1.1.1', '192.0.2.1', '2001:db8::7'].flatMap(address =>
      [true, false].flatMap(asksPreflight =>
        asksPreflight && method !== 'OPTIONS'
          ? []
          : [{ method, authority: 'gw.example', target, address, secure: true, asksPreflight }],
      ),
    ),
  ),
)

const described: readonly DescribedCaller[] = [
  { person: describedPerson('alice', ['staff']), factors: [] },
  { person: describedPerson('alice', ['staff']), factors: [], hasSecondFactor: false },
  { person: describedPerson('alice', ['staff']), factors: ['totp'] },
  { person: describedPerson('alice', ['staff', 'ops']), factors: ['webauthn'], factorAge: 30 * MINUTE },
  { person: describedPerson('bob', ['ops']), factors: ['totp'], factorAge: 10 * MINUTE },
  { person: describedPerson('bob'), factors: [], rememberedDevice: true },
  { person: describedPerson('bob', ['ops'], 'disabled'), factors: [] },
  { person: describedPerson('carol', ['other']), factors: ['webauthn'] },
  { person: describedPerson('carol'), factors: ['email'], passwordAge: 'none' },
  { person: describedPerson('carol', ['staff']), factors: ['sms', 'webauthn'], factorAge: 2 * MINUTE },
  token('machine', ['read'], 'robot'),
  token('user', ['write'], 'alice'),
]

/** Nobody, and the callers of the small universe at a moment. */
export function callersAt(now: number): readonly (Identity | undefined)[] {
  return [undefined, ...described.map(caller => identityOf(caller, now))]
}

function token(owner: 'machine' | 'user', scopes: readonly string[], subject: string): DescribedCaller {
  const apiToken = { scopes, apps: undefined, paths: undefined, owner }
  return { person: describedPerson(subject, ['staff']), factors: [], apiToken }
}

const NETWORKS = [networkOf('10.0.0.0', 8), networkOf('192.0.2.0', 24), networkOf('2001:db8::', 32)]
const METHODS: readonly Method[] = ['totp', 'webauthn', 'email', 'sms']

const sometimes = <T>(arbitrary: fc.Arbitrary<T>, freq = 3): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq })
const someOf = <T>(...values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values], { minLength: 1 })

const patterns = fc
  .array(fc.constantFrom('a', 'b', 'c', '*', '**'), { maxLength: 3 })
  .map(segments => routeFor(`/${segments.join('/')}`))

const regexes = fc
  .constantFrom('/[ab]', '/[ab]/.*', '/(a|b)/c', '/.*b', '/[^/]+/c?', '(?i)/A(/b)*', '/.*')
  .map(source => regexRouteFor(source))

/** Routes over the segments of the universe, so that many of them are for the same requests. */
const routes: fc.Arbitrary<Route> = fc
  .record({
    base: fc.oneof({ weight: 5, arbitrary: patterns }, { weight: 1, arbitrary: regexes }),
    access: fc.constantFrom('public', 'bypassed', 'enrolled', 'required', 'denied'),
    methods: sometimes(someOf('GET', 'POST', 'OPTIONS')),
    networks: sometimes(fc.constantFrom(...NETWORKS)),
    users: sometimes(someOf('alice', 'bob')),
    groups: sometimes(someOf('staff', 'ops')),
    stepUp: sometimes(
      fc.record({
        maxAge: sometimes(fc.constantFrom(5 * MINUTE, 15 * MINUTE), 1),
        methods: sometimes(someOf(...METHODS), 1),
      }),
    ),
    tokens: sometimes(someOf('read', 'write')),
    until: sometimes(fc.constantFrom(NOW - 1, NOW + 3_600_000), 1),
  })
  .map(({ base, access, users, groups, stepUp, tokens, until, ...rest }) => {
    const isForPeople = access !== 'public' && access !== 'denied'
    const demands = isForPeople ? { users, groups, stepUp, tokens } : {}
    return { ...base, ...rest, access, ...demands, until: access === 'bypassed' ? until : undefined }
  })

/** What an edit of one key may touch. */
const KEYS = ['access', 'methods', 'networks', 'users', 'groups', 'stepUp', 'tokens', 'until'] as const

/** A list of routes, and the same after a few edits: routes removed and added, and single keys changed. */
export const pairs: fc.Arbitrary<readonly [ComparedConfig, ComparedConfig]> = fc
  .record({
    before: fc.array(routes, { maxLength: 5 }),
    edits: fc.array(
      fc.record({ at: fc.nat(5), remove: fc.nat(1), insert: fc.array(routes, { maxLength: 1 }) }),
      { maxLength: 2 },
    ),
    changes: fc.array(fc.record({ at: fc.nat(4), key: fc.constantFrom(...KEYS), from: routes }), {
      maxLength: 2,
    }),
    preflight: fc.tuple(fc.boolean(), fc.boolean()),
    upstream: fc.constantFrom(undefined, undefined, false as const),
  })
  .map(({ before, edits, changes, preflight, upstream }) => {
    const after = [...before]
    for (const { at, remove, insert } of edits) after.splice(at, remove, ...insert)
    for (const { at, key, from } of changes) {
      const route = after[at]
      if (route !== undefined) after[at] = { ...route, [key]: from[key] }
    }
    return [
      configOf(before, { app: { preflight: preflight[0] } }),
      configOf(after, { app: { preflight: preflight[1], hasUpstream: upstream ?? true } }),
    ] as const
  })
