import type { FastifyReply } from 'fastify'
import type { EnrolmentOffer, LoginStep, StepUpDue } from '../login/login-step.js'
import type { PageProblem } from '../pages/problem-page.js'
import type { Problem } from '../http/problem.js'
import type { Visit, Visits } from './visit.js'

/** The steps of a login that stop it without asking for anything further. */
type Obstacle = Exclude<
  LoginStep | EnrolmentOffer | StepUpDue,
  { step: 'done' | 'second_factor' | 'enrol' | 'enrolment' | 'step_up' }
>

/**
 * Tells why a login goes no further, in the same words for forms and for the API.
 * @param again the page on which to go on later; without it people begin anew and forget where they were going
 */
export function tellObstacle(
  visits: Visits,
  reply: FastifyReply,
  visit: Visit,
  obstacle: Obstacle,
  again?: string,
): FastifyReply {
  const { page, problem, retryAfter } = describeObstacle(obstacle, again)
  const headers: Record<string, string> = {}
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter)
  // RFC 9110, section 11.6.1: a 401 names how to authenticate.
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer'
  return visits.problem(reply, visit, page, problem, headers)
}

interface Description {
  readonly page: PageProblem
  readonly problem: Problem
  /** Seconds. */
  readonly retryAfter?: number
}

function describeObstacle(obstacle: Obstacle, again: string | undefined): Description {
  switch (obstacle.step) {
    case 'throttled':
      return {
        page: { kind: 'too_many_tries', retryAfter: obstacle.retryAfter * 1000, again },
        problem: {
          status: 429,
          reason: 'too_many_tries',
          detail: 'Too many tries. Wait before the next one.',
        },
        retryAfter: obstacle.retryAfter,
      }
    case 'busy':
      return {
        page: { kind: 'unavailable', again },
        problem: { status: 503, reason: 'busy', detail: 'Too many logins at once. Try again in a moment.' },
        retryAfter: obstacle.retryAfter,
      }
    case 'locked':
      return {
        page: { kind: 'factor_locked' },
        problem: {
          status: 403,
          reason: 'factor_locked',
          detail: 'Too many wrong codes. The operator can unlock you.',
        },
      }
    case 'expired':
      return {
        page: { kind: 'bad_request', detail: 'This login has run out. Begin it again.' },
        problem: {
          status: 401,
          reason: 'expired',
          detail: 'The login or its challenge has run out. Begin it again.',
        },
      }
    case 'refused':
      return refusal(obstacle.reason)
  }
}

function refusal(reason: (Obstacle & { step: 'refused' })['reason']): Description {
  switch (reason) {
    case 'credentials': {
      const detail = 'The user name or the password is wrong.'
      return {
        page: { kind: 'bad_request', detail },
        problem: { status: 401, reason: 'wrong_credentials', detail },
      }
    }
    case 'wrong_code': {
      const detail = 'The code is wrong, or it was used before.'
      return { page: { kind: 'bad_request', detail }, problem: { status: 401, reason: 'wrong_code', detail } }
    }
    case 'ticket': {
      const detail = 'An enrolment ticket of the operator is needed, and this one is not valid.'
      return {
        page: { kind: 'bad_request', detail },
        problem: { status: 403, reason: 'wrong_ticket', detail },
      }
    }
    case 'mfa_disabled':
      return {
        page: { kind: 'denied', reason: 'mfa_disabled', groups: [] },
        problem: {
          status: 403,
          reason: 'mfa_disabled',
          detail: 'The operator has switched the second factor off for this user.',
        },
      }
    case 'malformed_code':
    case 'not_pending': {
      const detail =
        reason === 'malformed_code'
          ? 'This is not a code of this factor.'
          : 'Nothing is waiting for this step.'
      return {
        page: { kind: 'bad_request', detail },
        problem: { status: 400, reason: 'invalid_input', detail },
      }
    }
  }
}
