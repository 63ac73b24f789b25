import { isIP } from 'node:net'
import type { Identity } from '../../access/identity.js'
import type { Proof } from '../../access/assurance.js'
import type { UserRecord } from '../../users/users-file.js'

/** A request that somebody wants explained, as written: nothing of it is repaired. */
export interface AskedRequest {
  readonly method: string
  /** Whether the client came by https. */
  readonly secure: boolean
  /** The value of the Host header. */
  readonly authority: string
  /** The request target: path and query. */
  readonly target: string
  /** The client's address. */
  readonly address: string
}

/** Where a request comes from when nobody says: an address for documentation (RFC 5737), so no network of anybody. */
const SOMEWHERE = '192.0.2.1'

/**
 * Reads the arguments of `explain`. The URL is taken apart and not parsed, because a parser would repair what the
 * gateway refuses.
 * @param publicOrigin what a URL that is only a path belongs to
 * @returns what is wrong with them as a sentence
 */
export function readAsked(
  method: string,
  url: string,
  from: string | undefined,
  publicOrigin: string,
): { readonly ok: true; readonly asked: AskedRequest } | { readonly ok: false; readonly why: string } {
  const whole = url.startsWith('/') ? publicOrigin + url : url
  const parts = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(whole)
  if (parts === null)
    return {
      ok: false,
      why: `"${url}" is not a URL: it begins with http:// or https://, or with / for a path.`,
    }
  if (from !== undefined && isIP(from) === 0)
    return { ok: false, why: `--from is an IP address, such as ${SOMEWHERE}, not "${from}".` }
  const [, scheme = '', authority = '', rest = ''] = parts
  const target = rest.startsWith('/') ? rest : `/${rest}`
  const secure = scheme.toLowerCase() === 'https'
  return { ok: true, asked: { method, secure, authority, target, address: from ?? SOMEWHERE } }
}

/** How long ago somebody showed what they log in with; `none`: only the password, just now. */
export type MfaAge = number | 'none'

/** Reads `--mfa-age`; undefined when it is no such thing. */
export function readMfaAge(written: string | undefined): MfaAge | undefined {
  if (written === undefined) return 0
  if (written === 'none') return 'none'
  const [, count, unit = ''] = /^([0-9]{1,5})([smhd])$/.exec(written) ?? []
  const size = UNITS.get(unit)
  return count === undefined || size === undefined ? undefined : Number(count) * size
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/**
 * A user of the file who has logged in: with the password and, unless the second factor is disabled or was not
 * shown, with a code at the same moment. Who may have a second factor is taken to have one.
 */
export function loggedIn({ person }: UserRecord, age: MfaAge, now: number): Identity {
  const at = now - (age === 'none' ? 0 : age)
  const mayHave = person.mfa === 'enabled'
  const proofs: Proof[] = [{ method: 'password', at }]
  if (mayHave && age !== 'none') proofs.push({ method: 'totp', at })
  return { person, proofs, hasSecondFactor: mayHave, sessionReference: 'explained' }
}
