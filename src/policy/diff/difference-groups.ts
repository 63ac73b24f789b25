import { SOMEWHERE } from './addresses.js'
import { describeCallers } from './describe-callers.js'
import { describeSide } from './describe-side.js'
import { sizeOf, type CallerChange, type CellComparison, type Direction } from './compare-cell.js'
import type { Change, Difference, Witness } from './policy-diff.js'
import type { RequestCell } from './request-cells.js'

/** Requests that are told together: those of one pair of routes, or of all pairs that make the same difference. */
export interface DifferenceGroups {
  /**
   * @param group cells with the same text are told together
   * @param pair names the pair of routes
   * @param plainHttp the difference is one between requests over plain http
   */
  add(group: string, pair: string, cell: RequestCell, comparison: CellComparison, plainHttp: boolean): void
  /** What was added, what opens first. */
  differences(): readonly Difference[]
}

interface Group {
  readonly first: RequestCell
  readonly comparison: CellComparison
  readonly plainHttp: boolean
  readonly pairs: Set<string>
  readonly methods: Set<string>
  /** Methods that are not meant on any path where all others are; undefined: nowhere are all others meant. */
  excepted: ReadonlySet<string> | undefined
  readonly addresses: Set<string>
  /** For each path and method, how many of the addresses that are told apart are in this group. */
  readonly fromAddresses: Map<string, { seen: number; readonly of: number }>
}

const ORDER: readonly Direction[] = ['opened', 'closed', 'changed']

/**
 * Begins an empty collection.
 * @param witnessOf makes a verified witness of a caller of a comparison
 */
export function createDifferenceGroups(
  witnessOf: (cell: RequestCell, change: Pick<CallerChange, 'family'>, choice: readonly number[]) => Witness,
): DifferenceGroups {
  const groups = new Map<string, Group>()
  return {
    add(id, pair, cell, comparison, plainHttp) {
      let group = groups.get(id)
      if (group === undefined) groups.set(id, (group = newGroup(cell, comparison, plainHttp)))
      group.pairs.add(pair)
      if (!cell.method.others) group.methods.add(cell.method.name)
      if (cell.method.others) {
        const before = group.excepted
        group.excepted = new Set(cell.method.named.filter(name => before?.has(name) ?? true))
      }
      group.addresses.add(cell.asked.address)
      const place = `${cell.asked.method} ${cell.asked.target}`
      const from = group.fromAddresses.get(place) ?? { seen: 0, of: cell.addresses }
      from.seen += 1
      group.fromAddresses.set(place, from)
    },
    differences: () =>
      ORDER.flatMap(direction => [...groups.values()].flatMap(group => differenceOf(group, direction) ?? [])),
  }

  function differenceOf(group: Group, direction: Direction): Difference | undefined {
    const changes = group.comparison.changes.filter(change => change.direction === direction)
    if (changes.length === 0) return undefined
    const { before, after } = group.first.verdicts
    return {
      direction,
      before: describeSide(before),
      after: describeSide(after),
      methods: methodsOf(group),
      conditions: conditionsOf(group),
      alike: group.pairs.size - 1,
      changes: changesOf(group, changes),
    }
  }

  /** Changes with the same outcomes in one, whoever they are for. */
  function changesOf({ first }: Group, changes: readonly CallerChange[]): readonly Change[] {
    const together = new Map<string, CallerChange[]>()
    for (const change of changes) {
      const key = `${change.from} ${change.to} ${change.identity}`
      together.set(key, [...(together.get(key) ?? []), change])
    }
    return [...together.values()].flatMap(same => {
      const [one] = same
      const [choice] = one?.choices ?? []
      if (one === undefined || choice === undefined) return []
      const { from, to, identity } = one
      const isEverybody =
        same.length === 3 && same.every(({ family, choices }) => choices.length === sizeOf(family))
      const who = isEverybody
        ? ['anybody']
        : same.flatMap(({ family, choices }) => describeCallers(family, choices))
      const witness = witnessOf(first, one, choice)
      if (witness.from !== from || witness.to !== to)
        throw new Error(
          `${witness.asked.target}: expected ${from} and ${to}, got ${witness.from} and ${witness.to}`,
        )
      return { who, from, to, identity, witness }
    })
  }
}

function newGroup(first: RequestCell, comparison: CellComparison, plainHttp: boolean): Group {
  return {
    first,
    comparison,
    plainHttp,
    pairs: new Set(),
    methods: new Set(),
    excepted: undefined,
    addresses: new Set(),
    fromAddresses: new Map(),
  }
}

/** Where paths differ in their methods, those of all of them: rather too many than one too few. */
function methodsOf({ first, methods, excepted }: Group): string {
  if (first.asked.asksPreflight) return 'CORS preflights'
  const words = (names: Iterable<string>): string =>
    [...names].flatMap(name => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ')
  if (excepted === undefined) return words(methods)
  const never = [...excepted].filter(name => !methods.has(name))
  return never.length === 0 ? 'any method' : `any method but ${words(never)}`
}

function conditionsOf({ first, plainHttp, addresses, fromAddresses }: Group): readonly string[] {
  const conditions: string[] = []
  if (first.leniency !== undefined)
    conditions.push(`in a spelling with ${first.leniency.replaceAll('_', ' ')}`)
  if (plainHttp) conditions.push('over plain http')
  if ([...fromAddresses.values()].every(from => from.seen < from.of)) {
    const [example = ''] = addresses
    conditions.push(addresses.has(SOMEWHERE) ? 'not from every address' : `from addresses such as ${example}`)
  }
  return conditions
}
