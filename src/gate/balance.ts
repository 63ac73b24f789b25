import type { Clock } from '../clock.js'

/**
 * How an address stands. `up`: it is chosen. `ejected`: it gave no answer several times in a row and is left alone for
 * a while. `failing`: its health checks fail.
 */
export type Standing = 'up' | 'ejected' | 'failing'

/** One request on its way to an address. */
export interface Lease<Address> {
  readonly address: Address
  /** The address answered, whatever it said: it is there. */
  readonly answered: () => void
  /** It gave no answer. What the client did to it is no failure. */
  readonly failed: () => void
  /** The request is over. Further calls do nothing. */
  readonly release: () => void
}

/** Shares requests out among the addresses of one upstream. */
export interface Balance<Address> {
  /**
   * Takes the address with the fewest requests under way, in turn where several have as few. Those that are out are
   * taken only when nothing else is left.
   * @param tried what this request has been sent to already
   * @returns undefined: every address has been tried
   */
  readonly take: (tried: ReadonlySet<Address>) => Lease<Address> | undefined
  /** Takes over what the health checks say of an address. */
  checked(address: Address, isHealthy: boolean): void
  /** The standing of each address at this moment, in the order of the addresses. */
  standings(): readonly Standing[]
}

export interface BalanceOptions<Address> {
  /** At least one. */
  readonly addresses: readonly Address[]
  readonly now: Clock
  /** Told when an address is ejected, begins to fail its checks, or is up again. */
  readonly onChange: (address: Address, standing: Standing) => void
}

/** After so many requests in a row without an answer an address is ejected. */
export const FAILURES_TO_EJECT = 5
/** How long it is left alone the first time, and at most; the time doubles with each try that fails. Milliseconds. */
export const SHORTEST_EJECTION = 10_000
export const LONGEST_EJECTION = 300_000

interface Member<Address> {
  readonly address: Address
  underWay: number
  /** Requests in a row without an answer. */
  failures: number
  /** Ejections in a row. Above 0 outside of an ejection: one request tries whether the address is back. */
  ejections: number
  ejectedAt: number
  /** One request is finding out whether the address is back. */
  isOnTrial: boolean
  isFailing: boolean
}

/**
 * Makes the choice among the addresses of an upstream. At most half of them are ejected at a time: a fault that all
 * share is not theirs, and who sends requests that break the app must not be able to take all of it away.
 */
export function createBalance<Address>(options: BalanceOptions<Address>): Balance<Address> {
  const { now, onChange } = options
  const members = options.addresses.map((address): Member<Address> => ({
    address,
    underWay: 0,
    failures: 0,
    ejections: 0,
    ejectedAt: 0,
    isOnTrial: false,
    isFailing: false,
  }))
  const mostEjected = Math.floor(members.length / 2)
  let turn = 0

  /** A clock that was set back ends an ejection. */
  function isEjected({ ejections, ejectedAt }: Member<Address>): boolean {
    if (ejections === 0) return false
    const passed = now() - ejectedAt
    return passed >= 0 && passed < Math.min(SHORTEST_EJECTION * 2 ** (ejections - 1), LONGEST_EJECTION)
  }

  function isOut(member: Member<Address>): boolean {
    return member.isFailing || member.isOnTrial || isEjected(member)
  }

  function fewest(candidates: (member: Member<Address>) => boolean): Member<Address> | undefined {
    let best: Member<Address> | undefined
    for (let step = 0; step < members.length; step += 1) {
      const member = members[(turn + step) % members.length]
      if (member === undefined || !candidates(member)) continue
      if (best === undefined || member.underWay < best.underWay) best = member
    }
    return best
  }

  function lease(member: Member<Address>): Lease<Address> {
    const tries = member.ejections > 0 && !member.isOnTrial && !isEjected(member)
    if (tries) member.isOnTrial = true
    member.underWay += 1
    let isOver = false
    return {
      address: member.address,
      answered() {
        const wasEjected = member.ejections > 0
        member.failures = 0
        member.ejections = 0
        member.isOnTrial = false
        if (wasEjected) onChange(member.address, member.isFailing ? 'failing' : 'up')
      },
      failed() {
        member.failures += 1
        if (isEjected(member) || (!tries && member.failures < FAILURES_TO_EJECT)) return
        // One that is on trial had its place among the ejected.
        if (!tries && members.filter(isEjected).length >= mostEjected) return
        member.ejections += 1
        member.ejectedAt = now()
        member.isOnTrial = false
        onChange(member.address, 'ejected')
      },
      release() {
        if (isOver) return
        isOver = true
        member.underWay -= 1
        if (tries) member.isOnTrial = false
      },
    }
  }

  return {
    take(tried) {
      turn = (turn + 1) % members.length
      const isLeft = (member: Member<Address>): boolean => !tried.has(member.address)
      const member = fewest(one => isLeft(one) && !isOut(one)) ?? fewest(isLeft)
      return member === undefined ? undefined : lease(member)
    },
    checked(address, isHealthy) {
      const member = members.find(one => one.address === address)
      if (member?.isFailing !== isHealthy) return
      member.isFailing = !isHealthy
      if (isHealthy) {
        member.failures = 0
        member.ejections = 0
      }
      onChange(address, isHealthy ? 'up' : 'failing')
    },
    standings: () => members.map(one => (one.isFailing ? 'failing' : isEjected(one) ? 'ejected' : 'up')),
  }
}
