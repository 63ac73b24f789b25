import Type from 'typebox'
import { amrOf, assuranceOf, isMultiFactor } from '../access/assurance.js'
import type { Sessions } from '../credentials/sessions.js'
import { CODE_LIFETIME } from '../factors/one-time-code.js'
import { type Answer, jsonAnswer } from '../http/answer.js'
import { problemAnswer } from '../http/problem.js'
import type { Login, Prompted } from '../login/login-step.js'
import type { Logout } from '../login/logout.js'
import type { RefreshLogin } from '../login/refresh-login.js'
import { answerText } from './answer-text.js'
import {
  challengeBody,
  code,
  factorName,
  loggedIn,
  LONGEST_NAME,
  LONGEST_PASSWORD,
  LONGEST_TOKEN,
  mode,
  promptBody,
  sentText,
  statusBody,
  tokenBody,
  whoAmIBody,
} from './api-bodies.js'
import { obstacleAnswer } from './obstacles.js'
import { type DefineOperation, invalidInput, type Operation } from './operation.js'
import { notLoggedIn } from './not-logged-in.js'
import type { StepAnswers } from './step-answers.js'
import type { Visit, Visits } from './visit.js'

export interface LoginApiOptions {
  readonly visits: Visits
  readonly define: DefineOperation
  readonly login: Login
  readonly refresh: RefreshLogin
  readonly logout: Logout
  readonly sessions: Pick<Sessions, 'find'>
  readonly steps: StepAnswers
}

const DUE = { description: 'Accepted, not finished: a second factor is due.', body: challengeBody }
const IN = { description: 'Logged in.', body: loggedIn }

