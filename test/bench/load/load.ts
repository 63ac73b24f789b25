import { connectionsTo } from './connection.js'
import { loadHttp2 } from './http2-load.js'
import type { Target } from './target.js'

/** What a load of some seconds saw. */
export interface LoadResult {
  readonly requests: number
  readonly seconds: number
}

/**
 * Keeps so many requests under way for some seconds: one on each connection, or with HTTP/2 eight.
 * Rejects at any answer that is not the expected one, and when a connection ends.
 */
export async function load(target: Target, connections: number, seconds: number): Promise<LoadResult> {
  if (target.protocol === 'h2') return loadHttp2(target, connections, seconds)
  const open = connectionsTo(target)
  const started = performance.now()
  const end = started + seconds * 1000
  const counts = await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise<number>((resolve, reject) => {
          let answers = 0
          const connection = open(reject, () => {
            answers += 1
            if (performance.now() < end) connection.send()
            else {
              resolve(answers)
              connection.close()
            }
          })
          connection.send()
        }),
    ),
  )
  return {
    requests: counts.reduce((sum, count) => sum + count, 0),
    seconds: (performance.now() - started) / 1000,
  }
}
