import type { FastifyReply } from 'fastify'
import { htmlAnswer, redirectAnswer } from '../http/answer.js'
import type { EnrolmentOffer, Login, LoginStep } from '../login/login-step.js'
import { backupCodesPage } from '../pages/backup-codes-page.js'
import { enrolPage, enrolTicketPage } from '../pages/enrol-page.js'
import type { EnrolPageError } from '../pages/enrol-page.js'
import { loginPage } from '../pages/login-page.js'
import type { LoginPageData } from '../pages/login-page.js'
import { secondFactorPage } from '../pages/second-factor-page.js'
import type { SecondFactorPageError } from '../pages/second-factor-page.js'
import type { Clock } from '../clock.js'
import type { Handler } from './login-api.js'
import { tellObstacle } from './obstacles.js'
import type { Visit, Visits } from './visit.js'

export interface LoginForms {
  readonly loginPage: Handler
  readonly password: Handler
  readonly mfaPage: Handler
  readonly mfa: Handler
  readonly enrolPage: Handler
  readonly enrol: Handler
}

export interface LoginFormsOptions {
  readonly visits: Visits
  readonly login: Login
  /** What an address belongs to, as people know it; undefined for the gateway itself. */
  readonly appOf: (destination: string) => string | undefined
  readonly now: Clock
}

