import Type, { type TSchema } from 'typebox'
import { SECOND_FACTORS } from '../factors/factor.js'

/** A text that is sent: not empty, and no longer than anything of its kind. */
export function sentText(description: string, maxLength: number, examples: readonly string[] = []) {
  return Type.String({ description, minLength: 1, maxLength, ...(examples.length > 0 ? { examples } : {}) })
}

/** Most characters of a challenge, an id, a token or a name that is sent. */
export const LONGEST_NAME = 256
/** Most characters of a token that is sent: one of another kind is refused as a token, not for its length. */
export const LONGEST_TOKEN = 8192
/** Most characters of a password that is sent. */
export const LONGEST_PASSWORD = 1024

const text = (description: string) => Type.String({ description })
const seconds = (description: string) => Type.Integer({ description, minimum: 0 })

export const factorName = Type.Enum([...SECOND_FACTORS], { description: 'A second factor.' })

export const mode = Type.Optional(
  Type.Enum(['session', 'token'], {
    description: 'What is to carry the login: a cookie, or access and refresh tokens. Default: session.',
  }),
)

const base64url = (description: string) => Type.String({ description, maxLength: 16_384 })

/** What an authenticator answered, as the browser gives it. */
export const webauthnResponse = Type.Object(
  {
    id: base64url('The credential.'),
    rawId: base64url('The same.'),
    type: Type.String({ maxLength: 32 }),
    response: Type.Object({
      clientDataJSON: base64url('Base64url, like the others.'),
      attestationObject: Type.Optional(base64url('When a key is enrolled.')),
      authenticatorData: Type.Optional(base64url('When a key is shown.')),
      signature: Type.Optional(base64url('When a key is shown.')),
      userHandle: Type.Optional(Type.Union([base64url('Of a passkey.'), Type.Null()])),
      transports: Type.Optional(Type.Array(Type.String(), { maxItems: 16 })),
    }),
  },
  { description: 'What `PublicKeyCredential.toJSON()` gives (WebAuthn Level 3, 5.1).' },
)

/** A code as it was typed, an answer to a question, or what a security key answered. */
export const code = Type.Union([sentText('As it was typed.', 1024, ['123456']), webauthnResponse], {
  description: 'The code, the answer, or what the security key answered.',
})

const webauthnOptions = Type.Record(Type.String(), Type.Unknown(), {
  description: 'The options for navigator.credentials as JSON (WebAuthn Level 3, 5.10).',
})

const totpOffer = Type.Object({
  factor: Type.Enum(['totp']),
  secret: text('Base32, to be typed into an authenticator app.'),
  otpauth_uri: text('The same for the app of the same device.'),
  qr_svg: text('The same as an <svg> element, to be scanned.'),
})
const webauthnOffer = Type.Object({ factor: Type.Enum(['webauthn']), options: webauthnOptions })
const ticketDue = Type.Object({
  factor: Type.String({ description: 'What can be enrolled.' }),
  ticket_required: Type.Boolean({
    description: 'The operator gives a ticket; send it with the challenge to /mfa/enrol/….',
  }),
})

/** What an authenticator needs that is to be enrolled. */
export const enrolmentOffer = Type.Union([totpOffer, webauthnOffer], {
  description: 'What the new factor needs. Answer with its first code.',
})

/** The 202 of a login that is accepted, not finished (RFC 9110, section 15.3.3). */
export const challengeBody = Type.Object(
  {
    status: Type.Enum(['mfa_required']),
    challenge: text('Names the login that waits; single use. Answer it at /mfa/verify.'),
    expires_in: seconds('Seconds that the challenge lives.'),
    factors: Type.Array(factorName, { description: 'What this user can show, the usual one first.' }),
    access_token: Type.Optional(
      text('In token mode, at the beginning of a login: opens what a password alone opens.'),
    ),
    enrolment: Type.Optional(Type.Union([totpOffer, webauthnOffer, ticketDue])),
  },
  { description: 'A second factor is due.' },
)

