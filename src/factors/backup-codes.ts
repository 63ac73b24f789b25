import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.js'
import type { SealedRecords } from '../store/reseal.js'
import type { Seal } from '../store/seal.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, update } from '../store/store.js'
import { encodeCode, normaliseCode } from './code-text.js'
import type { Factor, FactorOutcome } from './factor.js'

export interface BackupCodesOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** The factor `backup_code`: ten codes on paper for the day the authenticator is lost. Each works once. */
export interface BackupCodes extends Factor {
  /** Makes ten new codes; every older one is dead from then on. They cannot be shown a second time. */
  replace(subject: string): Promise<readonly string[]>
  /** How many are left. */
  remaining(subject: string): Promise<number>
}

/** One record holds the whole set, so that it is replaced, and each code used, in one step. */
interface BackupCodesRecord {
  readonly createdAt: number
  /** A sealed JSON list of hashes, so that who can write to the store cannot plant a code. */
  readonly sealedHashes: string
}

const CODES = 10
/** 80 bits: 16 characters in four groups. The hashes are not salted or slow, but they are sealed. */
const CODE_BYTES = 10
const CODE_CHARACTERS = 16
/** The place of a code that was used, as long as any hash, so that a check always compares ten times. */
const USED = '-'.repeat(43)

const keyOf = (subject: string): RecordKey => ({ kind: 'backup_codes', id: hashSecret(subject) })
const sealContext = (subject: string): string => `backup_codes:${subject}`

/** How sets of backup codes are sealed anew. */
export const BACKUP_CODE_SEALS: SealedRecords = {
  kind: 'backup_codes',
  reseal: ({ value, owner = '' }, anew) => {
    const record = value as BackupCodesRecord
    return { ...record, sealedHashes: anew(record.sealedHashes, sealContext(owner)) }
  },
}

export function createBackupCodes({ store, seal, now, random }: BackupCodesOptions): BackupCodes {
  const normalise = (typed: string): string | undefined => normaliseCode(typed, CODE_CHARACTERS)

  function openHashes(record: BackupCodesRecord | undefined, subject: string): readonly string[] {
    if (record === undefined) return Array.from({ length: CODES }, () => USED)
    const text = seal.open(record.sealedHashes, sealContext(subject))
    if (text === undefined) throw new Error(SEALED_BY_ANOTHER)
    return JSON.parse(text) as readonly string[]
  }

  function verify(subject: string, code: string): Promise<FactorOutcome> {
    const hash = hashSecret(code)
    return update<BackupCodesRecord, FactorOutcome>(store, keyOf(subject), record => {
      const hashes = openHashes(record, subject)
      const left = hashes.map(other => (equal(other, hash) ? USED : other))
      if (record === undefined || left.every((other, index) => other === hashes[index]))
        return { result: { outcome: 'wrong' } }
      const sealedHashes = seal.seal(JSON.stringify(left), sealContext(subject))
      const value: BackupCodesRecord = { ...record, sealedHashes }
      return {
        result: { outcome: 'right' },
        write: { value, options: { expiresAt: undefined, owner: subject } },
      }
    })
  }

  async function remaining(subject: string): Promise<number> {
    const record = await store.get<BackupCodesRecord>(keyOf(subject))
    return openHashes(record?.value, subject).filter(hash => hash !== USED).length
  }

  return {
    method: 'backup_code',
    isReady: async ({ subject }) => (await remaining(subject)) > 0,
    prepare: () => Promise.resolve({ prompt: 'none' }),
    normalise,
    verify: ({ user }, code) => verify(user.subject, code),
    remaining,
    replace: async subject => {
      const codes = Array.from({ length: CODES }, () => encodeCode(random(CODE_BYTES)))
      const hashes = codes.map(code => hashSecret(code.replaceAll('-', '')))
      const sealedHashes = seal.seal(JSON.stringify(hashes), sealContext(subject))
      const record: BackupCodesRecord = { createdAt: now(), sealedHashes }
      await store.put(keyOf(subject), record, { expiresAt: undefined, owner: subject })
      return codes
    },
    remove: subject => store.delete(keyOf(subject)),
  }
}

function equal(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

const SEALED_BY_ANOTHER =
  'The backup codes of a user cannot be opened: they were sealed by another secret. ' +
  'List the previous secret after the current one.'
