import { connectionsTo } from './connection.js'
import { type LoadResult, type Span, startCount } from './count.js'
import { http2LoadOf } from './http2-load.js'
import type { Target } from './target.js'

/**
 * Keeps so many requests under way: one on each connection, or with HTTP/2 eight. Where the requests of the target come
 * in turn, each load goes on where the last one ended.
 * Rejects at any answer that is not the expected one, and when a connection ends.
 */
export type Load = (connections: number, span: Span) => Promise<LoadResult>

/** Prepares the load of one target. */
export function loadOf(target: Target): Load {
  if (target.protocol === 'h2') return http2LoadOf(target)
  const open = connectionsTo(target)
  return async (connections, span) => {
    const count = startCount(span)
    await Promise.all(
      Array.from(
        { length: connections },
        () =>
          new Promise<void>((resolve, reject) => {
            const connection = open(reject, () => {
              if (count.answered()) connection.send()
              else {
                resolve()
                connection.close()
              }
            })
            connection.send()
          }),
      ),
    )
    return count.result()
  }
}
