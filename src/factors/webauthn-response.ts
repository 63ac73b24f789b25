import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'

/** Characters of a whole response. A real one has about one thousand, with an attestation four thousand. */
const LONGEST_RESPONSE = 16 * 1024
/** Bytes of a credential id (WebAuthn Level 3, 4) and of a user handle (5.4.3). */
const LONGEST_CREDENTIAL_ID = 1023
const LONGEST_USER_HANDLE = 64

/** WebAuthn Level 3, 5.8.4. Others are dropped: they only help a browser to ask in the right place. */
const TRANSPORTS = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'])

/**
 * Reads what a browser made of `navigator.credentials.get()`, as JSON (WebAuthn Level 3, 5.1).
 * @param text at most 16 KiB
 * @returns the members that are checked, in one order and one encoding; undefined when it is no such response
 */
export function readAssertion(text: string): AuthenticationResponseJSON | undefined {
  const parts = readCredential(text)
  if (parts === undefined) return undefined
  const clientDataJSON = encoded(parts.response.clientDataJSON)
  const authenticatorData = encoded(parts.response.authenticatorData)
  const signature = encoded(parts.response.signature)
  if (clientDataJSON === undefined || authenticatorData === undefined || signature === undefined)
    return undefined
  const response = { clientDataJSON, authenticatorData, signature }
  // A key that is no passkey does not know its user; browsers then give null, nothing, or an empty text.
  const given = parts.response.userHandle ?? ''
  if (given === '') return { ...parts.head, response }
  const userHandle = encoded(given, LONGEST_USER_HANDLE)
  return userHandle === undefined ? undefined : { ...parts.head, response: { ...response, userHandle } }
}

/**
 * Reads what a browser made of `navigator.credentials.create()`, as JSON (WebAuthn Level 3, 5.1).
 * @param text at most 16 KiB
 * @returns the members that are checked; undefined when it is no such response
 */
export function readAttestation(text: string): RegistrationResponseJSON | undefined {
  const parts = readCredential(text)
  if (parts === undefined) return undefined
  const clientDataJSON = encoded(parts.response.clientDataJSON)
  const attestationObject = encoded(parts.response.attestationObject)
  if (clientDataJSON === undefined || attestationObject === undefined) return undefined
  const transports = readTransports(parts.response.transports)
  return { ...parts.head, response: { clientDataJSON, attestationObject, transports } }
}

interface CredentialParts {
  readonly head: Pick<RegistrationResponseJSON, 'id' | 'rawId' | 'type' | 'clientExtensionResults'>
  readonly response: Readonly<Record<string, unknown>>
}

function readCredential(text: string): CredentialParts | undefined {
  if (text.length > LONGEST_RESPONSE) return undefined
  const credential = members(parse(text))
  const response = members(credential?.response)
  const id = encoded(credential?.id, LONGEST_CREDENTIAL_ID)
  if (response === undefined || id === undefined) return undefined
  if (credential?.rawId !== id || credential.type !== 'public-key') return undefined
  return { head: { id, rawId: id, type: 'public-key', clientExtensionResults: {} }, response }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function members(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

/** Base64url of one byte or more, in its only form: no padding, and no bits beyond the last byte. */
function encoded(value: unknown, most = LONGEST_RESPONSE): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const bytes = Buffer.from(value, 'base64url')
  return bytes.length <= most && bytes.toString('base64url') === value ? value : undefined
}

function readTransports(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  return [...TRANSPORTS].filter(transport => value.includes(transport))
}
