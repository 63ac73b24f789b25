import { compactVerify, SignJWT } from 'jose'
import type { Person } from '../access/identity.js'
import type { Clock } from '../clock.js'
import { createRecentMap } from '../store/recent-map.js'
import { readPart, splitJws, writePart } from './compact-jws.js'
import { proofClaims } from './proof-claims.js'
import type { SessionRecord } from './session-record.js'
import type { SigningKeys, VerificationKey } from './signing-keys.js'

export interface AccessTokensOptions {
  /** The ring `tokens`. */
  readonly keys: Pick<SigningKeys, 'current' | 'find'>
  /** The `iss` claim: the public origin of the gateway. */
  readonly issuer: string
  /** The `aud` of access tokens. Another one than `clientId`. */
  readonly audience: string
  /** The `aud` of ID tokens, and the `client_id` of access tokens. */
  readonly clientId: string
  /** Milliseconds that a token lives, at most an hour. Never longer than its session. */
  readonly life: number
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** What a login in token mode is given. */
export interface IssuedTokens {
  /** RFC 9068. */
  readonly accessToken: string
  /** OpenID Connect Core, 2, without a nonce. It opens nothing here. */
  readonly idToken: string
  /** Seconds. 0 when the session ends now. */
  readonly expiresIn: number
}

/** What an access token that is genuine and not expired says. It is worth something only together with its session. */
export interface AccessTokenClaims {
  readonly subject: string
  /** The public name of its session. */
  readonly reference: string
  /** The version that the session must have. */
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Access and ID tokens: JWTs that are signed by the keys of the ring `tokens`. */
export interface AccessTokens {
  /** Signs both tokens of a session. */
  issue(session: SessionRecord, person: Person): Promise<IssuedTokens>
  /**
   * Reads an access token of ours. A promise only when the signature has to be checked: then the token is remembered
   * until it expires or its key is dropped, and the same object is given again.
   * @returns undefined for everything that is not exactly a good access token of ours
   */
  read(jwt: string): AccessTokenClaims | undefined | Promise<AccessTokenClaims | undefined>
  /**
   * Whether a bearer value is a JWT that names us as its issuer: an access or ID token or an assertion, genuine or not,
   * good or not. Nothing is verified. Such a value is for the gateway and for nobody behind it, and is read as
   * generously as anybody behind it might.
   */
  looksLikeOurs(text: string): boolean
}

/** In characters. Looked at before anything is parsed. */
const LONGEST_TOKEN = 8 * 1024
/** In characters. No header field is longer; what is longer is none of ours. */
const LONGEST_LOOKED_AT = 64 * 1024
/** The groups of somebody who is in too many of them are left out, so that the token stays short enough. */
const LONGEST_GROUPS = 4 * 1024
/** How many checked tokens are remembered at least. */
const REMEMBERED = 10_000
/** How far the clock of another process of ours may be ahead, in seconds. Nothing is given to `exp`. */
const CLOCK_SKEW = 5

const ACCESS_TYPE = 'at+jwt'
const ID_TYPE = 'JWT'

interface Verified {
  readonly kid: string
  readonly claims: AccessTokenClaims
  /** Seconds since the epoch. */
  readonly notBefore: number
}

export function createAccessTokens(options: AccessTokensOptions): AccessTokens {
  const { keys, issuer, audience, clientId, life, now, random } = options
  const verified = createRecentMap<Verified>({ least: REMEMBERED, life, now })
  const verifying = new Map<string, Promise<AccessTokenClaims | undefined>>()

  const sign = (claims: Readonly<Record<string, unknown>>, typ: string): Promise<string> => {
    const { kid, algorithm, privateKey } = keys.current()
    return new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ, kid }).sign(privateKey)
  }

  const isGoodNow = ({ kid, claims, notBefore }: Verified): boolean =>
    now() < claims.expiresAt && now() >= (notBefore - CLOCK_SKEW) * 1000 && keys.find(kid) !== undefined

