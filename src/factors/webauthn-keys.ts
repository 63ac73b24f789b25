import type { Clock } from '../clock.js'
import type { SealedRecords } from '../store/reseal.js'
import type { Seal } from '../store/seal.js'
import { hashSecret } from '../store/secret-hash.js'
import { type RecordKey, type Store, type StoredRecord, update } from '../store/store.js'

/** A security key or passkey, as its owner sees it in a list. */
export interface SecurityKey {
  /** Names the key, for good. It is no secret, and not the credential id. */
  readonly id: string
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Undefined until the first login with it. */
  readonly lastUsedAt: number | undefined
  /** It is synchronised between devices, so it is no proof of one device. */
  readonly synced: boolean
  /** How it can be reached, as the browser said (`usb`, `internal`, …); a hint and no more. */
  readonly transports: readonly string[]
}

/** What an authenticator has made, and for whom. */
interface Credential {
  /** Base64url, as the authenticator gave it. */
  readonly credentialId: string
  /** A COSE key (RFC 9052, section 7) in base64url. */
  readonly publicKey: string
  /** The user handle that it was made for, in base64url. */
  readonly handle: string
  readonly synced: boolean
  readonly transports: readonly string[]
}

/** A credential with its owner and what is known of its use. */
export interface RegisteredKey extends Credential {
  readonly id: string
  readonly subject: string
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt: number | undefined
  /** The signature counter of its last use (WebAuthn Level 3, 6.1.1); 0 where it does not count. */
  readonly counter: number
}

/** Where keys are kept. The key of a record is the hash of the credential id, so that an id has one owner. */
export interface WebAuthnKeys {
  /** The user's handle, 64 random bytes in base64url. It is made at the first call, and stays until `remove`. */
  handleOf(subject: string): Promise<string>
  /** The user's keys, oldest first. */
  ofUser(subject: string): Promise<readonly RegisteredKey[]>
  /** The key with this credential id, whoever owns it. */
  find(credentialId: string): Promise<RegisteredKey | undefined>
  /**
   * Keeps a new key. False when its credential id is registered already, for whomever; when the user has 20 keys;
   * and when the handle is no longer the user's, because all keys were removed meanwhile.
   */
  add(subject: string, name: string, credential: Credential, counter: number): Promise<boolean>
  /**
   * Writes down that the key was used. False when it was removed meanwhile, or when its counter has not grown
   * although it counts: then there is a copy of it (WebAuthn Level 3, 7.2, step 22).
   */
  recordUse(key: RegisteredKey, counter: number): Promise<boolean>
  /** False when the user has no such key. */
  rename(subject: string, id: string, name: string): Promise<boolean>
  /** False when the user has no such key. */
  removeOne(subject: string, id: string): Promise<boolean>
  /** Removes all keys and the handle; also a registration under way comes to nothing. True when there was a key. */
  remove(subject: string): Promise<boolean>
}

