import type { FastifyReply } from 'fastify'
import { htmlAnswer, redirectAnswer } from '../http/answer.js'
import type { Beginning, Done, LoginStep } from '../login/login-step.js'
import {
  type FirstMethod,
  loginPage,
  type LoginPageError,
  type LoginPageNotice,
} from '../pages/login-page.js'
import { tellObstacle } from './obstacles.js'
import type { Visit, Visits } from './visit.js'

export interface LoginAnswersOptions {
  readonly visits: Visits
  /** The ways to begin a login that the operator offers, in the order of the page. */
  readonly methods: readonly FirstMethod[]
  /** What an address belongs to, as people know it; undefined for the gateway itself. */
  readonly appOf: (destination: string) => string | undefined
}

/** Where the forms of a login lead, whatever it began with. */
export interface LoginAnswers {
  /** Whether there is another way to begin a login than this one. */
  readonly hasOtherWays: boolean
  readonly appOf: LoginAnswersOptions['appOf']
  /** What a login is begun with in this browser. */
  readonly beginning: (visit: Visit, returnTo: string) => Beginning
  /** Sends the page of a form: with 400, 401 or 429 where something is wrong with what was sent. */
  readonly showForm: (reply: FastifyReply, html: string, fault?: FormFault) => FastifyReply
  /** The page for a way to begin a login that is not switched on. */
  readonly notOffered: (reply: FastifyReply, visit: Visit) => FastifyReply
  showLogin(
    reply: FastifyReply,
    page: {
      readonly returnTo: string
      readonly username?: string
      readonly error?: LoginPageError
      readonly notice?: LoginPageNotice | undefined
    },
  ): FastifyReply
  /** Goes to a page of the gateway on the way to `returnTo`. `more`: further members of its query. */
  toPage(
    reply: FastifyReply,
    page: string,
    returnTo: string,
    more?: Readonly<Record<string, string>>,
  ): FastifyReply
  /** Begins anew, and says why. */
  toLogin(reply: FastifyReply, returnTo: string, notice?: LoginPageNotice): FastifyReply
  /** Puts what was reached into the browser's cookies. False for what no cookie carries. */
  keep(reply: FastifyReply, step: Pick<Done, 'session' | 'device' | 'browser'>): boolean
  /**
   * Goes where a step leads; what needs the same page again is the caller's.
   * @param again the page on which to go on after a wait. Default: the one whose form was sent
   */
  follow(reply: FastifyReply, visit: Visit, step: LoginStep, returnTo: string, again?: string): FastifyReply
}

/** What is wrong with a form. `wrong`: what proves something was not right; any other error: it cannot be right. */
export interface FormFault {
  readonly error?: string | undefined
  /** Nothing more is sent for so many milliseconds. */
  readonly retryAfter?: number | undefined
}

/** Says that a cookie was just set: who comes back without it keeps none. */
export const COOKIE_WAS_SET = 'began'

export function createLoginAnswers({ visits, methods, appOf }: LoginAnswersOptions): LoginAnswers {
  const { authPath } = visits.parts

  const addressOf = (page: string, returnTo: string, more: Readonly<Record<string, string>> = {}): string =>
    `${authPath}/${page}?${new URLSearchParams({ return_to: returnTo, ...more }).toString()}`

  const toPage: LoginAnswers['toPage'] = (reply, page, returnTo, more) =>
    visits.send(reply, redirectAnswer(reply.request.method, addressOf(page, returnTo, more)))

  const toLogin: LoginAnswers['toLogin'] = (reply, returnTo, notice) =>
    toPage(reply, 'login', returnTo, notice === undefined ? {} : { [notice]: '1' })

  const keep: LoginAnswers['keep'] = (reply, { session, device, browser }) => {
    if (session.record.carrier !== 'cookie') return false
    visits.keepSession(reply, session.id)
    if (device !== undefined) visits.keepDevice(reply, device.token, device.expiresAt)
    if (browser !== undefined) visits.keepBrowser(reply, browser.token, browser.expiresAt)
    return true
  }

  const showForm: LoginAnswers['showForm'] = (reply, html, { error, retryAfter } = {}) => {
    if (retryAfter !== undefined) {
      const headers = { 'retry-after': String(Math.ceil(retryAfter / 1000)) }
      return visits.send(reply, htmlAnswer(429, html, headers))
    }
    return visits.send(reply, htmlAnswer(error === undefined ? 200 : error === 'wrong' ? 401 : 400, html))
  }

  return {
    hasOtherWays: methods.length > 1,
    appOf,
    toPage,
    toLogin,
    keep,
    showForm,

    beginning: ({ client, sessionId, deviceToken }, returnTo) => ({
      client,
      previousSessionId: sessionId,
      deviceToken,
      returnTo,
    }),

    notOffered: (reply, visit) => {
      const detail = 'This way of logging in is not switched on here.'
      const problem = { status: 404, reason: 'not_offered', detail } as const
      return visits.problem(reply, visit, { kind: 'not_found' }, problem)
    },

    showLogin: (reply, { returnTo, username = '', error, notice }) => {
      const html = loginPage({ authPath, returnTo, app: appOf(returnTo), methods, username, error, notice })
      return showForm(reply, html, { error })
    },

    follow: (reply, visit, step, returnTo, again) => {
      switch (step.step) {
        case 'done': {
          if (!keep(reply, step)) return toLogin(reply, returnTo, 'expired')
          const { method } = reply.request
          return visits.send(reply, redirectAnswer(method, visits.destination(step.returnTo ?? returnTo)))
        }
        case 'second_factor':
        case 'enrol': {
          if (!keep(reply, step)) return toLogin(reply, returnTo, 'expired')
          const page = step.step === 'enrol' ? 'enrol' : 'mfa'
          return toPage(reply, page, returnTo, { [COOKIE_WAS_SET]: '1' })
        }
        case 'expired':
          return toLogin(reply, returnTo, step.usedUp === true ? 'too_many_codes' : 'expired')
        default: {
          const page = (reply.request.routeOptions.url ?? '').slice(authPath.length + 1)
          return tellObstacle(visits, reply, visit, step, again ?? addressOf(page, returnTo))
        }
      }
    },
  }
}
