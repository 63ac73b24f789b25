import { type OwnedRecord, RECORD_KINDS, type RecordKind, type Store } from './store.js'

/** What was copied. */
export interface CopiedRecords {
  /** How many records of each kind; none with 0. */
  readonly counts: Readonly<Partial<Record<RecordKind, number>>>
  /** Records that are not in the copy as they are in the source: somebody has changed one of the two meanwhile. */
  readonly differing: number
}

export interface CopyOptions {
  readonly from: Store
  readonly to: Store
  /** Told of each record that was written, by how many there are so far. */
  readonly onCopied: (count: number) => void
}

/** The mark of a store is its own. */
const MOVED = RECORD_KINDS.filter(kind => kind !== 'store_mark')

/** Whether a store holds anything besides its mark. */
export async function hasRecords(store: Store): Promise<boolean> {
  for (const kind of MOVED) {
    for await (const record of store.each(kind)) return record.key.kind === kind
  }
  return false
}

/**
 * Copies every live record from one store to another, with its owner and expiry, and then compares all of them. What
 * is sealed stays as it is, so whoever opens the copy needs the same secret. Records of a kind are held in memory, so
 * that they are written in the order in which they were written first.
 * @throws StoreUnavailable
 */
export async function copyRecords({ from, to, onCopied }: CopyOptions): Promise<CopiedRecords> {
  const counts: Partial<Record<RecordKind, number>> = {}
  let written = 0
  for (const kind of MOVED) {
    const records: OwnedRecord<unknown>[] = []
    for await (const record of from.each(kind)) records.push(record)
    records.sort((a, b) => writtenAt(a) - writtenAt(b))
    for (const { key, value, expiresAt, owner } of records) {
      await to.put(key, value, { expiresAt, owner })
      onCopied((written += 1))
    }
    if (records.length > 0) counts[kind] = records.length
  }
  let differing = 0
  for (const kind of MOVED)
    for await (const record of from.each(kind)) if (!(await isCopied(record, to))) differing += 1
  return { counts, differing }
}

async function isCopied(record: OwnedRecord<unknown>, to: Store): Promise<boolean> {
  const copy = await to.get(record.key)
  return (
    copy !== undefined &&
    copy.expiresAt === record.expiresAt &&
    JSON.stringify(copy.value) === JSON.stringify(record.value)
  )
}

/** Versions begin with a number that grows with every write. */
function writtenAt({ version }: OwnedRecord<unknown>): number {
  return Number.parseInt(version, 10)
}
