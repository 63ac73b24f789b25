/**
 * Whether something like this was met lately. It may forget, and hardly ever takes one thing for another: good for
 * deciding what is worth being kept, and for nothing else.
 */
export type MetBefore = (texts: readonly string[]) => boolean

/** A power of two. */
const SLOTS = 262_144

/** Makes one of fixed size (1 MiB) that remembers a hash of each thing (FNV-1a, 32 bits). */
export function createMetBefore(): MetBefore {
  const slots = new Int32Array(SLOTS)
  return texts => {
    let hash = 0x811c9dc5
    for (const text of texts) {
      for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    }
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    if (slots[slot] === hash) return true
    slots[slot] = hash
    return false
  }
}