/** The login as pages and forms that work without JavaScript. */
export function createLoginForms({ visits, login, appOf, now }: LoginFormsOptions): LoginForms {
  const { authPath, publicHost } = visits.parts

  const showLogin = (
    reply: FastifyReply,
    status: number,
    data: Partial<LoginPageData> & { returnTo: string },
  ) =>
    visits.send(
      reply,
      htmlAnswer(
        status,
        loginPage({
          authPath,
          app: appOf(data.returnTo),
          username: '',
          error: undefined,
          notice: undefined,
          ...data,
        }),
      ),
    )

  const toPage = (reply: FastifyReply, page: string, returnTo: string, more = ''): FastifyReply =>
    visits.send(
      reply,
      redirectAnswer(
        reply.request.method,
        `${authPath}/${page}?return_to=${encodeURIComponent(returnTo)}${more}`,
      ),
    )

  /** Whoever was in the middle of a login is told why it begins anew. */
  const toExpired = (reply: FastifyReply, returnTo: string): FastifyReply =>
    toPage(reply, 'login', returnTo, '&expired=1')

  /** The page whose form was sent, to come back to it later. */
  const samePage = (reply: FastifyReply, returnTo: string): string =>
    `${reply.request.routeOptions.url ?? ''}?return_to=${encodeURIComponent(returnTo)}`

  /** Goes where the step leads; what needs the same page again is the caller's. */
  function follow(reply: FastifyReply, visit: Visit, step: LoginStep, wanted: string): FastifyReply {
    switch (step.step) {
      case 'done':
        visits.keepSession(reply, step.session.id)
        return visits.send(
          reply,
          redirectAnswer(reply.request.method, visits.destination(step.returnTo ?? wanted)),
        )
      case 'second_factor':
        visits.keepSession(reply, step.session.id)
        return toPage(reply, 'mfa', wanted)
      case 'enrol':
        visits.keepSession(reply, step.session.id)
        return toPage(reply, 'enrol', wanted)
      case 'expired':
        return toExpired(reply, wanted)
      default:
        return tellObstacle(visits, reply, visit, step, samePage(reply, wanted))
    }
  }

  interface Asked {
    readonly reply: FastifyReply
    readonly visit: Visit
    readonly username: string
    readonly challenge: string
    readonly returnTo: string
  }

  async function showSecondFactor(
    { reply, username, challenge, returnTo }: Asked,
    factors: { readonly asked: 'totp' | 'backup_code'; readonly other: readonly ('totp' | 'backup_code')[] },
    more: {
      readonly isStepUp: boolean
      readonly formLost: boolean
      readonly error: SecondFactorPageError | undefined
    },
  ): Promise<FastifyReply> {
    const html = secondFactorPage({
      authPath,
      returnTo,
      challenge,
      username,
      factor: factors.asked,
      otherFactors: factors.other.filter(factor => factor !== factors.asked),
      stepUp: more.isStepUp ? { maxAge: undefined } : undefined,
      error: more.error,
      formLost: more.formLost,
    })
    return visits.send(reply, htmlAnswer(more.error === undefined ? 200 : 401, html))
  }

  async function showEnrolment(
    { reply, visit, username, challenge, returnTo }: Asked,
    offer: EnrolmentOffer | Exclude<Awaited<ReturnType<Login['startEnrolment']>>, EnrolmentOffer>,
    error: EnrolPageError | undefined,
  ): Promise<FastifyReply> {
    if (offer.step === 'refused' && offer.reason === 'ticket') {
      const html = enrolTicketPage({ authPath, returnTo, challenge, username, error })
      return visits.send(reply, htmlAnswer(error === undefined ? 200 : 403, html))
    }
    if (offer.step === 'expired') return toExpired(reply, returnTo)
    if (offer.step !== 'enrolment')
      return tellObstacle(visits, reply, visit, offer, samePage(reply, returnTo))
    const { qrSvg, otpauthUri, secret } = offer
    const html = enrolPage({ authPath, returnTo, challenge, username, qrSvg, otpauthUri, secret, error })
    return visits.send(reply, htmlAnswer(error === undefined ? 200 : 401, html))
  }

  return {
    async loginPage(request, reply) {
      const returnTo = visits.destination(visits.field(request.query, 'return_to'))
      const formLost = visits.field(request.query, 'form_lost') !== undefined
      const expired = visits.field(request.query, 'expired') !== undefined
      return showLogin(reply, 200, {
        returnTo,
        notice: formLost ? 'form_lost' : expired ? 'expired' : undefined,
      })
    },

    async password(request, reply) {
      const visit = visits.of(request)
      const { client, sessionId } = visit
      const returnTo = visits.destination(visits.field(request.body, 'return_to'))
      const username = visits.field(request.body, 'username') ?? ''
      const password = visits.field(request.body, 'password') ?? ''
      if (username === '' || password === '')
        return showLogin(reply, 400, { returnTo, username, error: 'incomplete' })
      const step = await login.password({
        username,
        password,
        client,
        previousSessionId: sessionId,
        returnTo,
      })
      if (step.step === 'refused') return showLogin(reply, 401, { returnTo, username, error: 'wrong' })
      return follow(reply, visit, step, returnTo)
    },

    async mfaPage(request, reply) {
      const visit = visits.of(request)
      const returnTo = visits.destination(visits.field(request.query, 'return_to'))
      const { sessionId } = visit
      if (sessionId === undefined) return toPage(reply, 'login', returnTo)
      const step = await login.challengeFor({ sessionId, returnTo })
      if (step.step !== 'second_factor') return follow(reply, visit, step, returnTo)
      const wanted = visits.field(request.query, 'factor')
      const asked = step.factors.find(factor => factor === wanted) ?? step.factors[0] ?? 'totp'
      const { subject, proofs } = step.session.record
      return showSecondFactor(
        { reply, visit, username: subject, challenge: step.challenge, returnTo },
        { asked, other: step.factors },
        {
          isStepUp: proofs.some(proof => proof.method !== 'password'),
          formLost: visits.field(request.query, 'form_lost') !== undefined,
          error: undefined,
        },
      )
    },

    async mfa(request, reply) {
      const visit = visits.of(request)
      const returnTo = visits.destination(visits.field(request.body, 'return_to'))
      const { sessionId, client } = visit
      if (sessionId === undefined) return toExpired(reply, returnTo)
      const challenge = visits.field(request.body, 'challenge') ?? ''
      const factor = visits.field(request.body, 'factor') === 'backup_code' ? 'backup_code' : 'totp'
      const code = visits.field(request.body, 'code') ?? ''
      const step = await login.secondFactor({ sessionId, challenge, factor, code, client })
      if (step.step === 'expired') return toPage(reply, 'mfa', returnTo)
      if (step.step !== 'refused') return follow(reply, visit, step, returnTo)
      const caller = await visits.caller(visit)
      if (caller === undefined) return toExpired(reply, returnTo)
      return showSecondFactor(
        { reply, visit, username: caller.person.subject, challenge, returnTo },
        { asked: factor, other: ['totp', 'backup_code'] },
        { isStepUp: false, formLost: false, error: step.reason === 'wrong_code' ? 'wrong' : 'incomplete' },
      )
    },

    async enrolPage(request, reply) {
      const visit = visits.of(request)
      const returnTo = visits.destination(visits.field(request.query, 'return_to'))
      const { sessionId, client } = visit
      if (sessionId === undefined) return toPage(reply, 'login', returnTo)
      const step = await login.challengeFor({ sessionId, returnTo })
      if (step.step !== 'enrol') return follow(reply, visit, step, returnTo)
      const { challenge } = step
      const asked = { reply, visit, username: step.session.record.subject, challenge, returnTo }
      return showEnrolment(asked, await login.startEnrolment({ sessionId, challenge, client }), undefined)
    },

    async enrol(request, reply) {
      const visit = visits.of(request)
      const returnTo = visits.destination(visits.field(request.body, 'return_to'))
      const { sessionId, client } = visit
      const caller = await visits.caller(visit)
      if (sessionId === undefined || caller === undefined) return toExpired(reply, returnTo)
      const challenge = visits.field(request.body, 'challenge') ?? ''
      const username = caller.person.subject
      const asked = { reply, visit, username, challenge, returnTo }
      const ticket = visits.field(request.body, 'ticket')
      if (ticket !== undefined) {
        const offer = await login.startEnrolment({ sessionId, challenge, ticket, client })
        const error = ticket === '' ? 'incomplete' : 'wrong'
        return showEnrolment(asked, offer, offer.step === 'enrolment' ? undefined : error)
      }
      const code = visits.field(request.body, 'code') ?? ''
      const step = await login.secondFactor({ sessionId, challenge, factor: 'totp', code, client })
      if (step.step === 'done' && step.backupCodes !== undefined) {
        visits.keepSession(reply, step.session.id)
        const continueTo = visits.destination(step.returnTo ?? returnTo)
        const codes = step.backupCodes
        const html = backupCodesPage({
          authPath,
          username,
          site: publicHost,
          codes,
          madeAt: now(),
          continueTo,
        })
        return visits.send(reply, htmlAnswer(200, html))
      }
      if (step.step === 'expired') return toPage(reply, 'enrol', returnTo)
      if (step.step !== 'refused') return follow(reply, visit, step, returnTo)
      const offer = await login.startEnrolment({ sessionId, challenge, client })
      return showEnrolment(asked, offer, step.reason === 'wrong_code' ? 'wrong' : 'incomplete')
    },
  }
}
