import type { Decision } from '../access/decision.js'
import { describeRefusal } from '../access/describe-decision.js'
import type { StepUp } from '../access/route.js'
import type { Arrival, ArrivalRefusal } from '../http/arrival.js'
import { htmlAnswer, redirectAnswer } from '../http/answer.js'
import type { Answer } from '../http/answer.js'
import { isNavigation } from '../http/navigation.js'
import { problemAnswer } from '../http/problem.js'
import type { Problem } from '../http/problem.js'
import { problemPage } from '../pages/problem-page.js'
import type { DenialExplained } from '../pages/denial-explained.js'
import type { PageProblem } from '../pages/problem-page.js'
import type { UpstreamFailure } from './upstream-failure.js'
import type { Judgement } from './guard.js'

export interface AnswerOptions {
  readonly authPath: string
  /** Origin of `public_url`. */
  readonly publicOrigin: string
  readonly publicHost: string
}

/** What goes with an answer that somebody may ask about. */
export interface Told {
  /** The id of the request in the log; undefined: it is not told of there. */
  readonly reference?: string | undefined
  /** Why it was denied, for somebody who may know; undefined: this one may not. */
  readonly explanation?: DenialExplained | undefined
}

/** What the gate answers itself when a request does not pass. */
export interface GateAnswers {
  /** The decision was not `allow`. */
  refused(arrival: Arrival, judgement: Judgement, told?: Told): Answer
  /** The request cannot be read in one way. */
  unreadable(arrival: Arrival, refusal: ArrivalRefusal | 'ambiguous_credential', reference?: string): Answer
  /** The upstream gave no answer, the store could not be read, or a WebSocket was not asked for properly. */
  failed(arrival: Arrival, failure: GateFailure, reference?: string): Answer
}

export type GateFailure =
  | UpstreamFailure
  | 'no_upstream'
  | 'outside_prefix'
  | 'store_unavailable'
  | 'internal'
  | 'foreign_origin'
  | 'bad_websocket'
  | 'too_many_streams'

/** Makes the answers of the gate: a page or a redirect for a person who is navigating, a problem body otherwise. */
export function createGateAnswers(options: AnswerOptions): GateAnswers {
  const { authPath, publicOrigin } = options

  function tell(
    arrival: Arrival,
    page: PageProblem,
    problem: Problem,
    headers: Answer['headers'],
    username?: string,
  ): Answer {
    if (!isNavigation(arrival.headers)) return problemAnswer(problem, headers)
    const html = problemPage({
      authPath,
      status: problem.status,
      problem: page,
      username,
      reference: problem.reference,
    })
    return htmlAnswer(problem.status, html, headers)
  }

  /** Sends a browser to a page of the portal, and tells a program what is missing. */
  function challenge(
    arrival: Arrival,
    judgement: Judgement,
    page: 'login' | 'mfa',
    problem: Problem,
    www: string,
  ): Answer {
    const url = `${publicOrigin}${authPath}/${page}?return_to=${encodeURIComponent(returnTo(judgement, arrival, options))}`
    if (isNavigation(arrival.headers)) {
      const lost =
        judgement.request.method === 'GET' || judgement.request.method === 'HEAD' ? '' : '&form_lost=1'
      return redirectAnswer(judgement.request.method, url + lost)
    }
    const portal = `${publicOrigin}${authPath}`
    // RFC 8631: where the interface is described, for whoever is reading this with curl.
    const link = `<${portal}/openapi.json>; rel="service-desc"; type="application/vnd.oai.openapi+json"`
    return problemAnswer(
      { ...problem, loginUrl: `${portal}/login` },
      { 'www-authenticate': basicToo(arrival, judgement) + www, link },
    )
  }

  function refused(arrival: Arrival, judgement: Judgement, told: Told = {}): Answer {
    const decision = judgement.decision as Exclude<Decision, { effect: 'allow' }>
    switch (decision.effect) {
      case 'not_found':
        return tell(
          arrival,
          { kind: 'not_found' },
          { status: 404, reason: 'not_found', detail: 'The gateway has no app at this address.' },
          {},
        )
      case 'deny':
        return tell(
          arrival,
          {
            kind: 'denied',
            reason: decision.reason,
            groups: judgement.match?.route.groups ?? [],
            explanation: told.explanation,
          },
          {
            status: 403,
            reason: decision.reason,
            detail: DENIED[decision.reason],
            reference: told.reference,
          },
          decision.reason === 'token_scope' ? { 'www-authenticate': insufficientScope(judgement) } : {},
          judgement.caller?.person.subject,
        )
      case 'login':
        return challenge(
          arrival,
          judgement,
          'login',
          judgement.invalidCredential ? INVALID_TOKEN : { ...LOGIN_REQUIRED, detail: howToLogIn(options) },
          judgement.invalidCredential ? 'Bearer error="invalid_token"' : 'Bearer',
        )
      case 'mfa':
        return challenge(
          arrival,
          judgement,
          'mfa',
          {
            status: 401,
            reason: 'mfa_required',
            detail: `This needs a second factor as well. ${howToStepUp(options)}`,
          },
          insufficient('The second factor is missing', undefined),
        )
      case 'step_up':
        return challenge(
          arrival,
          judgement,
          'mfa',
          {
            status: 401,
            reason: 'step_up_required',
            detail: `This needs a fresher or stronger second factor. ${howToStepUp(options)}`,
          },
          insufficient('A fresher or stronger proof is needed', decision.stepUp),
        )
    }
  }

  return {
    refused,
    unreadable(arrival, refusal, reference) {
      const { status, detail } = describe(refusal)
      const problem = { status, reason: refusal, detail, reference }
      return tell(arrival, { kind: 'bad_request', detail }, problem, {})
    },
    failed(arrival, failure, reference) {
      const { page, problem, headers } = FAILURES[failure]
      return tell(arrival, page, { ...problem, reference }, headers)
    },
  }
}

