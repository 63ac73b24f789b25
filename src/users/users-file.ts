import { createHash } from 'node:crypto'
import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from 'yaml'
import type { Person } from '../access/identity.js'
import { scanYaml } from '../documents/scan-yaml.js'
import { sourceText } from '../documents/source-text.js'
import { isUsableHash } from './password-hash.js'
import type { DirectoryUser } from './user-directory.js'
import { canonicalUserName } from './user-name.js'

/** What is wrong with a users file, where, and what to write instead. Never holds a password or a hash. */
export interface UsersFileFault {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  readonly message: string
  readonly cure: string
}

/** A user as the file tells it. */
export interface UserRecord extends DirectoryUser {
  /** In international form with a leading `+`; undefined: none. */
  readonly phone: string | undefined
}

/** Every user by canonical name, or every fault in the order of the file. */
export type UsersFile =
  | { readonly ok: true; readonly users: ReadonlyMap<string, UserRecord> }
  | { readonly ok: false; readonly faults: readonly UsersFileFault[] }

/** Ten megabytes are some 30,000 users. */
const LONGEST_FILE = 10_000_000
const OUR_KEYS = ['displayname', 'password', 'email', 'groups', 'disabled', 'phone', 'mfa']
/** What else Authelia has in its file; known and not used here. */
const AUTHELIA_KEYS = new Set(
  (
    'given_name family_name middle_name nickname gender birthdate website profile picture zoneinfo locale ' +
    'phone_number phone_extension address extra'
  ).split(' '),
)
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u

/**
 * Reads a users file: `users:` with, for each name, `displayname`, `password` (a hash), `email`, `groups`,
 * `disabled`, `phone` and `mfa`. A file of Authelia's is one. All faults are told at once.
 * @param text the whole file
 * @param file its name, for the faults
 */
export function readUsersFile(text: string, file: string): UsersFile {
  if (text.length > LONGEST_FILE) {
    const message = 'The file is larger than 10 MB.'
    return {
      ok: false,
      faults: [{ file, line: 1, column: 1, message, cure: 'Check that this is the users file.' }],
    }
  }
  const source = sourceText(file, text)
  const refused = scanYaml(source, 'allowed')
  if (refused !== undefined) return { ok: false, faults: [refused] }

  const faults: UsersFileFault[] = []
  const tell: Tell = (offset, message, cure) =>
    faults.push({ file, ...source.placeOf(offset), message, cure })
  const users = new Map<string, UserRecord>()
  const document = parse(text, tell)
  if (document !== undefined) readUsers(document, tell, users)
  if (faults.length === 0) return { ok: true, users }
  return { ok: false, faults: faults.sort((a, b) => a.line - b.line || a.column - b.column) }
}

type Tell = (offset: number, message: string, cure: string) => void

function parse(text: string, tell: Tell): Document | undefined {
  const document = parseDocument(text, { merge: false, uniqueKeys: true, prettyErrors: false })
  const wrong = [...document.errors, ...document.warnings]
  for (const { pos, message } of wrong) tell(pos[0], message, 'Correct the YAML at this place.')
  return wrong.length === 0 ? document : undefined
}

function readUsers(document: Document, tell: Tell, users: Map<string, UserRecord>): void {
  const shape = 'Write `users:` and below it, indented, one entry for each user.'
  const root = document.contents
  if (!isMap(root)) {
    tell(offsetOf(root), 'There are no users here.', shape)
    return
  }
  for (const pair of root.items) {
    const key = textOf(pair.key)
    if (key !== 'users') tell(offsetOf(pair.key), `The key ${show(key)} is not known here.`, shape)
  }
  const list = resolve(document, root.get('users', true))
  if (!isMap(list)) {
    tell(offsetOf(root), 'There are no users here.', shape)
    return
  }
  for (const pair of list.items) {
    const user = readUser(document, pair, tell)
    if (user === undefined) continue
    if (users.has(user.person.subject)) {
      const message = `The user ${show(user.person.subject)} is there twice.`
      tell(offsetOf(pair.key), message, 'Upper and lower case are one name: keep one of the entries.')
    }
    users.set(user.person.subject, user)
  }
}

