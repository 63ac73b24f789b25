import type { FastifyReply, FastifyRequest } from 'fastify'
import { amrOf, assuranceOf, isMultiFactor } from '../access/assurance.js'
import { jsonAnswer } from '../http/answer.js'
import type { Answer } from '../http/answer.js'
import type { EnrolmentOffer, Login, LoginStep } from '../login/login-step.js'
import { tellObstacle } from './obstacles.js'
import type { Visit, Visits } from './visit.js'

/** Answers one request. */
export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

export interface LoginApi {
  readonly password: Handler
  readonly verify: Handler
  /** For users who need a ticket, and for programs that want to see the offer again. */
  readonly enrol: Handler
  readonly whoAmI: Handler
}

/** The login as JSON, for programs that keep the session cookie. The same steps as the forms. */
export function createLoginApi(visits: Visits, login: Login): LoginApi {
  async function tell(reply: FastifyReply, visit: Visit, step: LoginStep): Promise<FastifyReply> {
    switch (step.step) {
      case 'done':
        visits.keepSession(reply, step.session.id)
        return visits.send(reply, doneAnswer(step))
      case 'second_factor':
        visits.keepSession(reply, step.session.id)
        return visits.send(reply, dueAnswer(step.challenge, step.expiresIn, step.factors))
      case 'enrol': {
        visits.keepSession(reply, step.session.id)
        if (step.needsTicket) {
          return visits.send(
            reply,
            dueAnswer(step.challenge, step.expiresIn, [], { factor: 'totp', ticket_required: true }),
          )
        }
        const { challenge } = step
        const offer = await login.startEnrolment({
          sessionId: step.session.id,
          challenge,
          client: visit.client,
        })
        if (offer.step !== 'enrolment') return tellObstacle(visits, reply, visit, offer)
        return visits.send(reply, dueAnswer(challenge, step.expiresIn, ['totp'], enrolmentBody(offer)))
      }
      default:
        return tellObstacle(visits, reply, visit, step)
    }
  }

  const invalid = (reply: FastifyReply, visit: Visit, detail: string): FastifyReply =>
    visits.problem(
      reply,
      visit,
      { kind: 'bad_request', detail },
      { status: 400, reason: 'invalid_input', detail },
    )

  async function password(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = visits.of(request)
    const username = visits.field(request.body, 'username')
    const typed = visits.field(request.body, 'password')
    const mode = visits.field(request.body, 'mode') ?? 'session'
    if (username === undefined || typed === undefined) {
      return invalid(reply, visit, 'Send "username" and "password" as texts.')
    }
    if (mode !== 'session') return invalid(reply, visit, '"mode" can only be "session".')
    const { sessionId, client } = visit
    return tell(
      reply,
      visit,
      await login.password({ username, password: typed, client, previousSessionId: sessionId }),
    )
  }

  async function verify(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = visits.of(request)
    const challenge = visits.field(request.body, 'challenge')
    const factor = visits.field(request.body, 'factor')
    const code = visits.field(request.body, 'code')
    if (challenge === undefined || code === undefined || (factor !== 'totp' && factor !== 'backup_code')) {
      return invalid(
        reply,
        visit,
        'Send "challenge", "factor" ("totp" or "backup_code") and "code" as texts.',
      )
    }
    const { sessionId, client } = visit
    if (sessionId === undefined) return tellObstacle(visits, reply, visit, { step: 'expired' })
    return tell(reply, visit, await login.secondFactor({ sessionId, challenge, factor, code, client }))
  }

  async function enrol(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = visits.of(request)
    const challenge = visits.field(request.body, 'challenge')
    const ticket = visits.field(request.body, 'ticket')
    if (challenge === undefined) return invalid(reply, visit, 'Send "challenge" as a text.')
    const { sessionId, client } = visit
    if (sessionId === undefined) return tellObstacle(visits, reply, visit, { step: 'expired' })
    const offer = await login.startEnrolment({ sessionId, challenge, ticket, client })
    if (offer.step !== 'enrolment') return tellObstacle(visits, reply, visit, offer)
    return visits.send(reply, jsonAnswer(200, enrolmentBody(offer)))
  }

  async function whoAmI(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = visits.of(request)
    const caller = await visits.caller(visit)
    if (caller === undefined) return tellObstacle(visits, reply, visit, { step: 'expired' })
    const { person, proofs } = caller
    return visits.send(
      reply,
      jsonAnswer(200, {
        user: person.subject,
        name: person.displayName,
        email: person.email,
        groups: person.groups,
        assurance: assuranceOf(proofs),
        mfa_verified: isMultiFactor(assuranceOf(proofs)),
        amr: amrOf(proofs),
        proofs: proofs.map(({ method, at }) => ({ method, at: new Date(at).toISOString() })),
        session: caller.sessionReference,
      }),
    )
  }

  return { password, verify, enrol, whoAmI }
}

function doneAnswer({ session, backupCodes }: LoginStep & { step: 'done' }): Answer {
  const { subject, proofs, reference, expiresAt } = session.record
  return jsonAnswer(200, {
    status: 'ok',
    user: subject,
    session_id: reference,
    assurance: assuranceOf(proofs),
    mfa_verified: isMultiFactor(assuranceOf(proofs)),
    amr: amrOf(proofs),
    expires_at: new Date(expiresAt).toISOString(),
    ...(backupCodes === undefined ? {} : { backup_codes: backupCodes }),
  })
}

/** The 202 of the contract: accepted, not finished (RFC 9110, section 15.3.3). */
function dueAnswer(
  challenge: string,
  expiresIn: number,
  factors: readonly string[],
  enrolment?: unknown,
): Answer {
  return jsonAnswer(202, {
    status: 'mfa_required',
    challenge,
    expires_in: expiresIn,
    factors,
    ...(enrolment === undefined ? {} : { enrolment }),
  })
}

function enrolmentBody({ factor, secret, otpauthUri, qrSvg }: EnrolmentOffer): unknown {
  return { factor, otpauth_uri: otpauthUri, secret, qr_svg: qrSvg }
}
