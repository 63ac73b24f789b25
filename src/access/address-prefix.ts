import { isIPv4, isIPv6 } from 'node:net'

/**
 * The part of an address that stands for one client: an IPv4 address as a whole, an IPv6 address by its first 64
 * bits, because whoever has one of those has them all. An IPv4 address mapped into IPv6 is that IPv4 address.
 * @returns `unknown` for what is no address: all such clients share one count
 */
export function addressPrefix(address: string): string {
  const [plain = ''] = address.split('%')
  if (isIPv4(plain)) return plain
  if (!isIPv6(plain)) return 'unknown'
  const groups = groupsOf(plain)
  const mapped = groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff
  if (mapped) {
    return groups
      .slice(6)
      .flatMap(group => [group >> 8, group & 0xff])
      .join('.')
  }
  return groups
    .slice(0, 4)
    .map(group => group.toString(16))
    .join(':')
}

/** Whether two addresses stand for one client. */
export function isSameClient(one: string, other: string): boolean {
  return one === other || addressPrefix(one) === addressPrefix(other)
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const dotted = address.slice(address.lastIndexOf(':') + 1)
  const text = isIPv4(dotted) ? address.slice(0, -dotted.length) + asTwoGroups(dotted) : address
  const [head = '', tail] = text.split('::')
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map(group => parseInt(group, 16))
  const before = parse(head)
  if (tail === undefined) return before
  const after = parse(tail)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return [...before, ...zeros, ...after]
}

function asTwoGroups(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}
