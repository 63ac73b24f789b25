import { SignJWT } from 'jose'
import type { Identity } from '../access/identity.js'
import type { Clock } from '../clock.js'
import { proofClaims } from './proof-claims.js'
import type { SigningKeys } from './signing-keys.js'

export interface AssertionsOptions {
  /** The ring `assertions`: ES256. */
  readonly keys: Pick<SigningKeys, 'current'>
  /** The `iss` claim: the public origin of the gateway. */
  readonly issuer: string
  readonly now: Clock
}

/** Signs who is asking, for one app. */
export interface Assertions {
  /**
   * Makes the JWT of `Gatehouse-Assertion`. It is good for 90 seconds; a signature costs a few hundred
   * microseconds, so the caller keeps it for half a minute.
   * @param audience the app's name
   */
  sign(identity: Identity, audience: string): Promise<string>
}

/** The explicit type of RFC 8725, 3.11: no other kind of token of ours can be taken for an assertion. */
const ASSERTION_TYPE = 'gatehouse-assertion+jwt'
const LIFETIME_SECONDS = 90

export function createAssertions({ keys, issuer, now }: AssertionsOptions): Assertions {
  return {
    sign: ({ person, proofs, sessionReference }, audience) => {
      const { kid, algorithm, privateKey } = keys.current()
      const issuedAt = Math.floor(now() / 1000)
      return new SignJWT({
        iss: issuer,
        aud: audience,
        sub: person.subject,
        ...(person.email === undefined ? {} : { email: person.email }),
        groups: person.groups,
        ...proofClaims(proofs),
        sid: sessionReference,
        iat: issuedAt,
        exp: issuedAt + LIFETIME_SECONDS,
      })
        .setProtectedHeader({ alg: algorithm, typ: ASSERTION_TYPE, kid })
        .sign(privateKey)
    },
  }
}
