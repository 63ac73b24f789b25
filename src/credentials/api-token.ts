import { parsePathPattern } from '../access/path-pattern.js'

/** Whose a token is. A machine has no account: the name of the token is its name. */
export type ApiTokenOwner = { readonly kind: 'machine' } | { readonly kind: 'user'; readonly subject: string }

/** A token as it is kept. Nothing of it opens anything. Times are milliseconds since the epoch. */
export interface ApiToken {
  /** The public name, for listing and ending it, for assertions and logs. */
  readonly reference: string
  /** A machine's: its name, the subject under which upstreams know it. A user's: what the user calls the token. */
  readonly name: string
  readonly owner: ApiTokenOwner
  readonly scopes: readonly string[]
  /** Names of apps. Undefined: any. */
  readonly apps: readonly string[] | undefined
  /** Path patterns as in routes; any one of them. Undefined: every path. */
  readonly paths: readonly string[] | undefined
  readonly createdAt: number
  readonly expiresAt: number
  /** Written at most once a minute, so it may lag behind by that much. Undefined: never used. */
  readonly lastUsedAt: number | undefined
}

/** What somebody wants a token to be. */
export interface NewApiToken {
  /** A machine's: lower-case letters, digits, `.`, `_` and `-`. A user's: any visible text. At most 64 characters. */
  readonly name: string
  readonly owner: ApiTokenOwner
  /** At least one, at most 32, as routes name them. `authenticate` is for machines only. */
  readonly scopes: readonly string[]
  readonly apps?: readonly string[] | undefined
  readonly paths?: readonly string[] | undefined
  /** Milliseconds since the epoch, at most 366 days from now. */
  readonly expiresAt: number
}

/** What is wrong with a wanted token. */
export type ApiTokenFault = 'name' | 'scopes' | 'apps' | 'paths' | 'expiry'

/** The scope of backends that log people in. Of the gateway's own interface; no route names it. */
export const AUTHENTICATE_SCOPE = 'authenticate'

const LONGEST_LIFE = 366 * 24 * 60 * 60_000
const MOST_ENTRIES = 32
const LONGEST_PATH = 1024
const MACHINE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
const SCOPE = /^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$/
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/** Finds what is wrong with a wanted token; undefined when nothing is. */
export function faultOfApiToken(wanted: NewApiToken, now: number): ApiTokenFault | undefined {
  const { name, owner, scopes, apps, paths, expiresAt } = wanted
  if (!(owner.kind === 'machine' ? MACHINE_NAME.test(name) : isLabel(name))) return 'name'
  if (!isSmallList(scopes) || !scopes.every(scope => SCOPE.test(scope))) return 'scopes'
  // Whoever holds it speaks for other people: that is not a user's to give away.
  if (owner.kind === 'user' && scopes.includes(AUTHENTICATE_SCOPE)) return 'scopes'
  if (apps !== undefined && !(isSmallList(apps) && apps.every(isLabel))) return 'apps'
  if (paths !== undefined && !(isSmallList(paths) && paths.every(isPattern))) return 'paths'
  if (!Number.isSafeInteger(expiresAt) || expiresAt <= now || expiresAt > now + LONGEST_LIFE) return 'expiry'
  return undefined
}

function isSmallList(entries: readonly string[]): boolean {
  return entries.length > 0 && entries.length <= MOST_ENTRIES
}

function isLabel(text: string): boolean {
  return text !== '' && text.trim() === text && text.length <= 64 && !INVISIBLE.test(text)
}

function isPattern(text: string): boolean {
  return text.length <= LONGEST_PATH && parsePathPattern(text).ok
}
