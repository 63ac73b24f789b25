import type { FastifyReply } from 'fastify'
import type { Clock } from '../clock.js'
import { LINK_LIFETIME } from '../factors/magic-link.js'
import { htmlAnswer } from '../http/answer.js'
import type { LinkLogin } from '../login/link-login.js'
import { askLinkPage } from '../pages/ask-link-page.js'
import { linkCodePage, linkConfirmPage } from '../pages/link-confirm-page.js'
import { linkSentPage } from '../pages/link-sent-page.js'
import type { BlindSending } from '../pages/sent-code.js'
import type { BegunLogins } from './begun-logins.js'
import type { LoginAnswers } from './login-answers.js'
import type { Handler, PageAddress } from './page-address.js'
import type { Visit, Visits } from './visit.js'

export interface LinkFormsOptions {
  readonly visits: Visits
  readonly linkLogin: LinkLogin
  readonly answers: LoginAnswers
  readonly begun: BegunLogins
  /** Whether people may begin a login with a link. */
  readonly offered: boolean
  readonly now: Clock
}

/**
 * Logging in by a link in a mail. Opening the link spends nothing, with GET or HEAD, and sets no cookie: mail scanners
 * and previews open every link. The browser that asked is known by its cookie.
 */
export function createLinkForms(options: LinkFormsOptions): readonly PageAddress[] {
  const { visits, linkLogin, answers, begun, offered, now } = options
  const { authPath, publicHost } = visits.parts
  const { hasOtherWays, beginning, notOffered, showForm } = answers

  const gone = (reply: FastifyReply, visit: Visit): FastifyReply => {
    const detail = 'This link was used, has run out, or a newer one was sent.'
    return visits.problem(reply, visit, { kind: 'link_gone' }, { status: 410, reason: 'expired', detail })
  }

  const askShown: Handler = async (request, reply) => {
    if (!offered) return notOffered(reply, visits.of(request))
    const returnTo = visits.destination(visits.field(request.query, 'return_to'))
    const page = { authPath, returnTo, identifier: '', incomplete: false, hasOtherWays }
    return showForm(reply, askLinkPage(page))
  }

  /** What the form of the page after sending is about. */
  interface Asked {
    readonly reply: FastifyReply
    readonly visit: Visit
    readonly returnTo: string
    readonly identifier: string
  }

  function readAsked(request: Parameters<Handler>[0], reply: FastifyReply): Asked {
    const identifier = (visits.field(request.body, 'identifier') ?? '').trim()
    const returnTo = visits.destination(visits.field(request.body, 'return_to'))
    return { reply, visit: visits.of(request), returnTo, identifier }
  }

  function showSent(
    { reply, returnTo, identifier }: Asked,
    sending: BlindSending,
    error: 'wrong' | 'incomplete' | undefined,
  ): FastifyReply {
    const html = linkSentPage({ authPath, returnTo, identifier, sending, error })
    const retryAfter = sending.state === 'too_many' ? sending.retryAfter : undefined
    return showForm(reply, html, { error, retryAfter })
  }

  async function send(asked: Asked, again: boolean): Promise<FastifyReply> {
    const { reply, visit, returnTo, identifier } = asked
    if (identifier === '') {
      const page = { authPath, returnTo, identifier, incomplete: true, hasOtherWays }
      return showForm(reply, askLinkPage(page), { error: 'incomplete' })
    }
    const step = await linkLogin.send({ to: identifier, client: visit.client, byBackend: false })
    if (step.step === 'refused') return notOffered(reply, visit)
    if (step.step === 'throttled') {
      // A link for another browser shows a code for that one, so it is not asked for here.
      const retryAfter = step.retryAfter * 1000
      if (begun.find(visit, 'link') !== undefined)
        return showSent(asked, { state: 'too_many', retryAfter }, undefined)
      const page = { authPath, returnTo, identifier, incomplete: false, retryAfter, hasOtherWays }
      return showForm(reply, askLinkPage(page), { retryAfter })
    }
    begun.keep(reply, 'link', { id: step.id, returnTo })
    return showSent(asked, { state: 'sent', again }, undefined)
  }

  const code: Handler = async (request, reply) => {
    const asked = readAsked(request, reply)
    const { visit, returnTo } = asked
    if (!offered) return notOffered(reply, visit)
    if (visits.field(request.body, 'resend') !== undefined) return send(asked, true)
    const login = begun.find(visit, 'link')
    if (login === undefined) return answers.toLogin(reply, returnTo, 'cookies')
    const step = await linkLogin.authenticate({
      ...beginning(visit, returnTo),
      id: login.id,
      code: visits.field(request.body, 'code') ?? '',
      byBackend: false,
    })
    if (step.step === 'refused' && step.reason === 'malformed_code')
      return showSent(asked, { state: 'sent', again: false }, 'incomplete')
    if (step.step === 'refused' && step.reason === 'wrong_code')
      return showSent(asked, { state: 'sent', again: false }, 'wrong')
    if (step.step === 'done' || step.step === 'second_factor' || step.step === 'enrol')
      begun.forget(reply, 'link')
    const query = new URLSearchParams({ return_to: returnTo }).toString()
    return answers.follow(reply, visit, step, returnTo, `${authPath}/link?${query}`)
  }

  const opened: Handler = async (request, reply) => {
    const visit = visits.of(request)
    const token = visits.field(request.params, 'token') ?? ''
    const link = await linkLogin.look(token, begun.find(visit, 'link')?.id)
    if (link.step !== 'link') return gone(reply, visit)
    const { sameBrowser, address, userAgent, begunAt } = link
    const askedBy = { address, at: begunAt, userAgent: userAgent === '' ? undefined : userAgent }
    const site = publicHost
    const html = linkConfirmPage({ authPath, token, username: undefined, site, sameBrowser, askedBy })
    return visits.send(reply, htmlAnswer(200, html))
  }

  const confirm: Handler = async (request, reply) => {
    const visit = visits.of(request)
    const token = visits.field(request.body, 'token') ?? ''
    const login = begun.find(visit, 'link')
    const returnTo = visits.destination(login?.returnTo)
    const link = await linkLogin.look(token, login?.id)
    if (link.step !== 'link') return gone(reply, visit)
    const step = await linkLogin.confirm({ ...beginning(visit, returnTo), token, id: login?.id })
    if (step.step === 'link_code') {
      const life = link.begunAt + LINK_LIFETIME - now()
      return visits.send(reply, htmlAnswer(200, linkCodePage({ authPath, code: step.code, life })))
    }
    if (step.step === 'expired') return gone(reply, visit)
    if (step.step === 'done' || step.step === 'second_factor' || step.step === 'enrol')
      begun.forget(reply, 'link')
    return answers.follow(reply, visit, step, returnTo, `${authPath}/link`)
  }

  return [
    { method: 'GET', path: '/link', summary: 'The page that asks where to send a link', handle: askShown },
    {
      method: 'POST',
      path: '/link/send',
      summary: 'Sends a link that logs in',
      handle: async (request, reply) => send(readAsked(request, reply), false),
    },
    {
      method: 'POST',
      path: '/link/authenticate',
      summary: 'Logs in with the code that a link has shown elsewhere',
      handle: code,
    },
    { method: 'GET', path: '/link/:token', summary: 'The page that a link opens', handle: opened },
    { method: 'POST', path: '/link/confirm', summary: 'Spends a link', handle: confirm },
  ]
}
