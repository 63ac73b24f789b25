/** A map that forgets what has not been asked for lately, so that it never outgrows its bound. */
export interface RecentMap<V> {
  get(key: string): V | undefined
  /** Keeps a value. The key is copied, so that it keeps no longer text alive that it was cut from. */
  set(key: string, value: V): void
}

/**
 * Makes one in two generations: when the younger has `half` keys it becomes the elder, and what the elder held and
 * nobody asked for meanwhile is forgotten.
 */
export function createRecentMap<V>(half: number): RecentMap<V> {
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  const keep = (key: string, value: V): void => {
    if (young.size >= half) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }
  return {
    get(key) {
      const found = young.get(key)
      if (found !== undefined) return found
      const elder = old.get(key)
      if (elder !== undefined) keep(detached(key), elder)
      return elder
    },
    set(key, value) {
      keep(detached(key), value)
    },
  }
}

/** The same text in memory of its own: a text that was cut out of a longer one keeps all of that in memory. */
export function detached(text: string): string {
  const copy = Buffer.from(text, 'latin1').toString('latin1')
  return copy === text ? copy : Buffer.from(text, 'utf16le').toString('utf16le')
}
