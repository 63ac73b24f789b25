/** Gives the current time in milliseconds since the Unix epoch. The only way the gateway learns the time. */
export type Clock = () => number

/** The machine's clock. Tests pass their own, so that none of them waits. */
export const systemClock: Clock = () => Date.now()