/** Where a person goes after logging in: the very address that was asked for. */
function returnTo(
  { request }: Judgement,
  { headers, client }: Arrival,
  { publicHost, publicOrigin }: AnswerOptions,
): string {
  const target = request.encodedPath + request.query
  if (request.host === publicHost) return target
  const scheme = publicOrigin.slice(0, publicOrigin.indexOf(':'))
  return `${scheme}://${client.forwardedHost ?? headers.fields.host ?? request.host}${target}`
}

const LOGIN_REQUIRED = { status: 401, reason: 'login_required' } as const
const INVALID_TOKEN: Problem = {
  status: 401,
  reason: 'invalid_token',
  detail: 'What was sent as a credential has run out, was revoked or never was one. Log in again.',
}

/** All that a programmer needs who meets a protected address for the first time. */
function howToLogIn({ authPath, publicOrigin }: AnswerOptions): string {
  return (
    `Log in first: POST {"username", "password", "mode": "token"} as application/json to ${publicOrigin}${authPath}/login, ` +
    'show the second factor that a 202 asks for, and send the access_token as "Authorization: Bearer". ' +
    `Every address is described at ${publicOrigin}${authPath}/openapi.json.`
  )
}

/** The same for somebody who is half in. */
function howToStepUp({ authPath, publicOrigin }: AnswerOptions): string {
  return (
    `POST {} as application/json to ${publicOrigin}${authPath}/mfa/challenge with the same credential, ` +
    `then the factor to ${publicOrigin}${authPath}/mfa/verify.`
  )
}

/**
 * Where API tokens open the route, programs that know Basic only are asked for it: calendars, git, feed readers.
 * Never a browser, which would show its own password window.
 */
function basicToo({ headers }: Arrival, { match }: Judgement): string {
  const isBrowser = headers.fields.fetchMode !== undefined
  return match?.route.tokens === undefined || isBrowser ? '' : 'Basic realm="Gatehouse", charset="UTF-8", '
}

/** RFC 6750, section 3.1. */
function insufficientScope({ match }: Judgement): string {
  const scopes = match?.route.tokens ?? []
  return `Bearer error="insufficient_scope"${scopes.length === 0 ? '' : `, scope="${scopes.join(' ')}"`}`
}

