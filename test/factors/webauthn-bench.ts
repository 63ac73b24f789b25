import { randomBytes } from 'node:crypto'
import type { FactorAttempt, FactorOutcome } from '../../src/factors/factor.js'
import { createWebAuthn, type WebAuthn } from '../../src/factors/webauthn.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'
import type { Store } from '../../src/store/store.js'
import type { SecurityKey, Told } from '../harness/security-key.js'

export const NOW = Date.UTC(2026, 10, 22, 12)
export const MINUTE = 60_000
/** What an honest key and browser tell. */
export const TRUTH = { origin: 'https://auth.example.com', rpId: 'example.com' }

export interface Bench {
  readonly time: { now: number }
  readonly store: Store
  readonly webauthn: WebAuthn
  /** A second process on the same store. */
  readonly elsewhere: WebAuthn
}

export function bench(): Bench {
  const time = { now: NOW }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const seal = createSeal(['a secret of the tests, long enough for a key'])
  const options = { store, seal, now, random: randomBytes, rpName: 'Example', ...TRUTH }
  return { time, store, webauthn: createWebAuthn(options), elsewhere: createWebAuthn(options) }
}

/** A login of a user that waits for the factor. */
export function attemptOf(subject: string, binding = `login of ${subject}`): FactorAttempt {
  return {
    user: { subject, displayName: subject.toUpperCase(), email: undefined, phone: undefined },
    binding,
  }
}

/** Registers a key and gives its id, or undefined when it was refused. */
export async function register(
  webauthn: WebAuthn,
  key: SecurityKey,
  subject = 'alice',
  told: Told = {},
): Promise<string | undefined> {
  const attempt = attemptOf(subject, `account of ${subject}`)
  const options = await webauthn.registrationOptions(attempt)
  const outcome = await webauthn.register(attempt, key.create(options, told), 'Blue key')
  return outcome.outcome === 'right' ? outcome.id : undefined
}

/** Asks for options and answers them with a key, as the login does. */
export async function logIn(
  webauthn: WebAuthn,
  key: SecurityKey,
  subject = 'alice',
  told: Told = {},
): Promise<FactorOutcome> {
  const attempt = attemptOf(subject)
  return answer(webauthn, attempt, key.get(await promptOf(webauthn, attempt), told))
}

/** What the browser is given; throws when nothing is asked. */
export async function promptOf(webauthn: WebAuthn, attempt: FactorAttempt): Promise<unknown> {
  const prompt = await webauthn.prepare(attempt)
  if (prompt.prompt !== 'webauthn') throw new Error(`nothing to answer: ${prompt.prompt}`)
  return prompt.options
}

/** Normalises and verifies, as the login does. */
export async function answer(
  webauthn: WebAuthn,
  attempt: FactorAttempt,
  response: string,
): Promise<FactorOutcome> {
  const normalised = webauthn.normalise(response)
  return normalised === undefined ? { outcome: 'wrong' } : webauthn.verify(attempt, normalised)
}
