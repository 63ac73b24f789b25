import Type from 'typebox'
import { type Answer, jsonAnswer } from '../http/answer.js'
import { problemAnswer } from '../http/problem.js'
import type { LinkLogin } from '../login/link-login.js'
import type { Ending, Passwordless } from '../login/passwordless.js'
import { keyAnswerText } from './answer-text.js'
import {
  begunBody,
  challengeBody,
  loggedIn,
  LONGEST_NAME,
  mode,
  passkeyOptionsBody,
  sentText,
  webauthnResponse,
} from './api-bodies.js'
import { notLoggedIn } from './not-logged-in.js'
import { obstacleAnswer } from './obstacles.js'
import type { DefineOperation, Operation } from './operation.js'
import type { StepAnswers } from './step-answers.js'
import type { Visit, Visits } from './visit.js'

export interface PasswordlessApiOptions {
  readonly visits: Visits
  readonly define: DefineOperation
  readonly passwordless: Passwordless
  readonly linkLogin: Pick<LinkLogin, 'send' | 'authenticate'>
  readonly steps: StepAnswers
}

const ANSWERS = {
  200: { description: 'Logged in. A backend always gets tokens.', body: loggedIn },
  202: { description: 'Accepted, not finished: a second factor is due.', body: challengeBody },
}
const BEGUN = {
  200: { description: 'Begun; the same for users that do not exist.', body: begunBody },
}
const id = sentText('As it was given at the beginning.', LONGEST_NAME)
const to = sentText('A user name, an e-mail address or a telephone number.', LONGEST_NAME)
const typedCode = sentText('As it was typed.', 64, ['123456'])
const sessionId = Type.Optional(
  sentText('For backends: the session that the proof is added to.', LONGEST_NAME),
)

/**
 * Logins that begin with a code, a link or a passkey. A backend with an API token may begin and finish them for its
 * users, and gather several proofs in one session; everybody else gets what the operator offers.
 */
export function createPasswordlessApi(options: PasswordlessApiOptions): readonly Operation[] {
  const { visits, define, passwordless, linkLogin, steps } = options
  const { authPath } = visits.parts

  /**
   * Does the work for a backend, by the name of its machine, or for anybody; whoever shows a token that is none of a
   * backend's is told so.
   */
  async function asAsker(
    visit: Visit,
    work: (backend: string | undefined) => Promise<Answer>,
  ): Promise<Answer> {
    if (visit.credential.kind !== 'api_token') return work(undefined)
    const backend = await visits.backend(visit)
    return backend === undefined ? notLoggedIn(visit, visits.parts) : work(backend.person.subject)
  }

  /** What goes on after a right answer. An answer of the gateway: it may not be asked for. */
  function endingOf(
    visit: Visit,
    backend: string | undefined,
    wanted: { readonly mode?: 'session' | 'token'; readonly session_id?: string },
  ): Omit<Ending, 'id'> | Answer {
    const { client, deviceToken } = visit
    const joins = wanted.session_id
    if (backend !== undefined) return { client, carrier: 'tokens', asIs: true, backend, joins }
    if (joins !== undefined) return ONLY_BACKENDS
    return wanted.mode === 'token'
      ? { client, carrier: 'tokens' }
      : { client, previousSessionId: visit.sessionId, deviceToken }
  }

  return [
    define({
      method: 'POST',
      path: '/otp/send',
      summary: 'Begins a login with a code that is sent',
      tag: 'passwordless',
      credentials: ['none', 'backend'],
      body: Type.Object({ channel: Type.Enum(['email', 'sms']), to }),
      answers: BEGUN,
      answer: async ({ visit, body: { channel, to } }) =>
        asAsker(visit, async backend => {
          const byBackend = backend !== undefined
          const begun = await passwordless.sendCode({ channel, to, client: visit.client, byBackend })
          return begun.step === 'begun'
            ? jsonAnswer(200, { id: begun.id, expires_in: begun.expiresIn })
            : obstacleAnswer(begun, authPath)
        }),
    }),

    define({
      method: 'POST',
      path: '/otp/authenticate',
      summary: 'Logs in with the code, or adds it to a session',
      tag: 'passwordless',
      credentials: ['none', 'backend'],
      body: Type.Object({ id, code: typedCode, mode, session_id: sessionId }),
      answers: ANSWERS,
      answer: async ({ visit, reply, body }) =>
        asAsker(visit, async backend => {
          const ending = endingOf(visit, backend, body)
          if ('status' in ending) return ending
          const { id, code } = body
          const step = await passwordless.authenticateCode({
            ...ending,
            id,
            code,
            byBackend: backend !== undefined,
          })
          return steps.tell(visit, reply, step, true)
        }),
    }),

    define({
      method: 'POST',
      path: '/link/send',
      summary: 'Begins a login with a link that is sent by mail',
      tag: 'passwordless',
      credentials: ['none', 'backend'],
      body: Type.Object({ to }),
      answers: BEGUN,
      answer: async ({ visit, body: { to } }) =>
        asAsker(visit, async backend => {
          const byBackend = backend !== undefined
          const begun = await linkLogin.send({ to, client: visit.client, byBackend })
          return begun.step === 'begun'
            ? jsonAnswer(200, { id: begun.id, expires_in: begun.expiresIn })
            : obstacleAnswer(begun, authPath)
        }),
    }),

    define({
      method: 'POST',
      path: '/link/authenticate',
      summary: 'Logs in with the code that the confirmed link shows, or adds it to a session',
      tag: 'passwordless',
      credentials: ['none', 'backend'],
      body: Type.Object({ id, code: typedCode, mode, session_id: sessionId }),
      answers: ANSWERS,
      answer: async ({ visit, reply, body }) =>
        asAsker(visit, async backend => {
          const ending = endingOf(visit, backend, body)
          if ('status' in ending) return ending
          const { id, code } = body
          const step = await linkLogin.authenticate({ ...ending, id, code, byBackend: backend !== undefined })
          return steps.tell(visit, reply, step, true)
        }),
    }),

    define({
      method: 'POST',
      path: '/passkey/options',
      summary: 'Begins a login with a passkey',
      tag: 'passwordless',
      credentials: ['none'],
      answers: { 200: { description: 'What the browser needs.', body: passkeyOptionsBody } },
      answer: async () => {
        const begun = await passwordless.askPasskey()
        return begun.step === 'begun'
          ? jsonAnswer(200, { id: begun.id, expires_in: begun.expiresIn, options: begun.options })
          : obstacleAnswer(begun, authPath)
      },
    }),

    define({
      method: 'POST',
      path: '/passkey/authenticate',
      summary: 'Logs in with what the passkey answered',
      tag: 'passwordless',
      credentials: ['none'],
      body: Type.Object({ id, response: webauthnResponse, mode }),
      answers: ANSWERS,
      answer: async ({ visit, reply, body }) => {
        const ending = endingOf(visit, undefined, { ...(body.mode === undefined ? {} : { mode: body.mode }) })
        if ('status' in ending) return ending
        const response = keyAnswerText(body.response)
        const step = await passwordless.passkey({ ...ending, id: body.id, response })
        return steps.tell(visit, reply, step, true)
      },
    }),
  ]
}

const ONLY_BACKENDS = problemAnswer(
  {
    status: 401,
    reason: 'login_required',
    detail: '"session_id" is for backends: send an API token with the scope "authenticate" as Bearer.',
  },
  { 'www-authenticate': 'Bearer' },
)
