import type { Clock } from '../clock.js'
import type { Seal } from '../store/seal.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, update } from '../store/store.js'
import type { Factor, FactorOutcome } from './factor.js'
import { matchTotpCode, normaliseTotpCode } from './totp-code.js'

export interface TotpOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
}

/** An authenticator app, as its owner sees it in a list. */
export interface Authenticator {
  readonly id: string
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Undefined until the first login with it. */
  readonly lastUsedAt: number | undefined
}

/** The factor `totp`: codes of authenticator apps, of which a user may have several. */
export interface Totp extends Factor {
  /** Whether the user has an authenticator. */
  enrolled(subject: string): Promise<boolean>
  list(subject: string): Promise<readonly Authenticator[]>
  /**
   * Keeps the user's first authenticator. Of many callers at once, and as long as there is one, exactly one gets
   * true: a second enrolment that was started earlier cannot slip in.
   * @param usedStep the step of the code that confirmed it, which is thereby used
   */
  enrolFirst(subject: string, authenticator: NewAuthenticator): Promise<boolean>
}

interface NewAuthenticator {
  readonly name: string
  /** Base32. */
  readonly secret: string
  readonly usedStep: number
}

interface AuthenticatorRecord {
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
  /** Only later steps are good: RFC 6238 section 5.2 allows each code once. */
  readonly lastStep: number
  readonly sealedSecret: string
}

const sealContext = (subject: string): string => `totp:${subject}`
const firstKey = (subject: string): RecordKey => ({ kind: 'totp', id: `first:${hashSecret(subject)}` })

export function createTotp({ store, seal, now }: TotpOptions): Totp {
  const records = (subject: string) => store.listByOwner<AuthenticatorRecord>('totp', subject)

  /** Writes the step down before anybody learns that the code was right. */
  function consume(key: RecordKey, subject: string, step: number): Promise<boolean> {
    return update<AuthenticatorRecord, boolean>(store, key, current => {
      if (current === undefined || current.lastStep >= step) return { result: false }
      const value = { ...current, lastStep: step, lastUsedAt: now() }
      return { result: true, write: { value, options: { expiresAt: undefined, owner: subject } } }
    })
  }

  async function verify(subject: string, code: string): Promise<FactorOutcome> {
    let outcome: FactorOutcome = 'wrong'
    for (const { key, value } of await records(subject)) {
      const secret = seal.open(value.sealedSecret, sealContext(subject))
      if (secret === undefined) throw new Error(SEALED_BY_ANOTHER)
      const step = matchTotpCode(secret, code, now())
      if (step === undefined) continue
      if (await consume(key, subject, step)) return 'right'
      outcome = 'used'
    }
    return outcome
  }

  return {
    method: 'totp',
    normalise: normaliseTotpCode,
    verify,
    enrolled: async subject => (await records(subject)).length > 0,
    list: async subject =>
      (await records(subject)).map(({ key, value: { name, createdAt, lastUsedAt } }) => ({
        id: key.id,
        name,
        createdAt,
        lastUsedAt: lastUsedAt ?? undefined,
      })),
    enrolFirst: (subject, { name, secret, usedStep }) => {
      const record: AuthenticatorRecord = {
        name,
        createdAt: now(),
        lastUsedAt: null,
        lastStep: usedStep,
        sealedSecret: seal.seal(secret, sealContext(subject)),
      }
      return store.putIfAbsent(firstKey(subject), record, { expiresAt: undefined, owner: subject })
    },
    remove: async subject => {
      const found = await records(subject)
      for (const { key } of found) await store.delete(key)
      return found.length > 0
    },
  }
}

const SEALED_BY_ANOTHER =
  'The secret of an authenticator cannot be opened: it was sealed by another secret. ' +
  'List the previous secret after the current one.'