const backupCodes = Type.Array(Type.String(), {
  description: 'Ten codes for the day when the factor is lost, each good once. They are shown this once.',
})

const amr = Type.Array(Type.String(), {
  description: 'How the user was authenticated (RFC 8176), with mfa when a second factor was shown.',
})
const mfaVerified = Type.Boolean({ description: 'Whether a second factor was shown.' })
const assurance = Type.Enum(['none', 'single', 'multi', 'phishing_resistant'], {
  description: 'How sure the gateway is of who is there.',
})

/** A login that tokens carry. */
export const tokenBody = Type.Object(
  {
    access_token: text('Send it as "Authorization: Bearer". A JWT (RFC 9068).'),
    id_token: text('Says who was authenticated and how. It opens nothing.'),
    refresh_token: text('Good once, at /token/refresh.'),
    token_type: Type.Enum(['Bearer']),
    expires_in: seconds('Seconds that the access token lives.'),
    session_id: text('The public name of the session. It opens nothing.'),
    mfa_verified: mfaVerified,
    amr,
    backup_codes: Type.Optional(backupCodes),
  },
  { description: 'The tokens of a login (RFC 6749, section 5.1).' },
)

/** A login that a cookie carries. */
const sessionBody = Type.Object(
  {
    status: Type.Enum(['ok']),
    user: text('The user name.'),
    session_id: text('The public name of the session. It opens nothing.'),
    assurance,
    mfa_verified: mfaVerified,
    amr,
    expires_at: Type.String({ format: 'date-time' }),
    backup_codes: Type.Optional(backupCodes),
  },
  { description: 'The session is in a cookie.' },
)

export const loggedIn = Type.Union([sessionBody, tokenBody])

/** Who somebody is. */
export const whoAmIBody = Type.Object({
  user: text('The user name.'),
  name: text('As the directory shows it.'),
  email: Type.Optional(Type.String()),
  groups: Type.Array(Type.String()),
  assurance,
  mfa_verified: mfaVerified,
  amr,
  proofs: Type.Array(Type.Object({ method: Type.String(), at: Type.String({ format: 'date-time' }) }), {
    description: 'What was verified, and when.',
  }),
  session: text('The public name of the session.'),
  expires_at: Type.String({ format: 'date-time', description: 'When it ends, whatever happens.' }),
})

/** What a factor has done, or asks. */
export const promptBody = Type.Union([
  Type.Object({
    status: Type.Enum(['sent']),
    target: text('Where the code went, most of it hidden.'),
    expires_in: seconds('Seconds that the code lives.'),
  }),
  Type.Object({ status: Type.Enum(['webauthn']), options: webauthnOptions }),
  Type.Object({ status: Type.Enum(['question']), question: text('To be answered as the code.') }),
  Type.Object(
    { status: Type.Enum(['ready']) },
    { description: 'Nothing has to be done: the code is at hand.' },
  ),
])

export const begunBody = Type.Object({
  id: text('Names the login; a secret, for whoever began it.'),
  expires_in: seconds('Seconds until it is over.'),
})
export const passkeyOptionsBody = Type.Object({ ...begunBody.properties, options: webauthnOptions })

export const factorsBody = Type.Object({
  factors: Type.Array(
    Type.Object({
      id: text('Names it at /mfa/factors/{id}.'),
      factor: Type.Enum(['totp', 'webauthn']),
      name: Type.String(),
      created_at: Type.String({ format: 'date-time' }),
      last_used_at: Type.Optional(Type.String({ format: 'date-time' })),
    }),
  ),
  backup_codes_left: Type.Integer({ minimum: 0 }),
})
export const backupCodesBody = Type.Object({ backup_codes: backupCodes })

/** An answer that says nothing but that it was done. */
export function statusBody(status: string, more: Readonly<Record<string, TSchema>> = {}) {
  return Type.Object({ status: Type.Enum([status]), ...more })
}
