import fc from 'fast-check'
import t from 'tap'
import type { AccessRequest } from '../../src/access/access-request.js'
import { assuranceOf, isMultiFactor } from '../../src/access/assurance.js'
import { accessNow, decide } from '../../src/access/decide.js'
import type { Decision } from '../../src/access/decision.js'
import type { Caller } from '../../src/access/identity.js'
import { compileRouteTable, mismatchOf } from '../../src/access/route-table.js'
import type { Route } from '../../src/access/route.js'
import { addresses, callers, proofs, requests, routes } from './raw-policies.js'
import { NOW, appWith } from './sample-policy.js'

const RUNS = { numRuns: 5_000 }
const lists = fc.array(routes, { maxLength: 8 })

interface Question {
  readonly list: readonly Route[]
  readonly request: AccessRequest
  readonly address: string
  readonly caller: Caller
  readonly preflight: boolean
}

const questions: fc.Arbitrary<Question> = fc.record({
  list: lists,
  request: requests,
  address: addresses,
  caller: callers,
  preflight: fc.boolean(),
})

function ask({ list, request, address, caller, preflight }: Question): {
  decision: Decision
  route: Route | undefined
} {
  const match = compileRouteTable([appWith(list, { preflight })]).find(request, address)
  return { decision: decide(request, match, caller, NOW), route: match?.route }
}

t.test('a decision depends on the matched route alone', async () => {
  fc.assert(
    fc.property(questions, question => {
      const { decision, route } = ask(question)
      const alone = route?.place === undefined ? [] : [route]
      return JSON.stringify(ask({ ...question, list: alone }).decision) === JSON.stringify(decision)
    }),
    RUNS,
  )
})

t.test('a route opens the path of another only by standing before it', async () => {
  fc.assert(
    fc.property(questions, routes, fc.nat(8), (question, added, at) => {
      const { request, address, list } = question
      const before = ask(question)
      const after = ask({ ...question, list: list.toSpliced(at, 0, added) })
      if (JSON.stringify(after.decision) === JSON.stringify(before.decision)) return true
      const first = list.findIndex(route => mismatchOf(route, request, address) === undefined)
      return mismatchOf(added, request, address) === undefined && (first === -1 || at <= first)
    }),
    RUNS,
  )
})

t.test('nobody is allowed only by a public route or a preflight', async () => {
  fc.assert(
    fc.property(questions, question => {
      const { decision, route } = ask({ ...question, caller: undefined })
      if (decision.effect !== 'allow') return true
      if (decision.withIdentity) return false
      if (decision.reason === 'public') return route?.access === 'public'
      return decision.reason === 'preflight' && question.preflight && question.request.preflight
    }),
    RUNS,
  )
})

t.test('a required route allows only who showed two factors, is named, and is in a group', async () => {
  fc.assert(
    fc.property(questions, question => {
      const { decision, route } = ask(question)
      if (route === undefined || decision.effect !== 'allow' || decision.reason === 'preflight') return true
      const access = accessNow(route, NOW)
      if (access === 'denied') return false
      if (access === 'public') return true
      const { caller } = question
      if (caller === undefined || caller.proofs.length === 0) return false
      if (access === 'required' && !isMultiFactor(assuranceOf(caller.proofs))) return false
      if (route.users !== undefined && !route.users.includes(caller.person.subject)) return false
      return route.groups === undefined || caller.person.groups.some(group => route.groups?.includes(group))
    }),
    RUNS,
  )
})

t.test('one more proof never closes what was open', async () => {
  fc.assert(
    fc.property(questions, proofs, fc.nat(4), (question, added, at) => {
      const { caller } = question
      if (caller === undefined || ask(question).decision.effect !== 'allow') return true
      const surer = { ...caller, proofs: caller.proofs.toSpliced(at, 0, added) }
      return ask({ ...question, caller: surer }).decision.effect === 'allow'
    }),
    RUNS,
  )
})

t.test('no flag of a user opens a required route', async () => {
  fc.assert(
    fc.property(questions, fc.boolean(), (question, hasSecondFactor) => {
      const { caller } = question
      const { decision, route } = ask(question)
      if (caller === undefined || route === undefined || accessNow(route, NOW) !== 'required') return true
      const flagged = { ...caller, hasSecondFactor, person: { ...caller.person, mfa: 'disabled' as const } }
      return decision.effect === 'allow' || ask({ ...question, caller: flagged }).decision.effect !== 'allow'
    }),
    RUNS,
  )
})
