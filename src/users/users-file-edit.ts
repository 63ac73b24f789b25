import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
  writeFileSync,
} from 'node:fs'
import { type Document, isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { canonicalUserName } from './user-name.js'

/** The keys that commands write. Undefined leaves a key as it is. */
export interface UserKeys {
  readonly displayname?: string | undefined
  /** A hash. */
  readonly password?: string | undefined
  readonly email?: string | undefined
  readonly groups?: readonly string[] | undefined
  readonly disabled?: boolean | undefined
  readonly phone?: string | undefined
  readonly mfa?: 'enabled' | 'disabled' | undefined
}

/** The new text, or why there is none. */
export type UsersFileEdit =
  | { readonly outcome: 'edited'; readonly text: string }
  | { readonly outcome: 'no_such_user' | 'user_exists' | 'not_a_name' | 'broken_file' }

/** Changes some keys of one user and leaves everything else in the file, comments included; only blanks may move. */
export function setUserKeys(text: string, name: string, keys: UserKeys): UsersFileEdit {
  return edit(text, name, (document, _list, found) => {
    if (found === undefined) return 'no_such_user'
    if (!isMap(found.value)) return 'broken_file'
    setKeys(document, found.value, keys)
    return 'edited'
  })
}

/** Takes one user out, with the comments that stand in the entry. An empty list stays when it was the last. */
export function removeUser(text: string, name: string): UsersFileEdit {
  return edit(text, name, (_document, list, found) => {
    if (found === undefined) return 'no_such_user'
    list.items.splice(list.items.indexOf(found), 1)
    if (list.items.length === 0) list.flow = true
    return 'edited'
  })
}

/** Adds one user at the end. An empty text becomes a file with this user. */
export function addUser(text: string, name: string, keys: UserKeys): UsersFileEdit {
  return edit(text, name, (document, list, found, canonical) => {
    if (found !== undefined) return 'user_exists'
    const user = document.createNode({})
    setKeys(document, user, keys)
    list.set(document.createNode(canonical), user)
    return 'edited'
  })
}

/**
 * Replaces the file in one step: who reads it sees the old text or the new one. Mode and owner stay; a new file is
 * for its owner only. A symbolic link stays and its target is replaced.
 */
export function writeUsersFile(file: string, text: string): void {
  const before = statSync(file, { throwIfNoEntry: false })
  const target = before === undefined ? file : realpathSync(file)
  const draft = `${target}.${randomBytes(6).toString('hex')}`
  const descriptor = openSync(draft, 'wx', 0o600)
  try {
    writeFileSync(descriptor, text)
    if (before !== undefined) keepOwnerAndMode(descriptor, before)
    fsyncSync(descriptor)
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
}

type Editor = (
  document: Document,
  list: YAMLMap,
  found: Pair | undefined,
  canonical: string,
) => UsersFileEdit['outcome']

function edit(text: string, name: string, change: Editor): UsersFileEdit {
  const canonical = canonicalUserName(name)
  if (canonical === undefined) return { outcome: 'not_a_name' }
  const document: Document = parseDocument(text, { merge: false })
  if (document.errors.length > 0 || document.warnings.length > 0) return { outcome: 'broken_file' }
  document.contents ??= document.createNode({})
  if (!isMap(document.contents)) return { outcome: 'broken_file' }
  // Absent, or there without a value.
  const listed = document.contents.get('users') ?? undefined
  if (listed === undefined) document.contents.set('users', document.createNode({}))
  const list = document.contents.get('users')
  if (!isMap(list)) return { outcome: 'broken_file' }
  // `users: {}` would go on as one long line.
  if (list.items.length === 0) list.flow = false
  const found = list.items.find(({ key }) => isScalar(key) && canonicalUserName(nameOf(key)) === canonical)
  const outcome = change(document, list, found, canonical)
  return outcome === 'edited' ? { outcome, text: document.toString({ lineWidth: 0 }) } : { outcome }
}

function nameOf({ value, source }: { readonly value: unknown; readonly source?: string }): string {
  return typeof value === 'string' ? value : (source ?? String(value))
}

function setKeys(document: Document, user: YAMLMap, keys: UserKeys): void {
  for (const [key, value] of Object.entries(keys)) {
    if (value === undefined) continue
    const old = user.get(key, true)
    // Setting the value of the scalar that is there keeps its comment.
    if (isScalar(old) && !Array.isArray(value)) old.value = value
    else user.set(key, document.createNode(value))
  }
}

function keepOwnerAndMode(descriptor: number, before: Stats): void {
  const now = fstatSync(descriptor)
  // Root may edit the file of the account that the gateway runs under.
  if (now.uid !== before.uid || now.gid !== before.gid) fchownSync(descriptor, before.uid, before.gid)
  fchmodSync(descriptor, before.mode & 0o777)
}
