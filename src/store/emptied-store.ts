import { type RecordKey, type RecordKind, type Store, StoreUnavailable } from './store.js'

export interface EmptiedStoreOptions {
  readonly store: Store
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** What decides whether somebody has a second factor, or may enrol the first one. */
const DECIDING: ReadonlySet<RecordKind> = new Set([
  'account',
  'backup_codes',
  'knowledge_questions',
  'totp',
  'webauthn',
] as const)

/** What is ended, so that nobody comes in by it any more. */
const ENDED: ReadonlySet<RecordKind> = new Set([
  'api_token',
  'refresh_token',
  'remembered_device',
  'session',
] as const)

const MARK: RecordKey = { kind: 'store_mark', id: 'mark' }
const MARK_BYTES = 16

/**
 * Refuses logins once the store was emptied behind the gateway's back, by FLUSHALL or by a server that keeps nothing
 * on the disk: everybody would be without a second factor then, and whoever knows a password could enrol their own.
 * A mark in the store tells: it is made when there is none at first, and after that it must stay the same. It is read
 * after what it vouches for, each time. A store that is filled from a backup has its old mark, and is good again;
 * otherwise the operator restarts the gateway, which takes the store as it is.
 *
 * An end that finds nothing to end is refused as well: nobody knows whether a backup brings it back, so it must not be
 * answered as done.
 * @returns the same store, which throws `StoreUnavailable` for those reads and ends
 */
export function refuseWhenEmptied({ store, random }: EmptiedStoreOptions): Store {
  let known: string | undefined

  async function check(): Promise<void> {
    const found = (await store.get<string>(MARK))?.value
    if (known === undefined) known = found ?? (await makeMark())
    else if (found !== known)
      throw new StoreUnavailable(
        'The store was emptied while the gateway ran, so nobody can log in: everybody would be without a second ' +
          'factor. Restore it from a backup, or restart every gateway to begin with an empty one.',
      )
  }

  async function makeMark(): Promise<string | undefined> {
    const mark = random(MARK_BYTES).toString('base64url')
    if (await store.putIfAbsent(MARK, mark, { expiresAt: undefined })) return mark
    return (await store.get<string>(MARK))?.value
  }

  const checked = async <R>(kind: RecordKind, reading: Promise<R>): Promise<R> => {
    const read = await reading
    if (DECIDING.has(kind)) await check()
    return read
  }

  const ending = async <R>(
    kind: RecordKind,
    end: Promise<R>,
    isNothing: (ended: R) => boolean,
  ): Promise<R> => {
    const ended = await end
    if (ENDED.has(kind) && isNothing(ended)) await check()
    return ended
  }

  return {
    ...store,
    take: <T>(key: RecordKey) => ending(key.kind, store.take<T>(key), value => value === undefined),
    delete: key => ending(key.kind, store.delete(key), found => !found),
    get: key => checked(key.kind, store.get(key)),
    listByOwner: (kind, owner) => checked(kind, store.listByOwner(kind, owner)),
  }
}
