import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../access/identity.js'
import type { Authenticate } from '../credentials/authenticate.js'
import {
  readSessionCookie,
  sessionCookieAttributes,
  sessionCookieName,
} from '../credentials/session-cookie.js'
import type { SessionCookieScope } from '../credentials/session-cookie.js'
import type { Answer, AnswerHeaders } from '../http/answer.js'
import { htmlAnswer } from '../http/answer.js'
import type { Arrival } from '../http/arrival.js'
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
  readonly answerHeaders: AnswerHeaders
  /** The request as it was read when it came in. */
  readonly arrivalOf: (request: FastifyRequest) => Arrival
  readonly authenticate: Authenticate
  readonly checkReturnTo: CheckReturnTo
}

/** Somebody at one of the portal's addresses. */
export interface Visit {
  readonly arrival: Arrival
  /** The session id of the cookie; nobody has looked yet whether it is worth anything. */
  readonly sessionId: string | undefined
  readonly client: Client
  /** Whether pages help; otherwise JSON is answered. */
  readonly wantsPage: boolean
}

/** Reads who is at the door, and answers them. */
export interface Visits {
  readonly parts: VisitParts
  of(request: FastifyRequest): Visit
  /** Who the session cookie belongs to, by the same check that guards the apps. */
  caller(visit: Visit): Promise<Caller>
  /** A field of a form, a query or a JSON body that is one text; undefined otherwise. */
  field(source: unknown, name: string): string | undefined
  /** The address to go to afterwards, checked now; the account page when it is missing or not ours. */
  destination(wanted: unknown): string
  send(reply: FastifyReply, answer: Answer): FastifyReply
  /** Puts a session into the browser's cookie. */
  keepSession(reply: FastifyReply, id: string): void
  forgetSession(reply: FastifyReply): void
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
      .headers({ ...parts.answerHeaders, ...answer.headers })
      .send(answer.body)
  }

  return {
    parts,
    of(request) {
      const arrival = parts.arrivalOf(request)
      return {
        arrival,
        sessionId: readSessionCookie(arrival.headers.fields.cookie, cookieName),
        client: {
          address: arrival.client.address,
          userAgent: request.headers['user-agent'] ?? '',
          requestId: request.id,
        },
        wantsPage: isNavigation(arrival.headers),
      }
    },
    async caller({ sessionId }) {
      return sessionId === undefined ? undefined : parts.authenticate.bySession(sessionId)
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
    problem(reply, visit, page, problem, headers = {}) {
      if (!visit.wantsPage) return send(reply, problemAnswer(problem, headers))
      const html = problemPage({
        authPath,
        status: problem.status,
        problem: page,
        username: undefined,
        reference: undefined,
      })
      return send(reply, htmlAnswer(problem.status, html, headers))
    },
  }
}
