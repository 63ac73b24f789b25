import { jsonAnswer } from './answer.js'
import type { Answer } from './answer.js'
import type { ArrivalRefusal } from './arrival.js'
import type { DenyReason } from '../access/decision.js'

/** Why there is no success, as programs read it. A reason never changes its meaning. */
export type ProblemReason =
  | ArrivalRefusal
  | DenyReason
  | 'ambiguous_credential'
  | 'audit_unavailable'
  | 'bad_forward_auth'
  | 'busy'
  | 'expired'
  | 'factor_locked'
  | 'foreign_origin'
  | 'insecure_transport'
  | 'invalid_token'
  | 'last_factor'
  | 'no_suitable_factor'
  | 'not_offered'
  | 'unsuitable'
  | 'internal'
  | 'invalid_input'
  | 'login_required'
  | 'mfa_required'
  | 'not_found'
  | 'step_up_required'
  | 'store_unavailable'
  | 'too_many_streams'
  | 'too_many_tries'
  | 'unsupported_media_type'
  | 'untrusted_proxy'
  | 'upstream_timeout'
  | 'upstream_unreachable'
  | 'wrong_code'
  | 'wrong_credentials'
  | 'wrong_ticket'

/** What a problem body says besides its status. */
export interface Problem {
  readonly status: number
  readonly reason: ProblemReason
  /** A sentence for people, the same for everybody who gets this reason. */
  readonly detail: string
  /** Where a person logs in, when that would help. */
  readonly loginUrl?: string | undefined
  /** The id of the request in the log, for those who ask for help. */
  readonly reference?: string | undefined
  /** Extension members (RFC 9457, section 3.2). They never hide one of the others. */
  readonly members?: Readonly<Record<string, unknown>> | undefined
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** The answer that says a problem (RFC 9457). */
export function problemAnswer(problem: Problem, headers: Answer['headers'] = {}): Answer {
  const { status, reason, detail, loginUrl, reference, members } = problem
  const body = {
    ...members,
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    detail,
    reason,
    ...(loginUrl === undefined ? {} : { login_url: loginUrl }),
    ...(reference === undefined ? {} : { instance: `urn:gatehouse:request:${reference}` }),
  }
  return jsonAnswer(status, body, { ...headers, 'content-type': 'application/problem+json; charset=utf-8' })
}
