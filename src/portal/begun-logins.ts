import type { FastifyReply } from 'fastify'
import {
  type BegunLogin,
  type BegunWay,
  loginCookieAttributes,
  loginCookieName,
  readLoginCookie,
  writeLoginCookie,
} from '../http/login-cookie.js'
import type { Visit, Visits } from './visit.js'

/**
 * The logins that a browser has begun and that wait for an answer: by cookie and not by a hidden field, so that what
 * begins in one browser ends in no other.
 */
export interface BegunLogins {
  find(visit: Visit, way: BegunWay): BegunLogin | undefined
  keep(reply: FastifyReply, way: BegunWay, login: BegunLogin): void
  forget(reply: FastifyReply, way: BegunWay): void
}

export function createBegunLogins({ parts }: Pick<Visits, 'parts'>): BegunLogins {
  const { secure } = parts.cookieScope
  return {
    find: ({ arrival }, way) => readLoginCookie(arrival.headers.fields.cookie, way, secure),
    keep: (reply, way, login) =>
      void reply.setCookie(
        loginCookieName(way, secure),
        writeLoginCookie(login),
        loginCookieAttributes(secure, true),
      ),
    forget: (reply, way) =>
      void reply.setCookie(loginCookieName(way, secure), '', loginCookieAttributes(secure, false)),
  }
}
