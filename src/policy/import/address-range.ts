import { isIP } from 'node:net'

/** A network, or one address. */
export interface AddressRange {
  readonly family: 4 | 6
  /** The first address. */
  readonly first: bigint
  /** How many bits all its addresses share. */
  readonly bits: number
}

/**
 * Reads `192.0.2.7`, `10.0.0.0/8` and their like of IPv6. Bits behind the prefix are ignored, as everywhere; IPv4
 * in the notation of IPv6 is IPv4.
 * @returns undefined for what is neither
 */
export function readRange(text: string): AddressRange | undefined {
  const [address = '', prefix, more] = text.trim().split('/')
  const family = isIP(address)
  if ((family !== 4 && family !== 6) || more !== undefined || address.includes('%')) return undefined
  const width = family === 4 ? 32 : 128
  const bits = prefix === undefined ? width : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : -1
  if (bits < 0 || bits > width) return undefined
  const number = numberOf(address, family)
  if (family === 6 && bits >= 96 && number >> 32n === 0xffffn)
    return masked(4, number & 0xffffffffn, bits - 96)
  return masked(family, number, bits)
}

/** Whether one of these networks has every address of another. */
export function coversRange(networks: readonly AddressRange[], other: AddressRange): boolean {
  return networks.some(one => one.bits <= other.bits && overlaps(one, other))
}

/** Whether two networks have an address in common. */
export function overlaps(one: AddressRange, other: AddressRange): boolean {
  if (one.family !== other.family) return false
  const shift = BigInt(widthOf(one) - Math.min(one.bits, other.bits))
  return one.first >> shift === other.first >> shift
}

/** The network as routes have it. One that holds every address is written as its two halves. */
export function writeRange(range: AddressRange): readonly string[] {
  const { family, first, bits } = range
  if (bits === 0) {
    const half = { ...range, bits: 1 }
    return [half, { ...half, first: 1n << BigInt(widthOf(range) - 1) }].flatMap(writeRange)
  }
  const address = writeAddress(family, first)
  return [bits === widthOf(range) ? address : `${address}/${bits}`]
}

/** An address inside the network: its first. */
export function addressIn({ family, first }: AddressRange): string {
  return writeAddress(family, first)
}

/** The address right behind the network; undefined when there is none. */
export function addressBehind(range: AddressRange): string | undefined {
  const next = range.first + (1n << BigInt(widthOf(range) - range.bits))
  return next >> BigInt(widthOf(range)) === 0n ? writeAddress(range.family, next) : undefined
}

/** Whether an address is in one of these networks. */
export function isIn(networks: readonly AddressRange[], address: string): boolean {
  const range = readRange(address)
  return range !== undefined && coversRange(networks, range)
}

function masked(family: 4 | 6, number: bigint, bits: number): AddressRange {
  const shift = BigInt((family === 4 ? 32 : 128) - bits)
  return { family, first: (number >> shift) << shift, bits }
}

function widthOf({ family }: AddressRange): number {
  return family === 4 ? 32 : 128
}

function numberOf(address: string, family: 4 | 6): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  // The URL parser writes the last 32 bits as hexadecimal groups, whatever notation they came in.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const before = groups(head)
  const after = groups(tail ?? '')
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n)
}

function writeAddress(family: 4 | 6, number: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map(shift => String((number >> shift) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((number >> BigInt(16 * (7 - index))) & 0xffffn).toString(16),
  )
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
