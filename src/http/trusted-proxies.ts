import { isIP } from 'node:net'
import type { BlockList } from 'node:net'

/** Who is at the other end, as far as the gateway believes it. */
export interface Client {
  /** The address of the client: the socket's, or the right-most one that no trusted proxy has. */
  readonly address: string
  /** Whether the client speaks https, to us or to the trusted proxy before us. */
  readonly secure: boolean
  /** The value of `X-Forwarded-For` towards the upstream: the client and the trusted proxies after it. */
  readonly forwardedFor: string
  /** The host that a trusted proxy was asked for; undefined: take the Host header. `null`: it was ambiguous. */
  readonly forwardedHost: string | null | undefined
  /** Whether the other end of the very connection is one of `trusted_proxies`. */
  readonly peerIsTrusted: boolean
}

/** What a peer claims in its headers; each undefined when absent. */
export interface ForwardedClaims {
  readonly forwardedFor: string | undefined
  readonly forwardedProto: string | undefined
  readonly forwardedHost: string | undefined
}

/**
 * Tells the client from the socket and, only when the peer is a trusted proxy, from its `X-Forwarded-*` headers.
 * The list is read from the right: what stands left of the first untrusted hop was written by the client.
 */
export function clientOf(
  socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean },
  claims: ForwardedClaims,
  trusted: BlockList | undefined,
): Client {
  const peer = plainAddress(socket.remoteAddress ?? '')
  const encrypted = socket.encrypted === true
  if (trusted === undefined || !contains(trusted, peer)) {
    return {
      address: peer,
      secure: encrypted,
      forwardedFor: peer,
      forwardedHost: undefined,
      peerIsTrusted: false,
    }
  }
  let address = peer
  let forwardedFor = peer
  let rest = claims.forwardedFor ?? ''
  while (rest !== '') {
    const comma = rest.lastIndexOf(',')
    const hop = plainAddress(rest.slice(comma + 1).trim())
    if (isIP(hop) === 0) break
    address = hop
    forwardedFor = `${hop}, ${forwardedFor}`
    if (!contains(trusted, hop)) break
    rest = rest.slice(0, Math.max(comma, 0))
  }
  return {
    address,
    secure:
      claims.forwardedProto === undefined
        ? encrypted
        : claims.forwardedProto.trim().toLowerCase() === 'https',
    forwardedFor,
    forwardedHost: claims.forwardedHost?.includes(',') === true ? null : claims.forwardedHost,
    peerIsTrusted: true,
  }
}

/** An IPv4 address that a dual-stack socket shows as IPv6 is that IPv4 address. */
function plainAddress(address: string): string {
  return address.startsWith('::') && address.includes('.') ? address.replace(/^::ffff:/i, '') : address
}

/** Most addresses of a list that are remembered; then it begins anew. */
const REMEMBERED = 1000
const remembered = new WeakMap<BlockList, Map<string, boolean>>()

/** The same few proxies send everything, and looking into a list costs more than all else that is read of a request. */
function contains(list: BlockList, address: string): boolean {
  let known = remembered.get(list)
  if (known === undefined) remembered.set(list, (known = new Map<string, boolean>()))
  const before = known.get(address)
  if (before !== undefined) return before
  const family = isIP(address)
  const found = family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
  if (known.size >= REMEMBERED) known.clear()
  if (address.length <= LONGEST_ADDRESS) known.set(address, found)
  return found
}

/** An IPv6 address with an embedded IPv4 address, in characters. Scopes make longer ones. */
const LONGEST_ADDRESS = 45
