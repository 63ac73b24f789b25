import type { FastifyReply } from 'fastify'
import type { Answer } from '../http/answer.js'
import { problemAnswer, type Problem } from '../http/problem.js'
import { FRESH_PROOF } from '../login/fresh-proof.js'
import type {
  Busy,
  Expired,
  Locked,
  RefusalReason,
  Refused,
  StepUpDue,
  Throttled,
} from '../login/login-step.js'
import type { PageProblem } from '../pages/problem-page.js'
import type { Visit, Visits } from './visit.js'

/** The steps that stop somebody without asking for anything that a form could show. */
export type Obstacle = Refused | Throttled | Locked | Busy | Expired

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
  const { problem, headers } = describeObstacle(obstacle, visits.parts.authPath)
  return visits.problem(reply, visit, pageOf(obstacle, problem, again), problem, headers)
}

/** The same as a problem body alone; besides, that a fresher proof is due, and how to give it. */
export function obstacleAnswer(obstacle: Obstacle | StepUpDue, authPath: string): Answer {
  const { problem, headers } = describeObstacle(obstacle, authPath)
  return problemAnswer(problem, headers)
}

interface Description {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
}

function describeObstacle(obstacle: Obstacle | StepUpDue, authPath: string): Description {
  switch (obstacle.step) {
    case 'throttled':
      return {
        problem: {
          status: 429,
          reason: 'too_many_tries',
          detail: 'Too many tries. Wait before the next one.',
        },
        headers: { 'retry-after': String(obstacle.retryAfter) },
      }
    case 'busy':
      return {
        problem: { status: 503, reason: 'busy', detail: 'Too many logins at once. Try again in a moment.' },
        headers: { 'retry-after': String(obstacle.retryAfter) },
      }
    case 'locked':
      return {
        problem: {
          status: 403,
          reason: 'factor_locked',
          detail: 'Too many wrong codes. Another factor lifts the lock, or the operator does.',
        },
        headers: {},
      }
    case 'expired':
      return unauthorized({
        status: 401,
        reason: 'expired',
        detail:
          obstacle.usedUp === true
            ? 'Five wrong codes have used this challenge up. Begin again.'
            : 'The login or its challenge has run out. Begin it again.',
      })
    case 'step_up':
      // RFC 9470, section 3.
      return unauthorized(
        {
          status: 401,
          reason: 'step_up_required',
          detail: `This needs a second factor that was shown recently: POST {} to ${authPath}/mfa/challenge, and answer the challenge.`,
        },
        `Bearer error="insufficient_user_authentication", error_description="A fresher proof is needed", acr_values="multi", max_age="${FRESH_PROOF / 1000}"`,
      )
    case 'refused': {
      const problem = { ...REFUSALS[obstacle.reason] }
      return problem.status === 401 ? unauthorized(problem) : { problem, headers: {} }
    }
  }
}

/** RFC 9110, section 11.6.1: a 401 names how to authenticate. */
function unauthorized(problem: Problem, challenge = 'Bearer'): Description {
  return { problem, headers: { 'www-authenticate': challenge } }
}

const REFUSALS: Readonly<Record<RefusalReason, Problem>> = {
  credentials: {
    status: 401,
    reason: 'wrong_credentials',
    detail: 'The user name or the password is wrong.',
  },
  wrong_code: { status: 401, reason: 'wrong_code', detail: 'The code is wrong, or it was used before.' },
  malformed_code: { status: 400, reason: 'invalid_input', detail: 'This is not a code of this factor.' },
  ticket: {
    status: 403,
    reason: 'wrong_ticket',
    detail: 'An enrolment ticket of the operator is needed, and this one is not valid.',
  },
  mfa_disabled: {
    status: 403,
    reason: 'mfa_disabled',
    detail: 'The operator has switched the second factor off for this user.',
  },
  not_pending: { status: 400, reason: 'invalid_input', detail: 'Nothing is waiting for this step.' },
  no_suitable_factor: {
    status: 403,
    reason: 'no_suitable_factor',
    detail: 'This user has no second factor that would do here.',
  },
  not_offered: {
    status: 403,
    reason: 'not_offered',
    detail: 'The operator of this gateway has not switched this on.',
  },
  unsuitable: { status: 400, reason: 'unsuitable', detail: 'What was sent cannot be kept in this form.' },
  last_factor: {
    status: 409,
    reason: 'last_factor',
    detail: 'This is the last second factor of the account. Add another one first.',
  },
}

function pageOf(obstacle: Obstacle, { detail }: Problem, again: string | undefined): PageProblem {
  switch (obstacle.step) {
    case 'throttled':
      return { kind: 'too_many_tries', retryAfter: obstacle.retryAfter * 1000, again }
    case 'busy':
      return { kind: 'unavailable', again }
    case 'locked':
      return { kind: 'factor_locked' }
    case 'expired':
      return { kind: 'bad_request', detail: 'This login has run out. Begin it again.' }
    case 'refused':
      return obstacle.reason === 'mfa_disabled'
        ? { kind: 'denied', reason: 'mfa_disabled', groups: [] }
        : { kind: 'bad_request', detail }
  }
}
