import { isIPv6 } from 'node:net'
import type { BlockList } from 'node:net'

/** Where a request comes from that no network is about: an address for documentation (RFC 5737). */
export const SOMEWHERE = '192.0.2.1'

/**
 * One address for every set of these networks that some address is in: from each kind one that no network tells
 * apart from the others of its kind. IPv4 mapped into IPv6 is the same as IPv4.
 */
export function tellingAddresses(networks: readonly BlockList[]): readonly string[] {
  if (networks.length === 0) return [SOMEWHERE]
  const kinds = new Map<string, string>()
  const candidates = [
    SOMEWHERE,
    ...networks.flatMap(({ rules }) => rules.flatMap(bordersOf)),
    '0.0.0.0',
    '::',
  ]
  for (const address of candidates) {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const kind = networks.map(network => (network.check(address, family) ? 1 : 0)).join('')
    if (!kinds.has(kind)) kinds.set(kind, address)
  }
  return [...kinds.values()]
}

/** The second and first address of a rule of Node's BlockList, and the first one behind it. */
function bordersOf(rule: string): readonly string[] {
  const [, version, from = '', prefix] =
    /^(?:Address|Subnet): IPv([46]) ([0-9a-fA-F:.]+)(?:\/(\d+))?$/.exec(rule) ?? []
  if (version === undefined) return []
  const width = version === '4' ? 32 : 128
  const size = 1n << BigInt(width - Number(prefix ?? width))
  const first = (numberOf(from) / size) * size
  const end = 1n << BigInt(width)
  return [first + 1n, first, first + size].filter(number => number < end).map(number => textOf(number, width))
}

function numberOf(address: string): bigint {
  if (!isIPv6(address)) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  // The URL parser writes the last 32 bits as hexadecimal groups, whatever notation they came in.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const last = groups(tail ?? '')
  const zeros = Array<string>(8 - groups(head).length - last.length).fill('0')
  return [...groups(head), ...zeros, ...last].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n)
}

function textOf(address: bigint, width: number): string {
  if (width === 32) return [24n, 16n, 8n, 0n].map(shift => String((address >> shift) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  )
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
