/** One wait for another side. Begun and ended many times; begun again, it starts anew. */
export interface Wait {
  /** From now on it lasts so long at most, in milliseconds. */
  readonly begin: (milliseconds: number) => void
  readonly end: () => void
}

/** Watches the waits of many requests. */
export interface Waits {
  /**
   * Makes a wait that has not begun.
   * @param onLate called when it has lasted too long; up to `GRAIN` milliseconds after that
   */
  readonly prepare: (onLate: () => void) => Wait
}

/** How often is looked, in milliseconds. */
const GRAIN = 250

interface Lasting {
  /** The look at which it has lasted too long. */
  until: number
  /** Its place among those that last; undefined: it has not begun, or is over. */
  place: number | undefined
  readonly onLate: () => void
}

/**
 * Makes a watch. One timer serves all waits: a timer for each would cost more than all that the gateway decides about a
 * request. Time in which the process was busy does not count against the other side.
 */
export function createWaits(): Waits {
  // No Set: as entries come and go it leaves a chain of tables, in which what is over outlives small collections.
  const lasting: Lasting[] = []
  let looks = 0
  let timer: NodeJS.Timeout | undefined

  function end(wait: Lasting): void {
    if (wait.place === undefined) return
    const last = lasting.pop()
    if (last !== undefined && last !== wait) {
      lasting[wait.place] = last
      last.place = wait.place
    }
    wait.place = undefined
  }

  function look(): void {
    looks += 1
    for (const wait of lasting.filter(({ until }) => until <= looks)) {
      end(wait)
      wait.onLate()
    }
    if (lasting.length > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    prepare: onLate => {
      const wait: Lasting = { until: 0, place: undefined, onLate }
      return {
        begin: milliseconds => {
          wait.until = looks + 1 + Math.ceil(milliseconds / GRAIN)
          wait.place ??= lasting.push(wait) - 1
          timer ??= setInterval(look, GRAIN).unref()
        },
        end: () => {
          end(wait)
        },
      }
    },
  }
}
