import type { Logger } from 'pino'
import type { Clock } from '../clock.js'

/** Finds out when the machine's clock is set to another time: codes, sessions and certificates go by it. */
export interface ClockWatch {
  /** Compares the clock with the stopwatch. To be called every few seconds: a clock may be slewed slowly for hours. */
  look(): void
  /** `jumped`: within the last ten minutes. */
  state(): 'steady' | 'jumped'
  /** How often it jumped since the start. */
  jumps(): number
}

export interface ClockWatchOptions {
  readonly now: Clock
  /** Milliseconds since any fixed moment, never going back. */
  readonly elapsed: Clock
  readonly log: Logger
}

/** By how much the clock must differ from what the stopwatch expects, in milliseconds. */
const JUMP = 1_000
/** For how long a jump is told, in milliseconds. */
const TELL_FOR = 600_000

/** Begins to watch. */
export function createClockWatch({ now, elapsed, log }: ClockWatchOptions): ClockWatch {
  let ahead = now() - elapsed()
  let jumpedAt: number | undefined
  let jumps = 0
  return {
    look() {
      const before = ahead
      ahead = now() - elapsed()
      if (Math.abs(ahead - before) < JUMP) return
      jumps += 1
      jumpedAt = elapsed()
      log.warn({ seconds: Math.round((ahead - before) / 1000) }, 'the clock of this machine was set')
    },
    state: () => (jumpedAt !== undefined && elapsed() - jumpedAt < TELL_FOR ? 'jumped' : 'steady'),
    jumps: () => jumps,
  }
}
