import { isSameClient } from '../access/address-prefix.js'
import type { Caller, Identity, Person } from '../access/identity.js'
import { parsePathPattern } from '../access/path-pattern.js'
import type { AccessTokenClaims, AccessTokens } from './access-tokens.js'
import type { ApiToken } from './api-token.js'
import type { ApiTokens } from './api-tokens.js'
import { type SessionCarrier, type SessionRecord, tokenSessionId } from './session-record.js'
import type { Sessions } from './sessions.js'

/** What the user directory knows of a user now. */
export interface KnownUser {
  readonly person: Person
  readonly passwordVersion: string
  readonly disabled: boolean
}

export interface AuthenticateOptions {
  readonly sessions: Pick<Sessions, 'findCached' | 'findByReference'>
  /** Undefined: nobody comes with an access token, because no keys are loaded. */
  readonly accessTokens: Pick<AccessTokens, 'read'> | undefined
  readonly apiTokens: Pick<ApiTokens, 'find' | 'findByReference'>
  /** Reads the directory; called for every request. Takes a name as somebody typed it, or a subject. */
  readonly findUser: (name: string) => KnownUser | undefined
  /** A session is good only from the client address (IPv6: its /64) at which it began. */
  readonly bindIp: boolean
  /** Whether remembered browsers spare the second factor now, whatever held when a session began. */
  readonly remembersDevices: boolean
}

/**
 * Finds out who is asking. Throws `StoreUnavailable`; whoever catches it must treat the caller as nobody. Each way
 * answers at once, without a promise, while what it needs is remembered. The identity is the same object as long as
 * neither the credential nor the person has changed, so what is derived from it can be kept in a WeakMap.
 */
export interface Authenticate {
  /**
   * By the value of the session cookie. It never opens a session that tokens carry.
   * @param address the client's, after trusted proxies
   */
  bySession(id: string, address: string): Caller | Promise<Caller>
  /** By an access token. It is worth something only while its session lives and has the version that it names. */
  byAccessToken(jwt: string, address: string): Caller | Promise<Caller>
  /**
   * By an API token.
   * @param username the user name beside it where it came as the password of Basic: it must be the owner's or, in any
   *   spelling of it, the user's. Undefined where it came alone
   */
  byApiToken(token: string, username: string | undefined): Caller | Promise<Caller>
  /** By the public name of a session or an API token: whether a connection that is still open would be let in again. */
  byReference(subject: string, reference: string): Promise<Caller>
}

/** Nobody is: who has no live credential, is unknown or disabled now, or has changed the password since the login. */
export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  const { sessions, accessTokens, apiTokens, findUser, bindIp, remembersDevices } = options
  const identities = new WeakMap<SessionRecord | ApiToken, Identity>()

  function remembered(record: SessionRecord | ApiToken, person: Person, make: () => Identity): Identity {
    const known = identities.get(record)
    if (known?.person === person) return known
    const identity = make()
    identities.set(record, identity)
    return identity
  }

  function identify(record: SessionRecord): Caller {
    const user = findUser(record.subject)
    if (user === undefined || user.disabled || user.passwordVersion !== record.passwordVersion)
      return undefined
    return remembered(record, user.person, () =>
      identityOf(remembersDevices ? record : { ...record, rememberedDevice: undefined }, user.person),
    )
  }

  function identifyAt(record: SessionRecord | undefined, carrier: SessionCarrier, address: string): Caller {
    if (record?.carrier !== carrier) return undefined
    if (bindIp && !isSameClient(record.address, address)) return undefined
    return identify(record)
  }

  function byClaims(claims: AccessTokenClaims | undefined, address: string): Caller | Promise<Caller> {
    if (claims === undefined) return undefined
    const { subject, reference, version } = claims
    return then(sessions.findCached(tokenSessionId(reference), version), record =>
      record?.subject === subject && record.version === version
        ? identifyAt(record, 'tokens', address)
        : undefined,
    )
  }

  function identifyToken(token: ApiToken | undefined, username: string | undefined): Caller {
    if (token === undefined) return undefined
    const { owner, name } = token
    if (owner.kind === 'machine') {
      // Nobody may be taken for a user by a token of that name.
      if ((username !== undefined && username !== name) || findUser(name) !== undefined) return undefined
      const known = identities.get(token)
      if (known !== undefined) return known
      const person = machine(name)
      return remembered(token, person, () => tokenIdentityOf(token, person))
    }
    const user = findUser(owner.subject)
    if (user === undefined || user.disabled) return undefined
    const { person } = user
    if (person.subject !== owner.subject) return undefined
    if (username !== undefined && findUser(username)?.person.subject !== owner.subject) return undefined
    return remembered(token, person, () => tokenIdentityOf(token, person))
  }

  return {
    bySession: (id, address) =>
      then(sessions.findCached(id), record => identifyAt(record, 'cookie', address)),
    byAccessToken: (jwt, address) => {
      const claims = accessTokens?.read(jwt)
      return claims instanceof Promise
        ? claims.then(read => byClaims(read, address))
        : byClaims(claims, address)
    },
    byApiToken: (token, username) => then(apiTokens.find(token), found => identifyToken(found, username)),
    byReference: async (subject, reference) => {
      const record = await sessions.findByReference(subject, reference)
      if (record !== undefined) return identify(record)
      const caller = identifyToken(await apiTokens.findByReference(reference), undefined)
      return caller?.person.subject === subject ? caller : undefined
    },
  }
}

/** Somebody by a session that is known to be good. */
export function identityOf(record: SessionRecord, person: Person): Identity {
  return {
    person,
    proofs: record.proofs,
    hasSecondFactor: record.hasSecondFactor,
    sessionReference: record.reference,
    ...(record.rememberedDevice === undefined ? {} : { rememberedDevice: true }),
  }
}

function tokenIdentityOf({ reference, owner, scopes, apps, paths }: ApiToken, person: Person): Identity {
  // A pattern that cannot be read opens nothing.
  const patterns = paths?.flatMap(text => {
    const parsed = parsePathPattern(text)
    return parsed.ok ? [parsed.pattern] : []
  })
  return {
    person,
    proofs: [],
    hasSecondFactor: false,
    sessionReference: reference,
    apiToken: { scopes, apps, paths: patterns, owner: owner.kind },
  }
}

function machine(name: string): Person {
  return { subject: name, displayName: name, email: undefined, groups: [], mfa: 'enabled' }
}

/** Goes on at once where there is nothing to wait for. */
function then<T, R>(value: T | Promise<T>, next: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
