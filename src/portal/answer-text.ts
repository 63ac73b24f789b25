import type { Static } from 'typebox'
import type { code, webauthnResponse } from './api-bodies.js'

/**
 * The answer of somebody as the one text that factors check.
 * @param ofKey whether it is to be a security key's
 * @returns undefined when it is an object, and the factor is none that answers so
 */
export function answerText(answer: Static<typeof code>, ofKey: boolean): string | undefined {
  if (typeof answer === 'string') return answer
  return ofKey ? keyAnswerText(answer) : undefined
}

/** What a security key answered, with nothing in it but what is checked: the rest can be nested to any depth. */
export function keyAnswerText({ id, rawId, type, response }: Static<typeof webauthnResponse>): string {
  const { clientDataJSON, attestationObject, authenticatorData, signature, userHandle, transports } = response
  return JSON.stringify({
    id,
    rawId,
    type,
    response: { clientDataJSON, attestationObject, authenticatorData, signature, userHandle, transports },
  })
}
