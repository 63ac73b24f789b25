import { BlockList, isIPv6 } from 'node:net'

/** Addresses of documentation (RFC 5737, RFC 3849): they belong to nobody. */
const ANYWHERE = ['203.0.113.7', '2001:db8::7']
const RULE = /^(?:Subnet|Address): IPv[46] ([0-9a-fA-F:.]+)(?:\/(\d+))?/
const MOST_SHARED = 8

/** The networks of a route, taken apart; undefined: every address. */
export type NamedNetworks = readonly NamedNetwork[] | undefined

interface NamedNetwork {
  /** The first address. */
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
  readonly holds: (address: string, family: 'ipv4' | 'ipv6') => boolean
}

/** Takes the `networks` of a route apart. It takes long, next to all that is asked of them. */
export function namedNetworks(networks: BlockList | undefined): NamedNetworks {
  return networks?.rules.flatMap(rule => {
    const [, address, written] = RULE.exec(rule) ?? []
    if (address === undefined) return []
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const prefix = written === undefined ? (family === 'ipv6' ? 128 : 32) : Number(written)
    const single = new BlockList()
    single.addSubnet(address, prefix, family)
    return [{ address, prefix, family, holds: single.check.bind(single) }]
  })
}

/**
 * Some addresses that are in the networks of both routes. Networks either hold each other or have nothing in common,
 * so there is such an address exactly when one of these is.
 */
export function sharedAddresses(one: NamedNetworks, other: NamedNetworks): readonly string[] {
  const named = [...(one ?? []), ...(other ?? [])].map(({ address }) => address)
  const candidates = named.length === 0 ? ANYWHERE : named
  return candidates
    .filter(address => contains(one, address) && contains(other, address))
    .slice(0, MOST_SHARED)
}

/** Whether every address of the first is in the second. Never wrong, but misses networks that fit only together. */
export function isWithinNetworks(first: NamedNetworks, second: NamedNetworks): boolean {
  if (second === undefined) return true
  if (first === undefined) return false
  return first.every(one =>
    second.some(
      wider => wider.prefix <= one.prefix && wider.family === one.family && holds(wider, one.address),
    ),
  )
}

function contains(networks: NamedNetworks, address: string): boolean {
  return networks === undefined || networks.some(network => holds(network, address))
}

function holds(network: NamedNetwork, address: string): boolean {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4'
  return network.family === family && network.holds(address, family)
}
