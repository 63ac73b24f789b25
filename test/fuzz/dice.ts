/** Chance that can be repeated: the same seed and number give the same throws. */
export interface Dice {
  /** A whole number from 0 up to, and without, the limit. */
  readonly below: (limit: number) => number
  /** True as often as the probability says, from 0 to 1. */
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(from: readonly [T, ...T[]]) => T
  /** So many throws of one kind. */
  readonly times: <T>(count: number, one: () => T) => readonly T[]
}

/** Makes the dice of one input. Each input has its own, so that its number alone repeats it. */
export function diceFor(seed: number, number: number): Dice {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35)
  // Mulberry32: 32 bits of state are enough where nobody has to be surprised.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    chance: probability => next() < probability,
    pick: from => from[below(from.length)] ?? from[0],
    times: (count, one) => Array.from({ length: count }, one),
  }
}
