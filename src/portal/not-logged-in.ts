import type { Answer } from '../http/answer.js'
import { problemAnswer } from '../http/problem.js'
import type { Visit, VisitParts } from './visit.js'

/** The answer to whoever needs a session here and has none (RFC 6750, section 3). */
export function notLoggedIn(
  { credential }: Visit,
  { publicOrigin, authPath }: Pick<VisitParts, 'publicOrigin' | 'authPath'>,
): Answer {
  const loginUrl = `${publicOrigin}${authPath}/login`
  const hasToken = credential.kind === 'access_token' || credential.kind === 'api_token'
  return hasToken
    ? problemAnswer(
        {
          status: 401,
          reason: 'invalid_token',
          detail: 'This token opens nothing here: it has run out, was revoked, or is of another kind.',
          loginUrl,
        },
        { 'www-authenticate': 'Bearer error="invalid_token"' },
      )
    : problemAnswer(
        {
          status: 401,
          reason: 'login_required',
          detail: `Log in first: POST {"username", "password", "mode": "token"} to ${loginUrl}.`,
          loginUrl,
        },
        { 'www-authenticate': 'Bearer' },
      )
}
