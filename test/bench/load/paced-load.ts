import type { OpenConnection } from './connection.js'

/**
 * Sends so many requests a second over HTTP/1.1, each at its time, whether or not those before it are answered: what
 * waits in the subject is in the times. At most `connections` at once; what finds none free waits, and that is in its
 * time, too.
 * @returns milliseconds of each request, from the moment at which it was due, the shortest first
 */
export async function loadAtRate(
  openConnection: OpenConnection,
  rate: number,
  seconds: number,
  connections = 256,
): Promise<readonly number[]> {
  const total = Math.round(rate * seconds)
  const times: number[] = []
  const free: { readonly send: (due: number) => void; readonly close: () => void }[] = []
  const late: number[] = []
  await new Promise<void>((resolve, reject) => {
    let opened = 0
    function open(): void {
      opened += 1
      let due = 0
      const connection = openConnection(reject, () => {
        times.push(performance.now() - due)
        const next = late.shift()
        if (next !== undefined) own.send(next)
        else free.push(own)
        if (times.length === total) resolve()
      })
      const own = {
        send: (at: number): void => {
          due = at
          connection.send()
        },
        close: () => connection.close(),
      }
      free.push(own)
    }
    const started = performance.now()
    let sent = 0
    const turn = (): void => {
      const now = performance.now()
      for (; sent < total && started + (sent * 1000) / rate <= now; sent += 1) {
        const due = started + (sent * 1000) / rate
        if (free.length === 0 && opened < connections) open()
        const connection = free.pop()
        if (connection === undefined) late.push(due)
        else connection.send(due)
      }
      if (sent < total) setTimeout(turn, 1)
    }
    turn()
  })
  for (const connection of free) connection.close()
  return times.sort((a, b) => a - b)
}

/** The time within which such a share of the requests was answered; `times` as `loadAtRate()` gives them. */
export function timeAt(times: readonly number[], share: number): number {
  return times[Math.floor(times.length * share)] ?? Number.NaN
}
