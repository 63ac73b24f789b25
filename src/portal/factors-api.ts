import Type from 'typebox'
import type { BackupCodes } from '../factors/backup-codes.js'
import type { Totp } from '../factors/totp.js'
import type { WebAuthn } from '../factors/webauthn.js'
import { type Answer, jsonAnswer } from '../http/answer.js'
import { problemAnswer } from '../http/problem.js'
import type { AccountChanges } from '../login/account-changes.js'
import type { FactorChanges } from '../login/factor-changes.js'
import type { Changer } from '../login/fresh-proof.js'
import type { EnrollableFactor, Login } from '../login/login-step.js'
import { answerText } from './answer-text.js'
import {
  backupCodesBody,
  code,
  enrolmentOffer,
  factorsBody,
  LONGEST_NAME,
  sentText,
  statusBody,
} from './api-bodies.js'
import { notLoggedIn } from './not-logged-in.js'
import { obstacleAnswer } from './obstacles.js'
import { type DefineOperation, invalidInput, type Operation } from './operation.js'
import { enrolmentAnswer } from './step-answers.js'
import type { Visit, Visits } from './visit.js'

export interface FactorsApiOptions {
  readonly visits: Visits
  readonly define: DefineOperation
  readonly login: Pick<Login, 'startEnrolment'>
  readonly changes: FactorChanges & Pick<AccountChanges, 'mayChange'>
  readonly totp: Pick<Totp, 'list'>
  readonly webauthn: Pick<WebAuthn, 'list'>
  readonly backupCodes: Pick<BackupCodes, 'remaining'>
}

const LONGEST_LABEL = 64
const CHANGED = jsonAnswer(200, { status: 'changed' })
const CHANGED_ANSWER = { 200: { description: 'It was changed.', body: statusBody('changed') } }
const NO_SUCH_FACTOR = problemAnswer({ status: 404, reason: 'not_found', detail: 'You have no such factor.' })

