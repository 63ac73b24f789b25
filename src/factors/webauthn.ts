import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import type { Factor, FactorAttempt, FactorOutcome, ProofTraits } from './factor.js'
import { cleanFactorName } from './factor-name.js'
import { CHALLENGE_LIFE, createWebAuthnChallenges } from './webauthn-challenges.js'
import {
  createWebAuthnKeys,
  keyIdOf,
  type RegisteredKey,
  type SecurityKey,
  type WebAuthnKeysOptions,
} from './webauthn-keys.js'
import { COSE_ALGORITHMS, isSoundPublicKey, withoutAttestation } from './webauthn-public-key.js'
import { readAssertion, readAttestation } from './webauthn-response.js'

export interface WebAuthnOptions extends WebAuthnKeysOptions {
  /** The domain that keys are bound to: the host of the public address, or the domain that the apps share. */
  readonly rpId: string
  /** What the browser calls the place that the key is for. */
  readonly rpName: string
  /** The only origin where keys may be used, such as `https://auth.example.com`. */
  readonly origin: string
}

/** What came of a registration. `wrong` has no reasons: whoever asks can only begin again. */
export type RegistrationOutcome =
  { readonly outcome: 'right'; readonly id: string } | { readonly outcome: 'wrong' }

/** What came of a passkey alone. Whether the subject may log in is for the caller to ask. */
export type SignInOutcome =
  | { readonly outcome: 'right'; readonly subject: string; readonly traits: ProofTraits }
  | { readonly outcome: 'wrong' }

/** The factor `webauthn` (WebAuthn Level 3): security keys and passkeys, of which a user may have 20. */
export interface WebAuthn extends Factor {
  /** The user's keys, oldest first. */
  list(subject: string): Promise<readonly SecurityKey[]>
  /** The options for `navigator.credentials.create()` (5.4) as JSON. They are good for one answer, within 5 minutes. */
  registrationOptions(attempt: FactorAttempt): Promise<PublicKeyCredentialCreationOptionsJSON>
  /**
   * Keeps a new key; who may add one is decided before. `wrong` also when the user has 20 keys, or when the key is
   * registered already, for whomever.
   * @param response what the browser gave, as JSON of at most 16 KiB
   * @param name what its owner calls it: control characters go, at most 64 characters stay, and an empty one
   *   becomes `Passkey` or `Security key`
   */
  register(attempt: FactorAttempt, response: string, name: string): Promise<RegistrationOutcome>
  /** False when the user has no such key, or when nothing is left of the name. */
  rename(subject: string, id: string, name: string): Promise<boolean>
  /** Removes one key. False when the user has no such key. */
  removeOne(subject: string, id: string): Promise<boolean>
  /**
   * The options for `navigator.credentials.get()` (5.5) as JSON, for a login by passkey alone. They are the same for
   * everybody, since nobody has said yet who is there.
   * @param binding names the login, as in `FactorAttempt`
   */
  signInOptions(binding: string): Promise<PublicKeyCredentialRequestOptionsJSON>
  /**
   * Logs in by a passkey alone, which must have verified its user by PIN or biometrics.
   * @param response what the browser gave, as JSON of at most 16 KiB
   */
  signIn(binding: string, response: string): Promise<SignInOutcome>
}

const WRONG = { outcome: 'wrong' } as const

