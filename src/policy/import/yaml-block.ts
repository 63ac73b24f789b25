/** Keys with values of which nothing is known yet. */
export type Block = Readonly<Record<string, unknown>>

/** A value as a block of keys; what is none has no keys. */
export function asBlock(value: unknown): Block {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Block) : {}
}
