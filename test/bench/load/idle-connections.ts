import { connectionsTo, type LoadConnection } from './connection.js'
import type { Target } from './target.js'

/** Connections that are being opened at the same time: fewer than wait to be accepted at most. */
const AT_ONCE = 200

/** Opens so many connections, each of which has had one answer and stays. Gives what closes them. */
export async function openIdle(target: Target, count: number): Promise<() => void> {
  const open = connectionsTo(target)
  const all: LoadConnection[] = []
  async function openInTurn(): Promise<void> {
    while (all.length < count) {
      await new Promise<void>((resolve, reject) => {
        const connection = open(reject, resolve)
        all.push(connection)
        connection.send()
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, openInTurn))
  return () => {
    for (const connection of all) connection.close()
  }
}
