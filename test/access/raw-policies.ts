import fc from 'fast-check'
import type { AccessRequest } from '../../src/access/access-request.js'
import type { Method } from '../../src/access/assurance.js'
import type { Caller } from '../../src/access/identity.js'
import type { Access, Route } from '../../src/access/route.js'
import { NOW, alice, networkOf, proof, regexRouteFor, requestFor, routeFor } from './sample-policy.js'

const NETWORKS = [networkOf('10.0.0.0', 8), networkOf('192.0.2.0', 24), networkOf('2001:db8::', 32)]
const REGEXES = ['/a', '/[ab]/.*', '/(a|b)', '/.*b', '/v[0-9]+/.*', '/.*'].map(
  source => regexRouteFor(source).pathRegex,
)
const METHODS: readonly Method[] = [
  'password',
  'totp',
  'backup_code',
  'webauthn',
  'email',
  'sms',
  'knowledge_question',
]

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 })
const someOf = <T>(...values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values], { minLength: 1 })

const patterns = fc
  .array(fc.constantFrom('a', 'b', 'v1', 'é', 'e\u0301', '*', '**'), { maxLength: 4 })
  .map(segments => routeFor(`/${segments.join('/')}`))

/** Routes over a small alphabet, so that many of them are for the same requests. */
export const routes: fc.Arbitrary<Route> = fc
  .record({
    base: patterns,
    regex: fc.option(fc.constantFrom(...REGEXES), { nil: undefined, freq: 4 }),
    methods: fc.option(someOf('GET', 'POST', 'PUT'), { nil: undefined, freq: 3 }),
    networks: fc.option(fc.constantFrom(...NETWORKS), { nil: undefined, freq: 4 }),
    access: fc.constantFrom<Access>('public', 'bypassed', 'enrolled', 'required', 'denied'),
    users: fc.option(someOf('alice', 'bob'), { nil: undefined, freq: 4 }),
    groups: fc.option(someOf('staff', 'ops'), { nil: undefined, freq: 4 }),
    stepUp: fc.option(
      fc.record({ maxAge: maybe(fc.constantFrom(0, 60_000, 3_600_000)), methods: maybe(someOf(...METHODS)) }),
      { nil: undefined, freq: 4 },
    ),
    until: maybe(fc.constantFrom(NOW - 1, NOW, NOW + 1)),
  })
  .map(({ base, regex, until, ...rest }) => ({
    ...base,
    ...rest,
    ...(regex === undefined ? {} : { path: undefined, pathRegex: regex }),
    until: rest.access === 'bypassed' ? until : undefined,
  }))

export const requests: fc.Arbitrary<AccessRequest> = fc
  .record({
    segments: fc.array(fc.constantFrom('a', 'b', 'c', 'v1', 'é', 'e\u0301', 'ab'), { maxLength: 5 }),
    slash: fc.boolean(),
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'),
    preflight: fc.boolean(),
  })
  .map(({ segments, slash, method, preflight }) =>
    requestFor(`/${segments.join('/')}${slash && segments.length > 0 ? '/' : ''}`, {
      method,
      preflight: preflight && method === 'OPTIONS',
    }),
  )

export const addresses = fc.constantFrom(
  '10.1.1.1',
  '192.0.2.7',
  '203.0.113.1',
  '2001:db8::1',
  '::ffff:10.0.0.1',
  '',
)

export const proofs = fc
  .record({ method: fc.constantFrom(...METHODS), age: fc.constantFrom(0, 30_000, 120_000, 10_000_000, -500) })
  .map(({ method, age }) => proof(method, age))

export const callers: fc.Arbitrary<Caller> = fc.option(
  fc
    .record({
      proofs: fc.array(proofs, { maxLength: 4 }),
      subject: fc.constantFrom('alice', 'bob', 'carol'),
      groups: fc.subarray(['staff', 'ops', 'other']),
      mfa: fc.constantFrom('enabled', 'enabled', 'disabled'),
      hasSecondFactor: fc.boolean(),
    })
    .map(({ proofs: shown, ...rest }) => alice(shown, rest)),
  { nil: undefined, freq: 6 },
)
