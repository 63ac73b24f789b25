import type { Caller } from '../access/identity.js'
import type { Authenticate } from '../credentials/authenticate.js'
import { readSessionCookie } from '../credentials/session-cookie.js'

/**
 * What of ours a request carries. `none`: nothing, or what is the app's business. `ambiguous`: two of ours at once,
 * or one of ours in a form that two programs could read differently: such a request is refused.
 */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'access_token'; readonly jwt: string }
  | {
      readonly kind: 'api_token'
      readonly token: string
      /** The user name beside it, where it came as the password of Basic. */
      readonly username: string | undefined
    }

/** Reads the one credential of a request, without looking whether it is worth anything. */
export type ReadCredential = (fields: {
  readonly cookie: string | undefined
  readonly authorization: string | undefined
}) => Credential

export interface CredentialOptions {
  /** The exact name of the session cookie. */
  readonly cookieName: string
  /** Whether a text is a JWT or a refresh token of this gateway, of whatever kind and worth. */
  readonly isOurs: (text: string) => boolean
}

const NONE: Credential = { kind: 'none' }
const AMBIGUOUS: Credential = { kind: 'ambiguous' }

/** One scheme, one blank, one token (RFC 6750, section 2.1). The scheme's case does not matter (RFC 9110, 11.1). */
const BEARER = /^bearer ([A-Za-z0-9._~+/-]+=*)$/i
const BASIC = /^basic ([A-Za-z0-9+/]+={0,2})$/i
/** What could be base64, the part of a JWT among it. Takes time in proportion to the text, whatever it is. */
const BASE64 = /[A-Za-z0-9+/_-]{8,}/g
/** Wherever it stands: what begins like an API token or a refresh token of ours goes nowhere else. */
const OPAQUE_ANYWHERE = /(?:^|[^A-Za-z0-9_-])gh(?:rt)?_[A-Za-z0-9_-]{8,}/

/** Finds out who a credential belongs to. Throws `StoreUnavailable`. */
export function callerOf(
  authenticate: Authenticate,
  credential: Credential,
  address: string,
): Caller | Promise<Caller> {
  switch (credential.kind) {
    case 'session':
      return authenticate.bySession(credential.id, address)
    case 'access_token':
      return authenticate.byAccessToken(credential.jwt, address)
    case 'api_token':
      return authenticate.byApiToken(credential.token, credential.username)
    case 'none':
    case 'ambiguous':
      return undefined
  }
}

/** Makes the reader that the gate and the portal share. */
export function createCredentialReader({ cookieName, isOurs }: CredentialOptions): ReadCredential {
  function inAuthorization(value: string): Credential {
    const bearer = BEARER.exec(value)?.[1]
    if (bearer !== undefined) {
      if (bearer.startsWith('gh_')) return { kind: 'api_token', token: bearer, username: undefined }
      if (isOurs(bearer)) return { kind: 'access_token', jwt: bearer }
    }
    const basic = BASIC.exec(value)?.[1]
    if (basic !== undefined) {
      const pair = Buffer.from(basic, 'base64').toString('utf8')
      const colon = pair.indexOf(':')
      const password = pair.slice(colon + 1)
      if (colon !== -1 && password.startsWith('gh_'))
        return { kind: 'api_token', token: password, username: pair.slice(0, colon) }
    }
    return holdsOurs(value) ? AMBIGUOUS : NONE
  }

  /** Whether a token of ours stands in a text, in whatever surroundings. */
  function holdsPlain(text: string): boolean {
    if (OPAQUE_ANYWHERE.test(text)) return true
    // Whether a JWT is ours is seen in its second part, so each piece is tried as one.
    for (const [piece] of text.matchAll(BASE64)) if (isOurs(`.${piece}.`)) return true
    return false
  }

  /** Whether something of ours is in there in another form than it may come: it must reach nobody else. */
  function holdsOurs(value: string): boolean {
    if (holdsPlain(value)) return true
    for (const [text] of value.matchAll(BASE64))
      if (holdsPlain(Buffer.from(text, 'base64').toString('latin1'))) return true
    return false
  }

  return ({ cookie, authorization }) => {
    const id = readSessionCookie(cookie, cookieName)
    const other = authorization === undefined ? NONE : inAuthorization(authorization)
    if (id === undefined) return other
    return other.kind === 'none' ? { kind: 'session', id } : AMBIGUOUS
  }
}
