import { isBlock } from '../settings.js'

/** A list of the file, or what holds without it. */
export interface Chosen<T> {
  readonly values: readonly T[]
  /** Whether it stands in the file. */
  readonly isWritten: boolean
}

/**
 * Tells a list that was written from its default. Undefined when it was written wrongly: that has been reported, and
 * rules about the default would only confuse.
 * @param raw the block as it stands in the file
 * @param sound the list, if it is there and fits its schema
 */
export function chosen<T>(
  raw: unknown,
  key: string,
  sound: readonly T[] | undefined,
  usual: readonly T[],
): Chosen<T> | undefined {
  if (sound !== undefined) return { values: sound, isWritten: true }
  const isUnsound = isBlock(raw) ? Object.hasOwn(raw, key) : raw !== undefined
  return isUnsound ? undefined : { values: usual, isWritten: false }
}
