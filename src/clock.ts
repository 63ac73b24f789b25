/** Gives the current time in milliseconds since the Unix epoch. The only way the gateway learns the time. */
export type Clock = () => number

/** The machine's clock. Tests pass their own, so that none of them waits. */
export const systemClock: Clock = () => Date.now()

/**
 * The machine's stopwatch: milliseconds since the start of the process, with fractions, never going back. It measures
 * how long something took; what time it is, it does not know.
 */
export const systemStopwatch: Clock = () => performance.now()
