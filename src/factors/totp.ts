import type { Clock } from '../clock.js'
import type { SealedRecords } from '../store/reseal.js'
import type { Seal } from '../store/seal.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, type StoredRecord, update } from '../store/store.js'
import type { Factor, FactorOutcome } from './factor.js'
import { cleanFactorName } from './factor-name.js'
import { matchTotpCode, normaliseTotpCode, totpChance, type TotpParameters, USUAL_TOTP } from './totp-code.js'

export interface TotpOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  /** How new authenticators compute their codes. Those that exist keep what they were made with. */
  readonly parameters: TotpParameters
}

/** An authenticator app, as its owner sees it in a list. */
export interface Authenticator {
  /** Names it, for good: no other one ever has this name. It opens nothing. */
  readonly id: string
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Undefined until the first login with it. */
  readonly lastUsedAt: number | undefined
  /** How many its codes have. */
  readonly digits: TotpParameters['digits']
}

/** The factor `totp`: codes of authenticator apps, of which a user may have up to ten. */
export interface Totp extends Factor {
  /** Whether the user has an authenticator. */
  enrolled(subject: string): Promise<boolean>
  /** Oldest first. */
  list(subject: string): Promise<readonly Authenticator[]>
  /**
   * Keeps the user's first authenticator. Of many callers at once, and as long as there is one, exactly one gets
   * true: a second enrolment that was started earlier cannot slip in, also not when the first one was removed and
   * others stay. Once all are gone it can be used again: whether it may be is for the caller to know.
   */
  enrolFirst(subject: string, authenticator: NewAuthenticator): Promise<boolean>
  /**
   * Keeps one more. False when the user has ten or has this one already, also when several come at once, and when
   * all were removed meanwhile. Its name is cleaned: control characters go, at most 64 characters stay, and an empty one gets a
   * default.
   */
  add(subject: string, authenticator: NewAuthenticator): Promise<boolean>
  /** False when the user has no such authenticator, or when nothing is left of the name. */
  rename(subject: string, id: string, name: string): Promise<boolean>
  /** Of many callers at once exactly one gets true. False when the user has no such authenticator. */
  removeOne(subject: string, id: string): Promise<boolean>
}

interface NewAuthenticator {
  readonly name: string
  /** Base32. */
  readonly secret: string
  /** The step of the code that confirmed it, which is thereby used. */
  readonly usedStep: number
}

interface AuthenticatorRecord {
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
  /** Only later steps are good: RFC 6238 section 5.2 allows each code once. */
  readonly lastStep: number
  readonly sealedSecret: string
  /** Its name for good, once it was sealed anew. Absent: that of the seal. */
  readonly id?: string
  /** Absent: the usual ones. */
  readonly parameters?: TotpParameters
}

/** Stays in the place of an authenticator that was removed. */
interface RemovedRecord {
  readonly removedAt: number
}

/**
 * What lies in one of a user's ten places. The first place is special: it is filled before all others, and empty
 * again only after an operator's reset, so that of all who want to enrol the first authenticator one does.
 */
type Place = AuthenticatorRecord | RemovedRecord

/** Most authenticators of one user. */
export const MOST_AUTHENTICATORS = 10
const DEFAULT_NAME = 'Authenticator app'

const sealContext = (subject: string): string => `totp:${subject}`
const firstKey = (subject: string): RecordKey => ({ kind: 'totp', id: `first:${hashSecret(subject)}` })
const placeKey = (subject: string, place: number): RecordKey =>
  place === 1 ? firstKey(subject) : { kind: 'totp', id: `${String(place)}:${hashSecret(subject)}` }

const isTaken = (place: Place | undefined): place is AuthenticatorRecord =>
  place !== undefined && !('removedAt' in place)

/** Not the place: that gets another authenticator one day. A seal is never made twice. */
const idOf = ({ id, sealedSecret }: AuthenticatorRecord): string =>
  id ?? hashSecret(sealedSecret).slice(0, 22)

/** How the secrets of authenticators are sealed anew. */
export const TOTP_SEALS: SealedRecords = {
  kind: 'totp',
  reseal: ({ value, owner = '' }, anew) => {
    const place = value as Place
    if (!isTaken(place)) return place
    const sealedSecret = anew(place.sealedSecret, sealContext(owner))
    return { ...place, sealedSecret, id: idOf(place) } satisfies AuthenticatorRecord
  },
}

