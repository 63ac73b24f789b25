import type { Seal } from './seal.js'
import type { OwnedRecord, RecordKind, Store } from './store.js'

/** Seals a text anew for the same context. */
type Anew = (sealed: string, context: string) => string

/** What is sealed in the records of one kind, as the module that owns them knows it. */
export interface SealedRecords {
  readonly kind: RecordKind
  /**
   * Gives the value with every sealed text replaced by what `anew` makes of it.
   * @param subjectOf the subject whose `hashSecret()` this is, where one is known
   */
  readonly reseal: (
    record: OwnedRecord<unknown>,
    anew: Anew,
    subjectOf: (hash: string) => string | undefined,
  ) => unknown
}

export interface ResealOptions {
  readonly store: Store
  /** The first secret is the one to seal with, the others are those to be dropped. */
  readonly seal: Seal
  readonly kinds: readonly SealedRecords[]
  readonly subjectOf: (hash: string) => string | undefined
}

/** How many records of each sort there are. */
export interface Resealed {
  /** They were sealed by another secret, and are sealed by the first one now. */
  readonly anew: number
  /** They were sealed by the first secret already. */
  readonly already: number
  /** None of the secrets opens them; they stay as they are. By kind, none with 0. */
  readonly unopened: Readonly<Partial<Record<RecordKind, number>>>
}

type Outcome = 'anew' | 'already' | 'unopened' | 'gone'

/** A sealed text that none of the secrets opens. */
class NotOpened extends Error {
  override readonly name = 'NotOpened'
}

/**
 * Seals everything in the store anew with the first secret, so that the others can be dropped. Nothing that is written
 * meanwhile is lost, and running it again does no harm.
 */
export async function resealAll({ store, seal, kinds, subjectOf }: ResealOptions): Promise<Resealed> {
  const counts = { anew: 0, already: 0 }
  const unopened: Partial<Record<RecordKind, number>> = {}
  for (const { kind, reseal } of kinds) {
    for await (const record of store.each(kind)) {
      const outcome = await resealOne(store, record, current => {
        const state = { anew: false, sealed: false }
        const value = reseal(
          current,
          (sealed, context) => {
            const text = seal.reseal(sealed, context)
            if (text === undefined) throw new NotOpened()
            state.sealed = true
            state.anew ||= text !== sealed
            return text
          },
          subjectOf,
        )
        return { value, outcome: state.anew ? 'anew' : state.sealed ? 'already' : 'gone' }
      })
      if (outcome === 'unopened') unopened[kind] = (unopened[kind] ?? 0) + 1
      else if (outcome !== 'gone') counts[outcome]++
    }
  }
  return { ...counts, unopened }
}

async function resealOne(
  store: Store,
  first: OwnedRecord<unknown>,
  change: (record: OwnedRecord<unknown>) => { readonly value: unknown; readonly outcome: Outcome },
): Promise<Outcome> {
  let record = first
  for (;;) {
    let changed
    try {
      changed = change(record)
    } catch (error) {
      if (error instanceof NotOpened) return 'unopened'
      throw error
    }
    if (changed.outcome !== 'anew') return changed.outcome
    const { key, version, expiresAt } = record
    // No owner: it stays with the one it has.
    if (await store.compareAndSet(key, version, changed.value, { expiresAt })) return 'anew'
    const current = await store.get(key)
    if (current === undefined) return 'gone'
    record = { ...current, owner: first.owner }
  }
}