export function createWebAuthn(options: WebAuthnOptions): WebAuthn {
  const { rpId, rpName, origin } = options
  const keys = createWebAuthnKeys(options)
  const challenges = createWebAuthnChallenges(options)

  /** Checks an assertion as section 7.2 has it, the counter excepted. Undefined: it is none of this key's. */
  async function checkAssertion(
    response: AuthenticationResponseJSON,
    expectedChallenge: string,
    key: RegisteredKey,
    requireUserVerification: boolean,
  ): Promise<{ readonly counter: number; readonly traits: ProofTraits } | undefined> {
    const publicKey = new Uint8Array(Buffer.from(key.publicKey, 'base64url'))
    try {
      if (isFromFrame(response.response.clientDataJSON)) return undefined
      const { verified, authenticationInfo: info } = await verifyAuthenticationResponse({
        response,
        expectedChallenge,
        expectedOrigin: origin,
        expectedRPID: rpId,
        credential: { id: key.credentialId, publicKey, counter: key.counter },
        requireUserVerification,
      })
      const synced = info.credentialDeviceType === 'multiDevice'
      // A key never changes between one device and many (7.2, step 19).
      if (!verified || synced !== key.synced) return undefined
      return { counter: info.newCounter, traits: { userVerified: info.userVerified, synced } }
    } catch {
      // The library throws for whatever is wrong with a response, and has nothing else that could fail.
      return undefined
    }
  }

  async function verify({ user, binding }: FactorAttempt, answer: string): Promise<FactorOutcome> {
    const response = readAssertion(answer)
    if (response === undefined) return WRONG
    const issued = await challenges.take('get', binding)
    if (issued?.subject !== user.subject) return WRONG
    const key = await keys.find(response.id)
    if (key?.subject !== user.subject) return WRONG
    const { userHandle } = response.response
    if (userHandle !== undefined && userHandle !== key.handle) return WRONG
    const right = await checkAssertion(response, issued.challenge, key, false)
    if (right === undefined || !(await keys.recordUse(key, right.counter))) return WRONG
    return { outcome: 'right', traits: right.traits }
  }

  async function signIn(binding: string, text: string): Promise<SignInOutcome> {
    const response = readAssertion(text)
    if (response === undefined) return WRONG
    const issued = await challenges.take('sign_in', binding)
    if (issued === undefined) return WRONG
    const key = await keys.find(response.id)
    if (key === undefined || response.response.userHandle !== key.handle) return WRONG
    const right = await checkAssertion(response, issued.challenge, key, true)
    if (right === undefined || !(await keys.recordUse(key, right.counter))) return WRONG
    return { outcome: 'right', subject: key.subject, traits: right.traits }
  }

  /** Checks a new credential as section 7.1 has it. No attestation is asked for, so none is judged. */
  async function checkRegistration(response: RegistrationResponseJSON, expectedChallenge: string) {
    const { id, response: parts } = response
    try {
      if (isFromFrame(parts.clientDataJSON)) return undefined
      const attestationObject = withoutAttestation(parts.attestationObject)
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        response: { ...response, response: { ...parts, attestationObject } },
        expectedChallenge,
        expectedOrigin: origin,
        expectedRPID: rpId,
        requireUserVerification: false,
        supportedAlgorithmIDs: [...COSE_ALGORITHMS],
      })
      if (!verified || registrationInfo.credential.id !== id) return undefined
      return isSoundPublicKey(registrationInfo.credential.publicKey) ? registrationInfo : undefined
    } catch {
      // As above: the library throws for whatever is wrong with a response.
      return undefined
    }
  }

  async function register(
    { user, binding }: FactorAttempt,
    text: string,
    name: string,
  ): Promise<RegistrationOutcome> {
    const response = readAttestation(text)
    if (response === undefined) return WRONG
    const issued = await challenges.take('create', binding)
    if (issued?.subject !== user.subject || issued.handle === null) return WRONG
    const info = await checkRegistration(response, issued.challenge)
    if (info === undefined) return WRONG
    const synced = info.credentialDeviceType === 'multiDevice'
    const credential = {
      credentialId: response.id,
      publicKey: Buffer.from(info.credential.publicKey).toString('base64url'),
      handle: issued.handle,
      synced,
      transports: response.response.transports ?? [],
    }
    const called = cleanFactorName(name) || (synced ? 'Passkey' : 'Security key')
    const kept = await keys.add(user.subject, called, credential, info.credential.counter)
    return kept ? { outcome: 'right', id: keyIdOf(response.id) } : WRONG
  }

  return {
    method: 'webauthn',
    isReady: async ({ subject }) => (await keys.ofUser(subject)).length > 0,
    prepare: async ({ user, binding }) => {
      const known = await keys.ofUser(user.subject)
      // An empty list would let any passkey answer, and none could be right.
      if (known.length === 0) return { prompt: 'none' }
      const challenge = await challenges.issue('get', binding, user.subject, null)
      const options = await requestOptions(rpId, challenge, known, 'preferred')
      return { prompt: 'webauthn', options }
    },
    normalise: typed => {
      const response = readAssertion(typed)
      return response && JSON.stringify(response)
    },
    verify,
    list: async subject =>
      (await keys.ofUser(subject)).map(({ id, name, createdAt, lastUsedAt, synced, transports }) => ({
        id,
        name,
        createdAt,
        lastUsedAt,
        synced,
        transports,
      })),
    registrationOptions: async ({ user, binding }) => {
      const handle = await keys.handleOf(user.subject)
      const challenge = await challenges.issue('create', binding, user.subject, handle)
      return generateRegistrationOptions({
        rpName,
        rpID: rpId,
        userName: user.subject,
        userDisplayName: user.displayName,
        userID: new Uint8Array(Buffer.from(handle, 'base64url')),
        challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
        timeout: CHALLENGE_LIFE,
        attestationType: 'none',
        excludeCredentials: (await keys.ofUser(user.subject)).map(descriptor),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
        supportedAlgorithmIDs: [...COSE_ALGORITHMS],
      })
    },
    register,
    rename: async (subject, id, name) => {
      const called = cleanFactorName(name)
      return called !== '' && (await keys.rename(subject, id, called))
    },
    removeOne: (subject, id) => keys.removeOne(subject, id),
    remove: subject => keys.remove(subject),
    signInOptions: async binding => {
      const challenge = await challenges.issue('sign_in', binding, null, null)
      return requestOptions(rpId, challenge, [], 'required')
    },
    signIn,
  }
}

function requestOptions(
  rpID: string,
  challenge: string,
  allowed: readonly RegisteredKey[],
  userVerification: 'preferred' | 'required',
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return generateAuthenticationOptions({
    rpID,
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    timeout: CHALLENGE_LIFE,
    userVerification,
    ...(allowed.length > 0 && { allowCredentials: allowed.map(descriptor) }),
  })
}

function descriptor({ credentialId, transports }: RegisteredKey): { id: string; transports: string[] } {
  return { id: credentialId, transports: [...transports] }
}

/**
 * Whether the browser was in a frame of another site (5.8.1, `crossOrigin`). Our pages never are. The library looks
 * only where the browser also tells the site. Throws when it is no JSON.
 */
function isFromFrame(clientDataJSON: string): boolean {
  const clientData = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as unknown
  if (typeof clientData !== 'object' || clientData === null) return true
  return 'topOrigin' in clientData || ('crossOrigin' in clientData && clientData.crossOrigin !== false)
}
