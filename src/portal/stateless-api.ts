import Type from 'typebox'
import { type Answer, jsonAnswer } from '../http/answer.js'
import { problemAnswer } from '../http/problem.js'
import type { StatelessFactor, StatelessLogin } from '../login/stateless-login.js'
import { challengeBody, LONGEST_NAME, LONGEST_PASSWORD, sentText, tokenBody } from './api-bodies.js'
import {
  AUTH_TYPES,
  authTypeOf,
  factorOfAuthType,
  mfaChallenge,
  readMfaAuthorization,
} from './mfa-authorization.js'
import { obstacleAnswer } from './obstacles.js'
import { type DefineOperation, invalidInput, type Operation } from './operation.js'
import type { StepAnswers } from './step-answers.js'
import type { Visits } from './visit.js'

export interface StatelessApiOptions {
  readonly visits: Visits
  readonly define: DefineOperation
  readonly stateless: StatelessLogin
  readonly steps: StepAnswers
}

const account = {
  username: sentText('The user name.', LONGEST_NAME, ['alice']),
  password: sentText('The password.', LONGEST_PASSWORD),
}
const authType = Type.Enum([...AUTH_TYPES], {
  description: 'PVQ: a knowledge question. BACKUP: a backup code.',
})
const seconds = Type.Integer({ minimum: 0, description: 'In seconds.' })

/** The protocol of clients that keep nothing between requests: each one carries the password. */
export function createStatelessApi({
  visits,
  define,
  stateless,
  steps,
}: StatelessApiOptions): readonly Operation[] {
  const { authPath, publicHost } = visits.parts

  /** What a login without a good token is answered, whatever was wrong with the one it had. */
  function factorDue(factors: readonly StatelessFactor[]): Answer {
    const [usual] = factors
    const detail =
      'A second factor is due: get a challenge at /challenge/get, its token at /challenge/verify, and log in again with ' +
      'Authorization: MFA authType="…", token="…".'
    return problemAnswer(
      { status: 401, reason: 'mfa_required', detail, members: { auth_types: factors.map(authTypeOf) } },
      { 'www-authenticate': usual === undefined ? 'Bearer' : mfaChallenge(usual, publicHost) },
    )
  }

  return [
    define({
      method: 'POST',
      path: '/stateless/login',
      summary: 'Logs in with a password, and the token of a second factor in Authorization',
      tag: 'stateless',
      credentials: ['none', 'mfa'],
      body: Type.Object(account),
      answers: {
        200: { description: 'Logged in.', body: tokenBody },
        202: { description: 'The factor shown was not enough: another one is due.', body: challengeBody },
      },
      answer: async ({ visit, reply, body: { username, password } }) => {
        const proof = readMfaAuthorization(visit.arrival.headers.fields.authorization)
        if (proof === 'malformed')
          return invalidInput('"Authorization" is not right: it must be MFA authType="TOTP", token="…".')
        const step = await stateless.login({ username, password, client: visit.client, proof })
        return step.step === 'factor_due' ? factorDue(step.factors) : steps.tell(visit, reply, step, true)
      },
    }),

    define({
      method: 'POST',
      path: '/challenge/get',
      summary: 'Has a second factor do its part',
      tag: 'stateless',
      credentials: ['none'],
      body: Type.Object({ ...account, auth_type: Type.Optional(authType) }),
      answers: {
        200: {
          description: 'The challenge.',
          body: Type.Object({
            id: Type.String({ description: 'Names the challenge, for /challenge/verify.' }),
            auth_type: authType,
            question: Type.Optional(Type.String({ description: 'To be answered; with PVQ.' })),
            target: Type.Optional(Type.String({ description: 'Where the code went, most of it hidden.' })),
            expires_in: seconds,
          }),
        },
      },
      answer: async ({ visit, body: { username, password, auth_type: wanted } }) => {
        const factor = wanted === undefined ? undefined : factorOfAuthType(wanted)
        const made = await stateless.challenge({ username, password, client: visit.client, factor })
        if (made.step !== 'challenge') return obstacleAnswer(made, authPath)
        const { id, prompt, expiresIn } = made
        return jsonAnswer(200, {
          id,
          auth_type: authTypeOf(made.factor),
          ...(prompt.prompt === 'question' ? { question: prompt.question } : {}),
          ...(prompt.prompt === 'sent' ? { target: prompt.target } : {}),
          expires_in: expiresIn,
        })
      },
    }),

    define({
      method: 'POST',
      path: '/challenge/verify',
      summary: 'Exchanges the answer to a challenge for the token of one login',
      tag: 'stateless',
      credentials: ['none'],
      body: Type.Object({
        id: sentText('Of /challenge/get.', LONGEST_NAME),
        ...account,
        response: sentText('The code or the answer, as it was typed.', 1024, ['123456']),
      }),
      answers: {
        200: {
          description: 'The token: good once, for this user.',
          body: Type.Object({
            token: Type.String({ description: 'For Authorization: MFA authType="…", token="…".' }),
            expires_in: seconds,
          }),
        },
      },
      answer: async ({ visit, body: { id, username, password, response } }) => {
        const attempt = { id, username, password, answer: response, client: visit.client }
        const verified = await stateless.verify(attempt)
        return verified.step === 'verified'
          ? jsonAnswer(200, { token: verified.token, expires_in: verified.expiresIn })
          : obstacleAnswer(verified, authPath)
      },
    }),
  ]
}
