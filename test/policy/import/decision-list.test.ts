import t from 'tap'
import fc from 'fast-check'
import { type Conjunction, STRICTNESS } from '../../../src/policy/import/carried-rule.js'
import { demandOf, type ListEntry } from '../../../src/policy/import/decision-list.js'

const user = (name: string): Conjunction => ({ users: [name], groups: [] })
const group = (name: string): Conjunction => ({ users: [], groups: [name] })
const entry = (level: ListEntry['level'], subjects?: readonly Conjunction[]): ListEntry => ({
  level,
  subjects,
  definite: true,
})

t.test('what can be said is said exactly', async t => {
  t.same(demandOf([entry('two_factors', [group('ops')]), entry('closed')]), {
    demand: { level: 'two_factors', users: undefined, groups: ['ops'] },
    exact: true,
  })
  t.same(demandOf([entry('login', [user('ann')]), entry('login', [user('bob')]), entry('closed')]), {
    demand: { level: 'login', users: ['ann', 'bob'], groups: undefined },
    exact: true,
  })
  t.same(demandOf([entry('two_factors', [{ users: ['ann'], groups: ['ops'] }]), entry('closed')]), {
    demand: { level: 'two_factors', users: ['ann'], groups: ['ops'] },
    exact: true,
  })
  t.same(demandOf([entry('two_factors', [group('ops')]), entry('two_factors')]), {
    demand: { level: 'two_factors', users: undefined, groups: undefined },
    exact: true,
  })
  t.same(demandOf([entry('login', [group('ops')]), entry('open')]), {
    demand: { level: 'login', users: undefined, groups: undefined },
    exact: true,
  })
})

t.test('what cannot be said takes the stricter side', async t => {
  t.match(demandOf([entry('closed', [user('bob')]), entry('two_factors')]), {
    demand: { level: 'closed' },
    exact: false,
  })
  t.match(demandOf([entry('two_factors', [user('ann'), group('ops')]), entry('closed')]), {
    demand: { groups: ['ops'] },
    exact: false,
  })
  t.match(demandOf([entry('login', [group('ops')]), entry('two_factors')]), {
    demand: { level: 'two_factors', groups: undefined },
    exact: false,
  })
  t.match(demandOf([entry('two_factors', [{ users: [], groups: ['a', 'b'] }]), entry('closed')]), {
    demand: { level: 'closed' },
    exact: false,
  })
})

t.test('never more open for anybody, and the same for everybody where it says so', async () => {
  const names = ['ann', 'bob', 'eve']
  const groups = ['ops', 'dev']
  const people = names.flatMap(name =>
    [[], ['ops'], ['dev'], ['ops', 'dev']].map(memberOf => ({ name, memberOf })),
  )
  const conjunction = fc.record({
    users: fc.subarray(names, { maxLength: 1 }),
    groups: fc.subarray(groups),
  })
  const entries = fc.array(
    fc.record({
      level: fc.constantFrom('open' as const, 'login' as const, 'two_factors' as const, 'closed' as const),
      subjects: fc.option(fc.array(conjunction, { minLength: 1, maxLength: 3 }), { nil: undefined }),
      definite: fc.boolean(),
    }),
    { maxLength: 4 },
  )
  const last = fc.constantFrom('open' as const, 'login' as const, 'two_factors' as const, 'closed' as const)
  fc.assert(
    fc.property(entries, last, fc.infiniteStream(fc.boolean()), (some, level, stream) => {
      const list: readonly ListEntry[] = [...some, { level, subjects: undefined, definite: true }]
      const { demand, exact } = demandOf(list)
      const asksWho = list.some(one => one.subjects !== undefined)
      // For some of the requests, each rule that is not definite is there or not.
      const there = list.filter(one => one.definite || stream.next().value === true)
      for (const { name, memberOf } of people) {
        const first = there.find(
          ({ subjects }) =>
            subjects === undefined ||
            subjects.some(
              one =>
                one.users.every(who => who === name) && one.groups.every(which => memberOf.includes(which)),
            ),
        )
        const strictness = Math.max(STRICTNESS[first?.level ?? 'closed'], asksWho ? 1 : 0)
        const isWelcome =
          (demand.users?.includes(name) ?? true) &&
          (demand.groups?.some(one => memberOf.includes(one)) ?? true)
        const here = isWelcome ? STRICTNESS[demand.level] : STRICTNESS.closed
        if (here < strictness) throw new Error(`${name} of ${memberOf.join()} gets in more easily`)
        if (exact && here !== strictness)
          throw new Error(`${name} of ${memberOf.join()} is treated otherwise`)
      }
    }),
    { numRuns: Number(process.env.IMPORT_RUNS ?? 2000) },
  )
})
