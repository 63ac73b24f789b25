import { addressPrefix } from '../access/address-prefix.js'

/** A connection that outlives the request that opened it: a WebSocket, or a stream of server-sent events. */
export interface LiveStream {
  /** The session that it was opened with; undefined: nobody's. */
  readonly session: string | undefined
  /** The subject who opened it; undefined: nobody. */
  readonly user: string | undefined
  /** The client's IP address after trusted proxies. */
  readonly address: string
  /** Whether the same request would be let in now. */
  readonly mayGoOn: () => Promise<boolean>
  readonly close: () => void
}

/** How many live connections there may be at once, over all apps of one process. */
export interface StreamLimits {
  /** Of one subject, from wherever. */
  readonly perUser: number
  /** From one address prefix (IPv4: the address; IPv6: its /64), whoever opened them. */
  readonly perAddress: number
}

/** The connections that have to end with their session. */
export interface LiveStreams {
  /**
   * Takes a connection in. After `closeAll()` it is closed at once.
   * @returns a function to call when the connection ended by itself; undefined: its user or its address has as many
   * as it may have, and it must not be opened
   */
  add(stream: LiveStream): (() => void) | undefined
  /** Closes what a session holds open, at once. */
  closeSession(reference: string): void
  /** Asks of every connection whether it may go on, and closes those that may not. An error is a no; one round at a time. */
  recheck(): Promise<void>
  /** Closes every connection, now and whenever one is added. */
  closeAll(): void
  readonly size: number
}

/** Makes the list of live connections. The caller rechecks it every few seconds. */
export function createLiveStreams({ perUser, perAddress }: StreamLimits): LiveStreams {
  const streams = new Set<LiveStream>()
  const ofUser = createTally()
  const ofAddress = createTally()
  let over = false
  let checking = false
  const remove = (stream: LiveStream): void => {
    if (!streams.delete(stream)) return
    if (stream.user !== undefined) ofUser.less(stream.user)
    ofAddress.less(addressPrefix(stream.address))
  }
  const end = (stream: LiveStream): void => {
    remove(stream)
    stream.close()
  }
  return {
    add(stream) {
      const { user } = stream
      const prefix = addressPrefix(stream.address)
      if (ofAddress.of(prefix) >= perAddress || (user !== undefined && ofUser.of(user) >= perUser))
        return undefined
      if (over) stream.close()
      else {
        streams.add(stream)
        ofAddress.more(prefix)
        if (user !== undefined) ofUser.more(user)
      }
      return () => {
        remove(stream)
      }
    },
    closeSession(reference) {
      for (const stream of streams) if (stream.session === reference) end(stream)
    },
    async recheck() {
      if (checking) return
      checking = true
      await Promise.all(
        [...streams].map(async stream => {
          if (!(await stream.mayGoOn().catch(() => false))) end(stream)
        }),
      )
      checking = false
    },
    closeAll() {
      over = true
      for (const stream of streams) end(stream)
    },
    get size() {
      return streams.size
    },
  }
}

/** Counts by name. A name whose count is nought takes no room. */
function createTally() {
  const counts = new Map<string, number>()
  const of = (name: string): number => counts.get(name) ?? 0
  return {
    of,
    more: (name: string): void => {
      counts.set(name, of(name) + 1)
    },
    less: (name: string): void => {
      if (of(name) > 1) counts.set(name, of(name) - 1)
      else counts.delete(name)
    },
  }
}