/** The login as JSON, for programs. The same steps as the forms. */
export function createLoginApi(options: LoginApiOptions): readonly Operation[] {
  const { visits, define, login, sessions, steps } = options
  const { authPath } = visits.parts

  async function challengeForSession(visit: Visit): Promise<Parameters<StepAnswers['tell']>[2] | undefined> {
    const sessionId = await visits.session(visit)
    return sessionId === undefined ? undefined : login.challengeFor({ sessionId, client: visit.client })
  }

  return [
    define({
      method: 'POST',
      path: '/login',
      summary: 'Logs in with user name and password',
      tag: 'login',
      credentials: ['none'],
      body: Type.Object({
        username: sentText('The user name.', LONGEST_NAME, ['alice']),
        password: sentText('The password.', LONGEST_PASSWORD),
        mode,
      }),
      answers: { 200: IN, 202: DUE },
      answer: async ({ visit, reply, body }) => {
        const { username, password } = body
        const { client, sessionId, deviceToken } = visit
        const named = { username, password, client }
        const step =
          body.mode === 'token'
            ? await login.password({ ...named, carrier: 'tokens' })
            : await login.password({ ...named, previousSessionId: sessionId, deviceToken })
        return steps.tell(visit, reply, step, true)
      },
    }),

    define({
      method: 'POST',
      path: '/mfa/challenge',
      summary:
        'Has a factor of a challenge do its part; without one, makes a challenge for the current session',
      tag: 'login',
      credentials: ['none', 'session'],
      body: Type.Object({
        challenge: Type.Optional(sentText('Of a 202.', LONGEST_NAME)),
        factor: Type.Optional(factorName),
      }),
      answers: {
        200: { description: 'What the factor has done, or asks.', body: promptBody },
        202: { ...DUE, description: 'A new challenge, to step up or to go on with.' },
      },
      answer: async ({ visit, reply, body: { challenge, factor } }) => {
        if (challenge === undefined && factor === undefined) {
          const step = await challengeForSession(visit)
          return step === undefined ? notLoggedIn(visit, visits.parts) : steps.tell(visit, reply, step, false)
        }
        if (challenge === undefined) return invalidInput('"factor" needs the "challenge" that it is for.')
        if (factor === undefined) return invalidInput('"challenge" needs the "factor" that is to be shown.')
        const sessionId = await visits.session(visit)
        const prompted = await login.prompt({ sessionId, challenge, factor, client: visit.client })
        return prompted.step === 'prompted' ? promptAnswer(prompted) : obstacleAnswer(prompted, authPath)
      },
    }),

    define({
      method: 'POST',
      path: '/mfa/verify',
      summary: 'Answers a challenge with a second factor',
      tag: 'login',
      credentials: ['none', 'session'],
      body: Type.Object({
        challenge: sentText('Of the 202.', LONGEST_NAME),
        factor: factorName,
        code,
        remember_device: Type.Optional(
          Type.Boolean({
            description: 'Whether this browser is to be remembered, where the operator allows it.',
          }),
        ),
      }),
      answers: { 200: IN },
      answer: async ({ visit, reply, body }) => {
        const { challenge, factor, remember_device: rememberDevice } = body
        const typed = answerText(body.code, factor === 'webauthn')
        if (typed === undefined)
          return invalidInput('"code" is not right: it must be a text for this factor.')
        const { client } = visit
        const sessionId = await visits.session(visit)
        const attempt = { sessionId, challenge, factor, code: typed, client, rememberDevice }
        return steps.tell(visit, reply, await login.secondFactor(attempt), false)
      },
    }),

    define({
      method: 'POST',
      path: '/token/refresh',
      summary: 'Exchanges a refresh token for new tokens; a used one ends its whole family',
      tag: 'tokens',
      credentials: ['none'],
      body: Type.Object({ refresh_token: sentText('The one given last.', LONGEST_TOKEN) }),
      answers: { 200: { description: 'New tokens.', body: tokenBody }, 202: DUE },
      answer: async ({ visit, reply, body }) => {
        const step = await options.refresh(body.refresh_token, visit.client)
        return step.step === 'expired' ? DEAD_TOKEN : steps.tell(visit, reply, step, false)
      },
    }),

    define({
      method: 'GET',
      path: '/session',
      summary: 'Says who is logged in, and how',
      tag: 'login',
      credentials: ['session'],
      answers: { 200: { description: 'Who it is.', body: whoAmIBody } },
      answer: async ({ visit }) => {
        const caller = await visits.caller(visit)
        const sessionId = await visits.session(visit)
        const record = sessionId === undefined ? undefined : await sessions.find(sessionId)
        if (caller === undefined || record === undefined) return notLoggedIn(visit, visits.parts)
        const { person, proofs } = caller
        const assurance = assuranceOf(proofs)
        return jsonAnswer(200, {
          user: person.subject,
          name: person.displayName,
          email: person.email,
          groups: person.groups,
          assurance,
          mfa_verified: isMultiFactor(assurance),
          amr: amrOf(proofs),
          proofs: proofs.map(({ method, at }) => ({ method, at: new Date(at).toISOString() })),
          session: caller.sessionReference,
          expires_at: new Date(record.expiresAt).toISOString(),
        })
      },
    }),

    define({
      method: 'POST',
      path: '/logout',
      summary: 'Ends the session with all its tokens',
      tag: 'login',
      credentials: ['none', 'session'],
      body: Type.Object({
        everywhere: Type.Optional(
          Type.Boolean({
            description: 'All other sessions of the user too; not for a password alone. Default: false.',
          }),
        ),
      }),
      answers: {
        200: {
          description: 'The session is over.',
          body: statusBody('logged_out', {
            everywhere: Type.Boolean({ description: 'Whether all others are over as well.' }),
          }),
        },
      },
      answer: async ({ visit, reply, body }) => {
        const { client, credential } = visit
        const sessionId = await visits.session(visit)
        // Whoever came with a token that is worth nothing must not think that its session has ended.
        if (sessionId === undefined && credential.kind !== 'session' && credential.kind !== 'none')
          return notLoggedIn(visit, visits.parts)
        const everywhere = body.everywhere === true
        const id = sessionId ?? visit.sessionId
        const ended =
          id === undefined ? undefined : await options.logout({ sessionId: id, everywhere, client })
        if (credential.kind !== 'access_token') visits.forgetSession(reply)
        return jsonAnswer(200, { status: 'logged_out', everywhere: ended?.everywhere === true })
      },
    }),
  ]
}

/** RFC 6750, section 3.1. */
const DEAD_TOKEN = problemAnswer(
  {
    status: 401,
    reason: 'invalid_token',
    detail: 'The refresh token has run out, was used before or never was one. Log in again.',
  },
  { 'www-authenticate': 'Bearer error="invalid_token"' },
)

function promptAnswer({ prompt }: Prompted): Answer {
  switch (prompt.prompt) {
    case 'sent':
      return jsonAnswer(200, { status: 'sent', target: prompt.target, expires_in: CODE_LIFETIME / 1000 })
    case 'webauthn':
      return jsonAnswer(200, { status: 'webauthn', options: prompt.options })
    case 'question':
      return jsonAnswer(200, { status: 'question', question: prompt.question })
    case 'none':
      return jsonAnswer(200, { status: 'ready' })
  }
}
