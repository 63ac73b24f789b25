import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller, Identity } from '../access/identity.js'
import { AUTHENTICATE_SCOPE } from '../credentials/api-token.js'
import type { Clock } from '../clock.js'
import type { Authenticate } from '../credentials/authenticate.js'
import { sessionCookieAttributes, sessionCookieName } from '../credentials/session-cookie.js'
import type { SessionCookieScope } from '../credentials/session-cookie.js'
import { tokenSessionId } from '../credentials/session-record.js'
import type { Answer, AnswerHeaders } from '../http/answer.js'
import { htmlAnswer } from '../http/answer.js'
import type { Arrival } from '../http/arrival.js'
import { callerOf, type Credential, type ReadCredential } from '../http/credential.js'
import { deviceCookieAttributes, deviceCookieName, readDeviceCookie } from '../http/device-cookie.js'
import { knownBrowserCookieName, readKnownBrowserCookie } from '../http/known-browser-cookie.js'
import { isNavigation } from '../http/navigation.js'
import { problemAnswer } from '../http/problem.js'
import type { Problem } from '../http/problem.js'
import type { CheckReturnTo } from '../http/return-to.js'
import type { Client } from '../login/login-step.js'
import { problemPage } from '../pages/problem-page.js'
import type { PageProblem } from '../pages/problem-page.js'

/** What every address of the portal works with. */
export interface VisitParts {
  readonly authPath: string
  readonly publicOrigin: string
  readonly publicHost: string
  readonly cookieScope: SessionCookieScope
  readonly answerHeaders: () => AnswerHeaders
  /** The request as it was read when it came in. */
  readonly arrivalOf: (request: FastifyRequest) => Arrival
  readonly readCredential: ReadCredential
  readonly authenticate: Authenticate
  readonly checkReturnTo: CheckReturnTo
  readonly now: Clock
}

/** Somebody at one of the portal's addresses. */
export interface Visit {
  readonly arrival: Arrival
  /** What of ours came along; nobody has looked yet whether it is worth anything. */
  readonly credential: Credential
  /** The session id of the cookie, if that is what came along. */
  readonly sessionId: string | undefined
  /** The secret of a browser that may be remembered; nobody has looked yet whether it is worth anything. */
  readonly deviceToken: string | undefined
  readonly client: Client
  /** Whether pages help; otherwise JSON is answered. */
  readonly wantsPage: boolean
}

/** Reads who is at the door, and answers them. */
export interface Visits {
  readonly parts: VisitParts
  of(request: FastifyRequest): Visit
  /**
   * Whose session it is, in a cookie or in an access token, by the same check that guards the apps. An API token is
   * nobody's session.
   */
  caller(visit: Visit): Promise<Caller>
  /** The id of that session, for the steps of a login; undefined when there is none that is alive. */
  session(visit: Visit): Promise<string | undefined>
  /** A backend that may log people in, by its API token; undefined for everybody else. */
  backend(visit: Visit): Promise<Identity | undefined>
  /** A field of a form, a query or a JSON body that is one text; undefined otherwise. */
  field(source: unknown, name: string): string | undefined
  /** The address to go to afterwards, checked now; the account page when it is missing or not ours. */
  destination(wanted: unknown): string
  send(reply: FastifyReply, answer: Answer): FastifyReply
  /** Puts a session into the browser's cookie. */
  keepSession(reply: FastifyReply, id: string): void
  forgetSession(reply: FastifyReply): void
  /** Has a browser remembered until a moment (milliseconds since the epoch). */
  keepDevice(reply: FastifyReply, token: string, expiresAt: number): void
  /** Has a browser known until a moment (milliseconds since the epoch). */
  keepBrowser(reply: FastifyReply, token: string, expiresAt: number): void
  /** The same as `problem()`, before it is sent. */
  problemFor(visit: Visit, page: PageProblem, problem: Problem, headers?: Answer['headers']): Answer
  /** A page for people, a problem body for programs. */
  problem(
    reply: FastifyReply,
    visit: Visit,
    page: PageProblem,
    problem: Problem,
    headers?: Answer['headers'],
  ): FastifyReply
}

export function createVisits(parts: VisitParts): Visits {
  const { authPath, cookieScope } = parts
  const cookieName = sessionCookieName(cookieScope)
  const cookieAttributes = sessionCookieAttributes(cookieScope)

  function send(reply: FastifyReply, answer: Answer): FastifyReply {
    return reply
      .code(answer.status)
      .headers({ ...parts.answerHeaders(), ...answer.headers })
      .send(answer.body)
  }

  function problemFor(
    { wantsPage }: Visit,
    page: PageProblem,
    problem: Problem,
    headers: Answer['headers'] = {},
  ): Answer {
    if (!wantsPage) return problemAnswer(problem, headers)
    const html = problemPage({
      authPath,
      status: problem.status,
      problem: page,
      username: undefined,
      reference: undefined,
    })
    return htmlAnswer(problem.status, html, headers)
  }

  async function caller({ credential, client }: Visit): Promise<Caller> {
    if (credential.kind === 'api_token') return undefined
    return callerOf(parts.authenticate, credential, client.address)
  }

  return {
    parts,
    of(request) {
      const arrival = parts.arrivalOf(request)
      const credential = parts.readCredential(arrival.headers.fields)
      return {
        arrival,
        credential,
        sessionId: credential.kind === 'session' ? credential.id : undefined,
        deviceToken: readDeviceCookie(arrival.headers.fields.cookie, cookieScope.secure),
        client: {
          address: arrival.client.address,
          userAgent: request.headers['user-agent'] ?? '',
          requestId: request.id,
          browserToken: readKnownBrowserCookie(arrival.headers.fields.cookie, cookieScope.secure),
        },
        wantsPage: isNavigation(arrival.headers),
      }
    },
    caller,
    async session(visit) {
      const somebody = await caller(visit)
      if (somebody === undefined) return undefined
      const { credential } = visit
      return credential.kind === 'session' ? credential.id : tokenSessionId(somebody.sessionReference)
    },
    async backend({ credential, client }) {
      if (credential.kind !== 'api_token') return undefined
      const found = await callerOf(parts.authenticate, credential, client.address)
      const mayLogIn =
        found?.apiToken?.owner === 'machine' && found.apiToken.scopes.includes(AUTHENTICATE_SCOPE)
      return mayLogIn ? found : undefined
    },
    field(source, name) {
      if (typeof source !== 'object' || source === null || !Object.hasOwn(source, name)) return undefined
      const value: unknown = (source as Record<string, unknown>)[name]
      return typeof value === 'string' ? value : undefined
    },
    destination: wanted => parts.checkReturnTo(wanted) ?? `${authPath}/account`,
    send,
    keepSession: (reply, id) => void reply.setCookie(cookieName, id, cookieAttributes),
    forgetSession: reply => void reply.setCookie(cookieName, '', { ...cookieAttributes, maxAge: 0 }),
    keepDevice: (reply, token, expiresAt) =>
      void reply.setCookie(
        deviceCookieName(cookieScope.secure),
        token,
        deviceCookieAttributes(cookieScope.secure, expiresAt - parts.now()),
      ),
    keepBrowser: (reply, token, expiresAt) =>
      void reply.setCookie(
        knownBrowserCookieName(cookieScope.secure),
        token,
        deviceCookieAttributes(cookieScope.secure, expiresAt - parts.now()),
      ),
    problemFor,
    problem: (reply, visit, page, problem, headers = {}) =>
      send(reply, problemFor(visit, page, problem, headers)),
  }
}