/** The second factors of a user: to add, see, name and remove them. Each needs a fresh proof of one that exists. */
export function createFactorsApi(options: FactorsApiOptions): readonly Operation[] {
  const { visits, define, login, changes } = options
  const { authPath } = visits.parts

  /** Does the work for whoever has a session. */
  async function asChanger(visit: Visit, work: (changer: Changer) => Promise<Answer>): Promise<Answer> {
    const sessionId = await visits.session(visit)
    return sessionId === undefined
      ? notLoggedIn(visit, visits.parts)
      : work({ sessionId, client: visit.client })
  }

  const startOf = (factor: EnrollableFactor, what: string): Operation =>
    define({
      method: 'POST',
      path: `/mfa/enrol/${factor}`,
      summary: `Offers ${what}: the first factor of a login that asks for it, or one more`,
      tag: 'factors',
      credentials: ['none', 'session'],
      body: Type.Object({
        challenge: Type.Optional(sentText('Of a 202 that asks for an enrolment.', LONGEST_NAME)),
        ticket: Type.Optional(sentText('Of the operator, where one is needed.', LONGEST_NAME)),
      }),
      answers: { 200: { description: 'What the new factor needs.', body: enrolmentOffer } },
      answer: async ({ visit, body: { challenge, ticket } }) => {
        if (challenge === undefined) {
          if (ticket !== undefined) return invalidInput('"ticket" needs the "challenge" that it is for.')
          return asChanger(visit, async changer => {
            const offer = await changes.startFactor({ ...changer, factor })
            return offer.step === 'enrolment'
              ? jsonAnswer(200, enrolmentAnswer(offer))
              : obstacleAnswer(offer, authPath)
          })
        }
        const { client } = visit
        const sessionId = await visits.session(visit)
        const offer = await login.startEnrolment({ sessionId, challenge, factor, ticket, client })
        return offer.step === 'enrolment'
          ? jsonAnswer(200, enrolmentAnswer(offer))
          : obstacleAnswer(offer, authPath)
      },
    })

  const confirmOf = (factor: EnrollableFactor, what: string): Operation =>
    define({
      method: 'POST',
      path: `/mfa/enrol/${factor}/confirm`,
      summary: `Keeps ${what} as one more factor, by its first answer`,
      tag: 'factors',
      credentials: ['session'],
      body: Type.Object({ code, name: sentText('What its owner calls it.', LONGEST_LABEL, ['My phone']) }),
      answers: CHANGED_ANSWER,
      answer: async ({ visit, body }) => {
        const answer = answerText(body.code, factor === 'webauthn')
        if (answer === undefined)
          return invalidInput('"code" is not right: it must be a text for this factor.')
        return asChanger(visit, async changer => {
          const changed = await changes.confirmFactor({ ...changer, factor, answer, name: body.name })
          return changed.step === 'changed' ? CHANGED : obstacleAnswer(changed, authPath)
        })
      },
    })

  return [
    startOf('totp', 'an authenticator app'),
    confirmOf('totp', 'an authenticator app'),
    startOf('webauthn', 'a security key or passkey'),
    confirmOf('webauthn', 'a security key or passkey'),

    define({
      method: 'GET',
      path: '/mfa/factors',
      summary: 'Lists the second factors that were enrolled',
      tag: 'factors',
      credentials: ['session'],
      answers: { 200: { description: 'The factors.', body: factorsBody } },
      answer: async ({ visit }) =>
        asChanger(visit, async changer => {
          const may = await changes.mayChange(changer)
          if (may.step !== 'changed') return obstacleAnswer(may, authPath)
          const caller = await visits.caller(visit)
          if (caller === undefined) return notLoggedIn(visit, visits.parts)
          const { subject } = caller.person
          const apps = (await options.totp.list(subject)).map(app => ({ ...app, factor: 'totp' }))
          const keys = (await options.webauthn.list(subject)).map(key => ({ ...key, factor: 'webauthn' }))
          return jsonAnswer(200, {
            factors: [...apps, ...keys].map(({ id, factor, name, createdAt, lastUsedAt }) => ({
              id,
              factor,
              name,
              created_at: new Date(createdAt).toISOString(),
              ...(lastUsedAt === undefined ? {} : { last_used_at: new Date(lastUsedAt).toISOString() }),
            })),
            backup_codes_left: await options.backupCodes.remaining(subject),
          })
        }),
    }),

    define({
      method: 'DELETE',
      path: '/mfa/factors/:id',
      summary: 'Removes a second factor; ends all other sessions',
      tag: 'factors',
      credentials: ['session'],
      answers: CHANGED_ANSWER,
      answer: async ({ visit, parameter }) =>
        asChanger(visit, async changer => {
          const removed = await changes.removeFactor({ ...changer, id: parameter('id') })
          if (removed.step === 'refused' && removed.reason === 'not_pending') return NO_SUCH_FACTOR
          return removed.step === 'changed' ? CHANGED : obstacleAnswer(removed, authPath)
        }),
    }),

    define({
      method: 'PATCH',
      path: '/mfa/factors/:id',
      summary: 'Gives a second factor another name',
      tag: 'factors',
      credentials: ['session'],
      body: Type.Object({ name: sentText('What its owner calls it.', LONGEST_LABEL) }),
      answers: CHANGED_ANSWER,
      answer: async ({ visit, parameter, body: { name } }) =>
        asChanger(visit, async changer => {
          const renamed = await changes.renameFactor({ ...changer, id: parameter('id'), name })
          return renamed.step === 'changed' ? CHANGED : obstacleAnswer(renamed, authPath)
        }),
    }),

    define({
      method: 'POST',
      path: '/mfa/backup-codes',
      summary: 'Makes ten new backup codes; the old ones are dead',
      tag: 'factors',
      credentials: ['session'],
      answers: { 200: { description: 'The codes, shown this once.', body: backupCodesBody } },
      answer: async ({ visit }) =>
        asChanger(visit, async changer => {
          const made = await changes.replaceBackupCodes(changer)
          return made.step === 'backup_codes'
            ? jsonAnswer(200, { backup_codes: made.codes })
            : obstacleAnswer(made, authPath)
        }),
    }),
  ]
}
