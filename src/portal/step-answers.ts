import type { FastifyReply } from 'fastify'
import { amrOf, assuranceOf, isMultiFactor } from '../access/assurance.js'
import { type Answer, jsonAnswer } from '../http/answer.js'
import type { Done, EnrolmentDue, EnrolmentOffer, Login, LoginStep } from '../login/login-step.js'
import type { OpenSession } from '../credentials/session-record.js'
import { type Obstacle, obstacleAnswer } from './obstacles.js'
import type { TokenAnswers } from './token-answers.js'
import type { Visit, Visits } from './visit.js'

export interface StepAnswersOptions {
  readonly visits: Visits
  readonly login: Pick<Login, 'startEnrolment'>
  readonly tokens: TokenAnswers
}

/** What a step of a login is told as. */
export interface StepAnswers {
  /**
   * Tells a step, and keeps its session where a cookie carries it.
   * @param isBeginning whether this answers a first proof: then a login in token mode gets an access token for what
   *   that proof opens
   */
  tell(visit: Visit, reply: FastifyReply, step: LoginStep, isBeginning: boolean): Promise<Answer>
}

export function createStepAnswers({ visits, login, tokens }: StepAnswersOptions): StepAnswers {
  const { authPath } = visits.parts
  const obstacle = (step: Obstacle): Answer => obstacleAnswer(step, authPath)

  function keep(reply: FastifyReply, { id, record }: OpenSession): void {
    if (record.carrier === 'cookie') visits.keepSession(reply, id)
  }

  async function done(reply: FastifyReply, { session, backupCodes, device, browser }: Done): Promise<Answer> {
    keep(reply, session)
    if (device !== undefined) visits.keepDevice(reply, device.token, device.expiresAt)
    if (browser !== undefined) visits.keepBrowser(reply, browser.token, browser.expiresAt)
    const { record } = session
    const body = record.carrier === 'cookie' ? sessionAnswer(session) : await tokens.full(record)
    if (body === undefined) return obstacle({ step: 'expired' })
    return jsonAnswer(200, { ...body, ...(backupCodes === undefined ? {} : { backup_codes: backupCodes }) })
  }

  async function due(
    step: { readonly session: OpenSession; readonly challenge: string; readonly expiresIn: number },
    factors: readonly string[],
    isBeginning: boolean,
    enrolment?: object,
  ): Promise<Answer> {
    const { record } = step.session
    const token = isBeginning && record.carrier === 'tokens' ? await tokens.partial(record) : undefined
    return jsonAnswer(202, {
      status: 'mfa_required',
      challenge: step.challenge,
      expires_in: step.expiresIn,
      factors,
      ...(token === undefined ? {} : { access_token: token }),
      ...(enrolment === undefined ? {} : { enrolment }),
    })
  }

  async function enrol({ client }: Visit, step: EnrolmentDue, isBeginning: boolean): Promise<Answer> {
    const { session, challenge, factors, needsTicket } = step
    const [factor] = factors
    if (factor === undefined) return obstacle({ step: 'refused', reason: 'no_suitable_factor' })
    if (needsTicket) return due(step, factors, isBeginning, { factor, ticket_required: true })
    const offer = await login.startEnrolment({ sessionId: session.id, challenge, factor, client })
    return offer.step === 'enrolment'
      ? due(step, factors, isBeginning, enrolmentAnswer(offer))
      : obstacle(offer)
  }

  return {
    tell: async (visit, reply, step, isBeginning) => {
      switch (step.step) {
        case 'done':
          return done(reply, step)
        case 'second_factor':
          keep(reply, step.session)
          return due(step, step.factors, isBeginning)
        case 'enrol':
          keep(reply, step.session)
          return enrol(visit, step, isBeginning)
        default:
          return obstacle(step)
      }
    },
  }
}

function sessionAnswer({ record }: OpenSession): object {
  const { subject, proofs, reference, expiresAt } = record
  const assurance = assuranceOf(proofs)
  return {
    status: 'ok',
    user: subject,
    session_id: reference,
    assurance,
    mfa_verified: isMultiFactor(assurance),
    amr: amrOf(proofs),
    expires_at: new Date(expiresAt).toISOString(),
  }
}

/** What an authenticator needs, in the words of the interface. */
export function enrolmentAnswer(offer: EnrolmentOffer): object {
  if (offer.factor === 'webauthn') return { factor: offer.factor, options: offer.options }
  const { factor, secret, otpauthUri, qrSvg } = offer
  return { factor, secret, otpauth_uri: otpauthUri, qr_svg: qrSvg }
}