function readUser(document: Document, pair: Pair, tell: Tell): UserRecord | undefined {
  const written = textOf(pair.key)
  const subject = canonicalUserName(written ?? '')
  if (subject === undefined) {
    const cure = 'A name has 1 to 256 characters, all of them visible.'
    tell(offsetOf(pair.key), `${show(written)} cannot be a user name.`, cure)
    return undefined
  }
  const fields = resolve(document, pair.value)
  if (!isMap(fields)) {
    tell(offsetOf(pair.key), `The user ${show(subject)} has no entries.`, 'Give at least `password`.')
    return undefined
  }
  const read = createFieldReader(document, fields, tell)
  read.refuseUnknown()
  const passwordHash = read.passwordHash(offsetOf(pair.key))
  const person = {
    subject,
    displayName: read.text('displayname') ?? subject,
    email: read.email(),
    groups: read.groups(),
    mfa: read.mfa(),
  }
  const phone = read.phone()
  const disabled = read.disabled()
  return { person, passwordHash, passwordVersion: versionOf(passwordHash), disabled, phone }
}

/** Reads the entries of one user; what is wrong is told, and something harmless given. */
function createFieldReader(document: Document, fields: YAMLMap, tell: Tell) {
  const find = (key: string): unknown => resolve(document, fields.get(key, true))

  const text = (key: string): string | undefined => {
    const node = find(key)
    const value = textOf(node)
    if (value === undefined && node !== undefined && !isEmpty(node)) {
      tell(offsetOf(node), `\`${key}\` is not a text.`, 'Write one value, in quotes if in doubt.')
    }
    if (value !== undefined && CONTROL.test(value)) {
      tell(offsetOf(node), `\`${key}\` has a control character or a line break.`, 'Remove it.')
      return undefined
    }
    return value
  }
  const matching = (key: string, shape: RegExp, cure: string): string | undefined => {
    const value = text(key)
    if (value === undefined || shape.test(value)) return value
    tell(offsetOf(find(key)), `\`${key}\` is not what it should be.`, cure)
    return undefined
  }

  return {
    text,
    email: () => matching('email', /^[^\s@,]+@[^\s@,]+$/, 'Write one address, such as alice@example.com.'),
    phone: () =>
      matching('phone', /^\+[0-9]{7,15}$/, "Write it in international form, such as '+4930123456'."),
    mfa: (): Person['mfa'] =>
      matching('mfa', /^(enabled|disabled)$/, 'Write `enabled` or `disabled`.') === 'disabled'
        ? 'disabled'
        : 'enabled',
    disabled: () => matching('disabled', /^(true|false)$/, 'Write `true` or `false`.') === 'true',
    passwordHash: (userOffset: number): string => {
      const node = find('password')
      const hash = textOf(node)
      if (hash !== undefined && isUsableHash(hash)) return hash
      tell(
        node === undefined ? userOffset : offsetOf(node),
        hash === undefined ? 'There is no `password`.' : '`password` is not a hash that can be used.',
        'It is an argon2id, bcrypt, scrypt, pbkdf2 or `$6$` hash, never the password itself; ' +
          '`gatehouse users passwd` writes one.',
      )
      return ''
    },
    groups: (): readonly string[] => {
      const node = find('groups')
      if (node === undefined || isEmpty(node)) return []
      if (!isSeq(node)) {
        tell(offsetOf(node), '`groups` is not a list.', 'Write [ops, staff], or one `- ops` a line.')
        return []
      }
      const groups = new Set<string>()
      for (const item of node.items) {
        const group = textOf(resolve(document, item))
        if (group === undefined || group.trim() === '' || CONTROL.test(group) || group.includes(',')) {
          tell(
            offsetOf(item),
            'This is not a group name.',
            'A group name has no comma and no control character.',
          )
        } else {
          groups.add(group)
        }
      }
      return [...groups]
    },
    refuseUnknown: (): void => {
      for (const { key } of fields.items) {
        const name = textOf(key) ?? ''
        if (OUR_KEYS.includes(name) || AUTHELIA_KEYS.has(name)) continue
        tell(offsetOf(key), `The key ${show(name)} is not known here.`, `A user has ${OUR_KEYS.join(', ')}.`)
      }
    },
  }
}

function resolve(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

/** A scalar as it was written, so that `+49…` and `0123` stay what they are. Undefined for nothing and blank. */
function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined
  const text = typeof node.value === 'string' ? node.value : (node.source ?? JSON.stringify(node.value))
  return text === '' ? undefined : text
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && (node.value === null || node.value === '')
}

function offsetOf(node: unknown): number {
  const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined
  return range?.[0] ?? 0
}

/** In quotes, cut, and with everything spelled out that a terminal would hide or obey. */
function show(text: string | undefined): string {
  const quoted = JSON.stringify((text ?? '').slice(0, 60))
  return quoted.replace(HIDDEN, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

function versionOf(hash: string): string {
  return createHash('sha256').update(hash).digest('base64url').slice(0, 16)
}
