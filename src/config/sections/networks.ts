import { BlockList, isIP, isIPv6 } from 'node:net'
import { quote } from '../../documents/problem.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { list, text } from '../settings.js'

const CURE = 'write addresses and networks such as 10.0.0.0/8, 192.0.2.7 or fd00::/8'

/** A list of addresses and networks in CIDR notation. */
export function networkList(description: string) {
  const item = text(
    { description: 'An address, or a network in CIDR notation.' },
    '^[0-9a-fA-F:.]+(/[0-9]{1,3})?$',
    CURE,
  )
  return list({ description, examples: [['10.0.0.0/8']] }, item)
}

/**
 * Reads addresses and networks strictly: no names, no octal or short forms, no bits set behind the prefix.
 * @param smallestPrefix networks with a shorter prefix are refused: they hold strangers
 * @returns undefined when there is none, or when one is wrong, which is then reported
 */
export function readNetworks(
  reading: Reading,
  path: Path,
  written: readonly string[] | undefined,
  smallestPrefix: { readonly ipv4: number; readonly ipv6: number; readonly why: string },
): BlockList | undefined {
  if (written === undefined) return undefined
  const networks = new BlockList()
  let isSound = true
  for (const [index, network] of written.entries()) {
    const fault = addNetwork(networks, network, smallestPrefix)
    if (fault === undefined) continue
    isSound = false
    reading.findings.error([...path, index], fault[0], fault[1])
  }
  return isSound ? networks : undefined
}

function addNetwork(
  networks: BlockList,
  written: string,
  smallest: { readonly ipv4: number; readonly ipv6: number; readonly why: string },
): readonly [message: string, cure: string] | undefined {
  const [address = '', bits] = written.split('/')
  const version = isIP(address)
  if (version === 0) return [`${quote(written)} is not an IP address or network`, CURE]
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (version === 6 && /^[0:]*:ffff:/i.test(address)) {
    return [
      `${quote(written)} is an IPv4 network in IPv6 notation`,
      'write it in IPv4 notation: it holds for both',
    ]
  }
  if (bits === undefined) {
    networks.addAddress(address, family)
    return undefined
  }
  const prefix = Number(bits)
  const width = version === 4 ? 32 : 128
  if (prefix > width || bits !== String(prefix)) {
    return [
      `${quote(`/${bits}`)} is not a prefix of an IPv${version} network`,
      `write a number from 0 to ${width}`,
    ]
  }
  if (prefix < smallest[family]) return [`${quote(written)} ${smallest.why}`, CURE]
  const base = networkAddress(address, prefix)
  if (numberOf(address) !== base) {
    const network = version === 4 ? `${dotted(base)}/${prefix}` : 'the first address of the network'
    return [
      `${quote(written)} names an address inside its network`,
      `write ${network} for the whole network, or ${address} for the one address`,
    ]
  }
  networks.addSubnet(address, prefix, family)
  return undefined
}

/** The address as a number with all bits behind the prefix cleared. */
function networkAddress(address: string, prefix: number): bigint {
  const shift = BigInt((isIPv6(address) ? 128 : 32) - prefix)
  return (numberOf(address) >> shift) << shift
}

function numberOf(address: string): bigint {
  if (!isIPv6(address)) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  // The URL parser writes the last 32 bits as hexadecimal groups, whatever notation they came in.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const first = groups(head)
  const last = groups(tail ?? '')
  const zeros = Array<string>(8 - first.length - last.length).fill('0')
  return [...first, ...zeros, ...last].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n)
}

function dotted(address: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => String((address >> shift) & 255n)).join('.')
}