/** RFC 9470, section 3. */
function insufficient(description: string, stepUp: StepUp | undefined): string {
  const isResistant = stepUp?.methods?.every(method => method === 'webauthn') === true
  const acr = isResistant ? 'phishing_resistant' : 'multi'
  const age = stepUp?.maxAge === undefined ? '' : `, max_age="${Math.floor(stepUp.maxAge / 1000)}"`
  return `Bearer error="insufficient_user_authentication", error_description="${description}", acr_values="${acr}"${age}`
}

const DENIED = {
  denied: 'Nobody may open this.',
  not_this_user: 'This is not open to your user.',
  not_in_group: 'You are in none of the groups that may open this.',
  token_scope: 'This API token has not the scope that the address needs.',
  mfa_disabled: 'This needs a second factor, and the operator has switched it off for your user.',
} as const

/** Refusals of the message itself; those of the path are described where they are made. */
const UNREADABLE = {
  ambiguous_credential: {
    status: 400,
    detail: 'Two credentials of this gateway were sent at once, or one in an unusual form. Send one alone.',
  },
  repeated_header: { status: 400, detail: 'A header field that may stand only once stood twice.' },
  too_many_headers: { status: 431, detail: 'There are too many header fields.' },
  unsupported_version: { status: 400, detail: 'The gateway speaks HTTP/1.1 and HTTP/1.0.' },
  unsupported_transfer_encoding: {
    status: 400,
    detail: 'The only transfer coding that is understood is "chunked".',
  },
} as const

function describe(refusal: ArrivalRefusal | 'ambiguous_credential'): {
  readonly status: number
  readonly detail: string
} {
  if (refusal in UNREADABLE) return UNREADABLE[refusal as keyof typeof UNREADABLE]
  const status = refusal === 'method_not_allowed' ? 405 : refusal === 'too_long' ? 414 : 400
  const { message, cure } = describeRefusal(refusal as Parameters<typeof describeRefusal>[0])
  return { status, detail: `${message}. ${cure}.` }
}

const RETRY_LATER = { 'retry-after': '5' }

const FAILURES: Readonly<
  Record<
    GateFailure,
    { readonly page: PageProblem; readonly problem: Problem; readonly headers: Answer['headers'] }
  >
> = {
  upstream_unreachable: {
    page: { kind: 'upstream_down' },
    problem: {
      status: 502,
      reason: 'upstream_unreachable',
      detail: 'The app behind the gateway cannot be reached.',
    },
    headers: {},
  },
  upstream_timeout: {
    page: { kind: 'upstream_slow' },
    problem: {
      status: 504,
      reason: 'upstream_timeout',
      detail: 'The app behind the gateway did not answer in time.',
    },
    headers: {},
  },
  no_upstream: {
    page: { kind: 'not_found' },
    problem: {
      status: 404,
      reason: 'not_found',
      detail: 'The gateway only decides for this app: another proxy forwards to it.',
    },
    headers: {},
  },
  outside_prefix: {
    page: { kind: 'not_found' },
    problem: {
      status: 404,
      reason: 'not_found',
      detail: 'The app has nothing at this address.',
    },
    headers: {},
  },
  store_unavailable: {
    page: { kind: 'unavailable' },
    problem: {
      status: 503,
      reason: 'store_unavailable',
      detail: 'The gateway cannot read its sessions now.',
    },
    headers: RETRY_LATER,
  },
  internal: {
    page: { kind: 'internal' },
    problem: { status: 500, reason: 'internal', detail: 'The gateway has a fault of its own.' },
    headers: {},
  },
  foreign_origin: {
    page: { kind: 'foreign_form' },
    problem: {
      status: 403,
      reason: 'foreign_origin',
      detail: 'The page of another site opened this WebSocket.',
    },
    headers: {},
  },
  bad_websocket: {
    page: { kind: 'bad_request', detail: 'This is not a WebSocket handshake of version 13.' },
    problem: {
      status: 426,
      reason: 'invalid_input',
      detail: 'This is not a WebSocket handshake of version 13.',
    },
    headers: { 'sec-websocket-version': '13', upgrade: 'websocket' },
  },
  too_many_streams: {
    page: { kind: 'too_many_tries', retryAfter: 10_000 },
    problem: {
      status: 429,
      reason: 'too_many_streams',
      detail: 'Too many WebSockets and event streams are open. Close some of them first.',
    },
    headers: { 'retry-after': '10' },
  },
}