  async function verify(jwt: string, key: VerificationKey): Promise<AccessTokenClaims | undefined> {
    try {
      await compactVerify(jwt, key.publicKey, { algorithms: [key.algorithm] })
    } catch {
      return undefined
    }
    const [, payload = ''] = jwt.split('.')
    const read = readClaims(payload, { issuer, audience, clientId })
    if (read === undefined) return undefined
    const entry = { kid: key.kid, ...read }
    if (!isGoodNow(entry)) return undefined
    verified.set(jwt, entry)
    return entry.claims
  }

  return {
    issue: async (session, person) => {
      const issuedAt = Math.floor(now() / 1000)
      const end = Math.min(issuedAt + Math.floor(life / 1000), Math.floor(session.expiresAt / 1000))
      const common = {
        iss: issuer,
        sub: session.subject,
        exp: end,
        iat: issuedAt,
        nbf: issuedAt,
        jti: random(16).toString('base64url'),
        sid: session.reference,
        ...proofClaims(session.proofs),
        ...(JSON.stringify(person.groups).length > LONGEST_GROUPS ? {} : { groups: person.groups }),
      }
      const access = { ...common, aud: audience, client_id: clientId, session_version: session.version }
      const id = {
        ...common,
        aud: clientId,
        jti: random(16).toString('base64url'),
        name: person.displayName,
        ...(person.email === undefined ? {} : { email: person.email }),
      }
      const [accessToken, idToken] = await Promise.all([sign(access, ACCESS_TYPE), sign(id, ID_TYPE)])
      return { accessToken, idToken, expiresIn: Math.max(0, end - issuedAt) }
    },

    read: jwt => {
      const known = verified.get(jwt)
      if (known !== undefined) {
        if (isGoodNow(known)) return known.claims
        verified.delete(jwt)
        return undefined
      }
      const key = keyOf(jwt, keys)
      if (key === undefined) return undefined
      let promise = verifying.get(jwt)
      if (promise === undefined) {
        promise = verify(jwt, key).finally(() => verifying.delete(jwt))
        verifying.set(jwt, promise)
      }
      return promise
    },

    looksLikeOurs: text => {
      if (text.length > LONGEST_LOOKED_AT) return false
      const [, payload = ''] = text.split('.', 2)
      return readPart(payload)?.iss === issuer
    },
  }
}

/**
 * The key that must have signed an access token. Its header has to be, byte for byte, the one that we write: so there
 * is no `alg` to choose, nothing twice, and no `crit`, `b64`, `jku`, `jwk`, `x5u`, `x5c` or `zip`.
 */
function keyOf(jwt: string, keys: Pick<SigningKeys, 'find'>): VerificationKey | undefined {
  const parts = splitJws(jwt, LONGEST_TOKEN)
  const kid = parts && readPart(parts.header)?.kid
  const key = typeof kid === 'string' ? keys.find(kid) : undefined
  if (parts === undefined || key === undefined) return undefined
  const ours = writePart({ alg: key.algorithm, typ: ACCESS_TYPE, kid: key.kid })
  return parts.header === ours ? key : undefined
}

/** Checks every claim with its type (RFC 9068, 4). The signature is good already, so only we can have written them. */
function readClaims(
  payload: string,
  expected: Pick<AccessTokensOptions, 'issuer' | 'audience' | 'clientId'>,
): Omit<Verified, 'kid'> | undefined {
  const claims = readPart(payload)
  if (claims === undefined) return undefined
  const { iss, aud, client_id, sub, sid, jti, session_version: version, exp, iat, nbf } = claims
  if (iss !== expected.issuer || aud !== expected.audience || client_id !== expected.clientId)
    return undefined
  if (!isText(sub) || !isText(sid) || !isText(jti)) return undefined
  if (!isWhole(version) || !isWhole(exp) || !isWhole(iat) || !isWhole(nbf)) return undefined
  return {
    claims: { subject: sub, reference: sid, version, expiresAt: exp * 1000 },
    notBefore: Math.max(iat, nbf),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
