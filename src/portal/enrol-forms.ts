import type { FastifyReply } from 'fastify'
import type { Clock } from '../clock.js'
import { htmlAnswer } from '../http/answer.js'
import type { EnrollableFactor, EnrolmentOffer, Login } from '../login/login-step.js'
import { backupCodesPage } from '../pages/backup-codes-page.js'
import { enrolKeyPage, enrolPage, enrolTicketPage, type EnrolPageError } from '../pages/enrol-page.js'
import type { TotpSetup } from '../pages/totp-setup.js'
import { COOKIE_WAS_SET, type LoginAnswers } from './login-answers.js'
import { tellObstacle } from './obstacles.js'
import type { Handler, PageAddress } from './page-address.js'
import type { Visit, Visits } from './visit.js'

export interface EnrolFormsOptions {
  readonly visits: Visits
  readonly login: Pick<Login, 'challengeFor' | 'startEnrolment' | 'secondFactor'>
  readonly answers: LoginAnswers
  /** What a first login can set up, the usual one first. */
  readonly enrollable: readonly EnrollableFactor[]
  /** How the codes of new authenticator apps are computed. */
  readonly settings: TotpSetup['settings']
  readonly now: Clock
}

/** Somebody who sets up the first second factor. */
interface Asked {
  readonly reply: FastifyReply
  readonly visit: Visit
  readonly username: string
  readonly challenge: string
  readonly returnTo: string
}

/** The page and the form of the first enrolment: an authenticator app or a security key, with a ticket where one is due. */
export function createEnrolForms(options: EnrolFormsOptions): readonly PageAddress[] {
  const { visits, login, answers, enrollable, settings } = options
  const { authPath, publicHost } = visits.parts
  const chosen = (wanted: string | undefined): EnrollableFactor =>
    enrollable.find(factor => factor === wanted) ?? enrollable[0] ?? 'totp'

  function show(
    { reply, visit, username, challenge, returnTo }: Asked,
    offer: EnrolmentOffer | Exclude<Awaited<ReturnType<Login['startEnrolment']>>, EnrolmentOffer>,
    error: EnrolPageError | undefined,
  ): FastifyReply {
    const page = { authPath, returnTo, challenge, username, error }
    if (offer.step === 'refused' && offer.reason === 'ticket')
      return answers.showForm(reply, enrolTicketPage(page), { error })
    if (offer.step === 'expired') return answers.toLogin(reply, returnTo, 'expired')
    if (offer.step !== 'enrolment') return answers.follow(reply, visit, offer, returnTo)
    if (offer.factor === 'webauthn') {
      const offersApp = enrollable.includes('totp')
      return answers.showForm(reply, enrolKeyPage({ ...page, options: offer.options, offersApp }), { error })
    }
    const { qrSvg, otpauthUri, secret } = offer
    const offersKey = enrollable.includes('webauthn')
    const html = enrolPage({ ...page, qrSvg, otpauthUri, secret, settings, offersKey })
    return answers.showForm(reply, html, { error })
  }

  const page: Handler = async (request, reply) => {
    const visit = visits.of(request)
    const { sessionId, client } = visit
    const returnTo = visits.destination(visits.field(request.query, 'return_to'))
    if (sessionId === undefined) {
      const wasSet = visits.field(request.query, COOKIE_WAS_SET) !== undefined
      return answers.toLogin(reply, returnTo, wasSet ? 'cookies' : undefined)
    }
    const step = await login.challengeFor({ sessionId, returnTo, client })
    if (step.step !== 'enrol') return answers.follow(reply, visit, step, returnTo)
    const { challenge } = step
    const asked = { reply, visit, username: step.session.record.subject, challenge, returnTo }
    const factor = chosen(visits.field(request.query, 'factor'))
    return show(asked, await login.startEnrolment({ sessionId, challenge, factor, client }), undefined)
  }

  const answer: Handler = async (request, reply) => {
    const visit = visits.of(request)
    const { sessionId, client } = visit
    const field = (name: string): string | undefined => visits.field(request.body, name)
    const returnTo = visits.destination(field('return_to'))
    const caller = await visits.caller(visit)
    if (sessionId === undefined || caller === undefined) return answers.toLogin(reply, returnTo, 'expired')
    const challenge = field('challenge') ?? ''
    const factor = chosen(field('factor'))
    const username = caller.person.subject
    const asked = { reply, visit, username, challenge, returnTo }
    const ticket = field('ticket')
    if (ticket !== undefined) {
      const offer = await login.startEnrolment({ sessionId, challenge, factor, ticket, client })
      const error = ticket === '' ? 'incomplete' : 'wrong'
      return show(asked, offer, offer.step === 'enrolment' ? undefined : error)
    }
    const code = field('code') ?? ''
    const step = await login.secondFactor({ sessionId, challenge, factor, code, client })
    if (step.step === 'done' && step.backupCodes !== undefined && answers.keep(reply, step)) {
      const continueTo = visits.destination(step.returnTo ?? returnTo)
      const codes = step.backupCodes
      const madeAt = options.now()
      const html = backupCodesPage({ authPath, username, site: publicHost, codes, madeAt, continueTo })
      return visits.send(reply, htmlAnswer(200, html))
    }
    if (step.step === 'expired' && step.usedUp !== true) return answers.toPage(reply, 'enrol', returnTo)
    if (step.step !== 'refused') return answers.follow(reply, visit, step, returnTo)
    if (step.reason !== 'wrong_code' && step.reason !== 'malformed_code')
      return tellObstacle(visits, reply, visit, step)
    const offer = await login.startEnrolment({ sessionId, challenge, factor, client })
    return show(asked, offer, step.reason === 'wrong_code' && code !== '' ? 'wrong' : 'incomplete')
  }

  return [
    { method: 'GET', path: '/enrol', summary: 'The page that sets up the first second factor', handle: page },
    {
      method: 'POST',
      path: '/enrol',
      summary: 'Takes a ticket, or the first answer of a new factor',
      handle: answer,
    },
  ]
}