export function createTotp({ store, seal, now, parameters }: TotpOptions): Totp {
  async function authenticators(subject: string): Promise<readonly StoredRecord<AuthenticatorRecord>[]> {
    const places = await store.listByOwner<Place>('totp', subject)
    // Always in the same order, whatever was written last.
    return places
      .filter((place): place is StoredRecord<AuthenticatorRecord> => isTaken(place.value))
      .sort((a, b) => a.value.createdAt - b.value.createdAt || (a.key.id < b.key.id ? -1 : 1))
  }

  /** Changes an authenticator only while it is the one that lies in this place. */
  function change(
    subject: string,
    { key, value }: StoredRecord<AuthenticatorRecord>,
    to: (current: AuthenticatorRecord) => Place | undefined,
  ): Promise<boolean> {
    return update<Place, boolean>(store, key, current => {
      const same = isTaken(current) && idOf(current) === idOf(value)
      const changed = same ? to(current) : undefined
      if (changed === undefined) return { result: false }
      return { result: true, write: { value: changed, options: { expiresAt: undefined, owner: subject } } }
    })
  }

  async function changeNamed(
    subject: string,
    id: string,
    to: (current: AuthenticatorRecord) => Place,
  ): Promise<boolean> {
    const named = (await authenticators(subject)).find(({ value }) => idOf(value) === id)
    return named !== undefined && change(subject, named, to)
  }

  function open({ sealedSecret }: AuthenticatorRecord, subject: string): string {
    const secret = seal.open(sealedSecret, sealContext(subject))
    if (secret === undefined) throw new Error(SEALED_BY_ANOTHER)
    return secret
  }

  async function verify(subject: string, code: string): Promise<FactorOutcome> {
    const matches = (await authenticators(subject)).flatMap(authenticator => {
      const { value } = authenticator
      const step = matchTotpCode(open(value, subject), code, now(), value.parameters ?? USUAL_TOTP)
      return step === undefined ? [] : [{ authenticator, step }]
    })
    if (matches.length === 0) return { outcome: 'wrong' }
    // Two of them may show the same code. It is used for both, and all callers come to them in the same order, so
    // whoever is first at the first one is first at all.
    for (const { authenticator, step } of matches) {
      // The step is written down before anybody learns that the code was right.
      const consumed = await change(subject, authenticator, current =>
        current.lastStep < step ? { ...current, lastStep: step, lastUsedAt: now() } : undefined,
      )
      if (!consumed) return { outcome: 'used' }
    }
    return { outcome: 'right' }
  }

  const recordOf = (subject: string, { name, secret, usedStep }: NewAuthenticator): AuthenticatorRecord => ({
    name,
    createdAt: now(),
    lastUsedAt: null,
    lastStep: usedStep,
    sealedSecret: seal.seal(secret, sealContext(subject)),
    parameters,
  })

  /** Puts an authenticator into a place that is empty or was left. Otherwise gives the one that lies there. */
  function fill(
    subject: string,
    key: RecordKey,
    value: AuthenticatorRecord,
  ): Promise<AuthenticatorRecord | undefined> {
    return update<Place, AuthenticatorRecord | undefined>(store, key, current =>
      isTaken(current)
        ? { result: current }
        : { result: undefined, write: { value, options: { expiresAt: undefined, owner: subject } } },
    )
  }

  return {
    method: 'totp',
    isReady: async ({ subject }) => (await authenticators(subject)).length > 0,
    prepare: () => Promise.resolve({ prompt: 'none' }),
    normalise: normaliseTotpCode,
    chance: async subject =>
      (await authenticators(subject)).reduce((sum, { value }) => sum + totpChance(value.parameters), 0),
    verify: ({ user }, code) => verify(user.subject, code),
    enrolled: async subject => (await authenticators(subject)).length > 0,
    list: async subject =>
      (await authenticators(subject)).map(({ value }) => ({
        id: idOf(value),
        name: value.name,
        createdAt: value.createdAt,
        lastUsedAt: value.lastUsedAt ?? undefined,
        digits: (value.parameters ?? USUAL_TOTP).digits,
      })),

    enrolFirst: async (subject, authenticator) => {
      const key = firstKey(subject)
      const record = recordOf(subject, authenticator)
      const options = { expiresAt: undefined, owner: subject }
      const first = await store.get<Place>(key)
      // Whoever comes after this look, with one to add, fills the same place.
      if ((await authenticators(subject)).length > 0) return false
      return first === undefined
        ? store.putIfAbsent(key, record, options)
        : store.compareAndSet(key, first.version, record, options)
    },

    add: async (subject, authenticator) => {
      const name = cleanFactorName(authenticator.name) || DEFAULT_NAME
      const record = recordOf(subject, { ...authenticator, name })
      const isSame = (other: AuthenticatorRecord): boolean => open(other, subject) === authenticator.secret
      if ((await authenticators(subject)).some(({ value }) => isSame(value))) return false
      for (let place = 1; place <= MOST_AUTHENTICATORS; place++) {
        const key = placeKey(subject, place)
        const other = await fill(subject, key, record)
        // A form that was sent twice comes here twice, and passes the place that the first one filled.
        if (other !== undefined && isSame(other)) return false
        if (other !== undefined) continue
        if (place === 1 || (await store.get(firstKey(subject))) !== undefined) return true
        // All were removed at this moment, and this one was too late to be seen.
        await store.delete(key)
        return false
      }
      return false
    },

    rename: async (subject, id, typed) => {
      const name = cleanFactorName(typed)
      return name !== '' && changeNamed(subject, id, current => ({ ...current, name }))
    },
    removeOne: (subject, id) => changeNamed(subject, id, () => ({ removedAt: now() })),
    remove: async subject => {
      // The first place before the others are listed, so that `add()` can tell.
      const first = await store.take<Place>(firstKey(subject))
      const others = await store.listByOwner<Place>('totp', subject)
      for (const { key } of others) await store.delete(key)
      return isTaken(first) || others.some(({ value }) => isTaken(value))
    },
  }
}

const SEALED_BY_ANOTHER =
  'The secret of an authenticator cannot be opened: it was sealed by another secret. ' +
  'List the previous secret after the current one.'
