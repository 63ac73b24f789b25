import { isIPv6, SocketAddress } from 'node:net'
import type { Policy } from '../../access/policy.js'
import { readLogTime } from './log-time.js'
import { createRecentMap } from './recent-map.js'

/** Tells addresses and moments apart as far as any route does: within a class, no decision differs. */
export interface RequestClasses {
  /** The class of a client's address: which `networks` of the routes it is in. */
  ofAddress(address: string): string
  /** The class of a moment (milliseconds since the epoch): how many `until` of the routes have passed. */
  ofMoment(moment: number): number
  /** The class of a time as a log writes it; undefined when it cannot be read and would have mattered. */
  ofTime(written: string | number | undefined): number | undefined
  /** A moment of a class, in milliseconds since the epoch. */
  momentOf(timeClass: number): number
}

/** How many addresses are kept with their class in each of two generations. */
const ADDRESSES = 20_000
/** Makes the classes of a set of policies that are to be compared. */
export function createRequestClasses(policies: readonly Policy[]): RequestClasses {
  const routes = policies.flatMap(({ routes: { apps } }) => apps.flatMap(app => app.routes))
  const networks = [...new Set(routes.flatMap(route => route.networks ?? []))]
  const ends = [...new Set(routes.flatMap(route => route.until ?? []))].sort((a, b) => a - b)
  const ofMoment = (moment: number): number => {
    let passed = 0
    while (passed < ends.length && moment >= (ends[passed] ?? Infinity)) passed += 1
    return passed
  }

  const known = createRecentMap<string>(ADDRESSES)
  const classify = (address: string): string => {
    const made = socketAddress(address)
    return networks.map(network => (made !== undefined && network.check(made) ? '1' : '0')).join('')
  }

  let lastTime: string | number | undefined
  let lastClass: number | undefined
  return {
    ofMoment,
    momentOf: timeClass => (timeClass === 0 ? (ends[0] ?? 1) - 1 : (ends[timeClass - 1] ?? 0)),
    ofAddress(address) {
      if (networks.length === 0) return ''
      let found = known.get(address)
      if (found === undefined) known.set(address, (found = classify(address)))
      return found
    },
    ofTime(written) {
      if (ends.length === 0) return 0
      if (written !== lastTime || lastClass === undefined) {
        const moment = readLogTime(written)
        lastClass = moment === undefined ? undefined : ofMoment(moment)
        lastTime = written
      }
      return lastClass
    },
  }
}

function socketAddress(address: string): SocketAddress | undefined {
  try {
    return new SocketAddress({ address, family: isIPv6(address) ? 'ipv6' : 'ipv4' })
  } catch {
    return undefined
  }
}
