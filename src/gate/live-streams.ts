/** A connection that outlives the request that opened it: a WebSocket, or a stream of server-sent events. */
export interface LiveStream {
  /** The session that it was opened with; undefined: nobody's. */
  readonly session: string | undefined
  /** Whether the same request would be let in now. */
  readonly mayGoOn: () => Promise<boolean>
  readonly close: () => void
}

/** The connections that have to end with their session. */
export interface LiveStreams {
  /** After `closeAll()` it is closed at once. @returns a function to call when the connection ended by itself */
  add(stream: LiveStream): () => void
  /** Closes what a session holds open, at once. */
  closeSession(reference: string): void
  /** Asks of every connection whether it may go on, and closes those that may not. An error is a no; one round at a time. */
  recheck(): Promise<void>
  /** Closes every connection, now and whenever one is added. */
  closeAll(): void
  readonly size: number
}

/** Makes the list of live connections. The caller rechecks it every few seconds. */
export function createLiveStreams(): LiveStreams {
  const streams = new Set<LiveStream>()
  let over = false
  let checking = false
  const end = (stream: LiveStream): void => {
    streams.delete(stream)
    stream.close()
  }
  return {
    add(stream) {
      if (over) stream.close()
      else streams.add(stream)
      return () => streams.delete(stream)
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