export interface WebAuthnKeysOptions {
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

interface KeyRecord {
  readonly subject: string
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
  readonly counter: number
  /** A `Credential`, so that who can write to the store cannot plant a key or give it to somebody else. */
  readonly sealed: string
}

interface HandleRecord {
  readonly sealed: string
  /** The user. Absent in records of earlier versions. */
  readonly user?: string
}

/** Most keys of one user. */
export const MOST_KEYS = 20
/** WebAuthn Level 3, 14.6.1. */
const HANDLE_BYTES = 64

/** The public name of a credential, which is its place in the store too. */
export const keyIdOf = (credentialId: string): string => hashSecret(credentialId)

const HANDLE_PREFIX = 'user:'

const keyOf = (id: string): RecordKey => ({ kind: 'webauthn', id })
const handleKey = (subject: string): RecordKey => ({
  kind: 'webauthn',
  id: `${HANDLE_PREFIX}${hashSecret(subject)}`,
})
const sealContext = (subject: string, id: string): string => `webauthn:${id}:${subject}`

/** How security keys and handles are sealed anew. */
export const WEBAUTHN_KEY_SEALS: SealedRecords = {
  kind: 'webauthn',
  reseal: ({ key, value }, anew, subjectOf) => {
    const record = value as KeyRecord | HandleRecord
    if ('subject' in record)
      return { ...record, sealed: anew(record.sealed, sealContext(record.subject, key.id)) }
    const user = record.user ?? subjectOf(key.id.slice(HANDLE_PREFIX.length)) ?? ''
    return { user, sealed: anew(record.sealed, sealContext(user, 'user')) } satisfies HandleRecord
  },
}

export function createWebAuthnKeys({ store, seal, now, random }: WebAuthnKeysOptions): WebAuthnKeys {
  function open(sealed: string, subject: string, id: string): string {
    const text = seal.open(sealed, sealContext(subject, id))
    if (text === undefined) throw new Error(SEALED_BY_ANOTHER)
    return text
  }

  const records = (subject: string) => store.listByOwner<KeyRecord>('webauthn', subject)
  const openHandle = ({ sealed }: HandleRecord, subject: string): string => open(sealed, subject, 'user')

  async function currentHandle(subject: string): Promise<string | undefined> {
    const record = await store.get<HandleRecord>(handleKey(subject))
    return record && openHandle(record.value, subject)
  }

  function openKey({ key: { id }, value }: StoredRecord<KeyRecord>): RegisteredKey {
    const { subject, name, createdAt, counter, sealed } = value
    const credential = JSON.parse(open(sealed, subject, id)) as Credential
    return { ...credential, id, subject, name, createdAt, lastUsedAt: value.lastUsedAt ?? undefined, counter }
  }

  async function ofUser(subject: string): Promise<readonly RegisteredKey[]> {
    const handle = await currentHandle(subject)
    if (handle === undefined) return []
    return (await records(subject))
      .map(openKey)
      .filter(key => key.handle === handle)
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  }

  /** Changes a key only while it is there and this user's, and never brings it back. */
  function change(
    subject: string,
    id: string,
    next: (current: KeyRecord) => KeyRecord | undefined,
  ): Promise<boolean> {
    return update<KeyRecord, boolean>(store, keyOf(id), current => {
      const value = current?.subject === subject ? next(current) : undefined
      if (value === undefined) return { result: false }
      return { result: true, write: { value, options: { expiresAt: undefined, owner: subject } } }
    })
  }

  async function owns(subject: string, id: string): Promise<boolean> {
    return (await store.get<Partial<KeyRecord>>(keyOf(id)))?.value.subject === subject
  }

  return {
    handleOf: subject =>
      update<HandleRecord, string>(store, handleKey(subject), current => {
        if (current !== undefined) return { result: openHandle(current, subject) }
        const handle = random(HANDLE_BYTES).toString('base64url')
        const value: HandleRecord = {
          user: subject,
          sealed: seal.seal(handle, sealContext(subject, 'user')),
        }
        return { result: handle, write: { value, options: { expiresAt: undefined } } }
      }),
    ofUser,
    find: async credentialId => {
      const record = await store.get<KeyRecord>(keyOf(keyIdOf(credentialId)))
      if (record === undefined) return undefined
      const key = openKey(record)
      // A removal deletes the handle first: from then on every key that was made for it is dead.
      return key.handle === (await currentHandle(key.subject)) ? key : undefined
    },
    add: async (subject, name, credential, counter) => {
      const id = keyIdOf(credential.credentialId)
      const sealed = seal.seal(JSON.stringify(credential), sealContext(subject, id))
      const record: KeyRecord = { subject, name, createdAt: now(), lastUsedAt: null, counter, sealed }
      if ((await records(subject)).length >= MOST_KEYS) return false
      if (!(await store.putIfAbsent(keyOf(id), record, { expiresAt: undefined, owner: subject })))
        return false
      // Looked at again now that it is there: several at once may each have been the twentieth.
      const handle = await currentHandle(subject)
      if (handle === credential.handle && (await records(subject)).length <= MOST_KEYS) return true
      await store.delete(keyOf(id))
      return false
    },
    recordUse: (key, counter) =>
      change(key.subject, key.id, current => {
        if ((counter > 0 || current.counter > 0) && counter <= current.counter) return undefined
        return { ...current, counter, lastUsedAt: now() }
      }),
    rename: (subject, id, name) => change(subject, id, current => ({ ...current, name })),
    removeOne: async (subject, id) => (await owns(subject, id)) && store.delete(keyOf(id)),
    remove: async subject => {
      await store.delete(handleKey(subject))
      const found = await records(subject)
      for (const { key } of found) await store.delete(key)
      return found.length > 0
    },
  }
}

const SEALED_BY_ANOTHER =
  'A security key cannot be opened: it was sealed by another secret. ' +
  'List the previous secret after the current one.'
