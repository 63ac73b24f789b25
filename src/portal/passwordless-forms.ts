import type { FastifyReply } from 'fastify'
import type { CodeChannel, Passwordless } from '../login/passwordless.js'
import { askCodePage } from '../pages/ask-code-page.js'
import { codePage } from '../pages/code-page.js'
import type { FirstMethod } from '../pages/login-page.js'
import { passkeyPage } from '../pages/passkey-page.js'
import type { BlindSending } from '../pages/sent-code.js'
import type { BegunLogins } from './begun-logins.js'
import type { LoginAnswers } from './login-answers.js'
import type { Handler, PageAddress } from './page-address.js'
import type { Visit, Visits } from './visit.js'

export interface PasswordlessFormsOptions {
  readonly visits: Visits
  readonly passwordless: Passwordless
  readonly answers: LoginAnswers
  readonly begun: BegunLogins
  /** The ways to begin a login that the operator offers. */
  readonly methods: readonly FirstMethod[]
}

/** Logging in with a passkey, or with a code that is sent. */
export function createPasswordlessForms(options: PasswordlessFormsOptions): readonly PageAddress[] {
  const { visits, passwordless, answers, begun, methods } = options
  const { authPath } = visits.parts
  const { hasOtherWays, beginning, notOffered, showForm } = answers
  const channels = methods.filter(method => method === 'email' || method === 'sms')

  async function showPasskey(
    reply: FastifyReply,
    visit: Visit,
    returnTo: string,
    error: 'wrong' | 'incomplete' | undefined,
  ): Promise<FastifyReply> {
    const asked = await passwordless.askPasskey()
    if (asked.step === 'refused') return notOffered(reply, visit)
    if (asked.step === 'throttled') {
      const page = { kind: 'too_many_tries', retryAfter: asked.retryAfter * 1000 } as const
      const detail = 'Too many logins have begun. Wait a little.'
      const problem = { status: 429, reason: 'too_many_tries', detail } as const
      return visits.problem(reply, visit, page, problem, { 'retry-after': String(asked.retryAfter) })
    }
    begun.keep(reply, 'passkey', { id: asked.id, returnTo: undefined })
    const app = answers.appOf(returnTo)
    const html = passkeyPage({ authPath, returnTo, options: asked.options, app, hasOtherWays, error })
    return showForm(reply, html, { error })
  }

  const passkeyShown: Handler = async (request, reply) => {
    const returnTo = visits.destination(visits.field(request.query, 'return_to'))
    return showPasskey(reply, visits.of(request), returnTo, undefined)
  }

  const passkey: Handler = async (request, reply) => {
    const visit = visits.of(request)
    const returnTo = visits.destination(visits.field(request.body, 'return_to'))
    const login = begun.find(visit, 'passkey')
    if (login === undefined) return answers.toLogin(reply, returnTo, 'cookies')
    const response = visits.field(request.body, 'code') ?? ''
    const step = await passwordless.passkey({ ...beginning(visit, returnTo), id: login.id, response })
    if (step.step === 'refused' && step.reason === 'malformed_code')
      return showPasskey(reply, visit, returnTo, 'incomplete')
    if (step.step === 'refused' && step.reason === 'wrong_code')
      return showPasskey(reply, visit, returnTo, 'wrong')
    if (step.step === 'done' || step.step === 'second_factor' || step.step === 'enrol')
      begun.forget(reply, 'passkey')
    return answers.follow(reply, visit, step, returnTo)
  }

  const askShown: Handler = async (request, reply) => {
    const returnTo = visits.destination(visits.field(request.query, 'return_to'))
    const wanted = visits.field(request.query, 'channel')
    const channel = channels.find(name => name === wanted) ?? channels[0]
    if (channel === undefined) return notOffered(reply, visits.of(request))
    const page = { authPath, returnTo, channel, identifier: '', incomplete: false, hasOtherWays }
    return showForm(reply, askCodePage(page))
  }

  /** What the form of a code page is about. */
  interface Asked {
    readonly reply: FastifyReply
    readonly visit: Visit
    readonly returnTo: string
    readonly channel: CodeChannel
    readonly identifier: string
  }

  function readAsked(request: Parameters<Handler>[0], reply: FastifyReply): Asked | undefined {
    const field = (name: string): string => visits.field(request.body, name) ?? ''
    const channel = channels.find(name => name === field('channel'))
    if (channel === undefined) return undefined
    const identifier = field('identifier').trim()
    const returnTo = visits.destination(field('return_to'))
    return { reply, visit: visits.of(request), returnTo, channel, identifier }
  }

  function showCode(
    { reply, returnTo, channel, identifier }: Asked,
    sending: BlindSending,
    error: 'wrong' | 'incomplete' | undefined,
  ): FastifyReply {
    const html = codePage({ authPath, returnTo, channel, identifier, sending, error })
    const retryAfter = sending.state === 'too_many' ? sending.retryAfter : undefined
    return showForm(reply, html, { error, retryAfter })
  }

  async function send(asked: Asked, again: boolean): Promise<FastifyReply> {
    const { reply, visit, returnTo, channel, identifier } = asked
    if (identifier === '') {
      const page = { authPath, returnTo, channel, identifier, incomplete: true, hasOtherWays }
      return showForm(reply, askCodePage(page), { error: 'incomplete' })
    }
    const { client } = visit
    const step = await passwordless.sendCode({ channel, to: identifier, client, byBackend: false })
    if (step.step === 'refused') return notOffered(reply, visit)
    if (step.step === 'throttled') {
      // A code that has gone to another browser is of no use in this one, so it is not asked for.
      const retryAfter = step.retryAfter * 1000
      if (begun.find(visit, 'code') !== undefined)
        return showCode(asked, { state: 'too_many', retryAfter }, undefined)
      const page = { authPath, returnTo, channel, identifier, incomplete: false, retryAfter, hasOtherWays }
      return showForm(reply, askCodePage(page), { retryAfter })
    }
    begun.keep(reply, 'code', { id: step.id, returnTo: undefined })
    return showCode(asked, { state: 'sent', again }, undefined)
  }

  const sendAsked: Handler = async (request, reply) => {
    const asked = readAsked(request, reply)
    return asked === undefined ? notOffered(reply, visits.of(request)) : send(asked, false)
  }

  const code: Handler = async (request, reply) => {
    const asked = readAsked(request, reply)
    if (asked === undefined) return notOffered(reply, visits.of(request))
    const { visit, returnTo, channel } = asked
    if (visits.field(request.body, 'resend') !== undefined) return send(asked, true)
    const login = begun.find(visit, 'code')
    if (login === undefined) return answers.toLogin(reply, returnTo, 'cookies')
    const step = await passwordless.authenticateCode({
      ...beginning(visit, returnTo),
      id: login.id,
      code: visits.field(request.body, 'code') ?? '',
      byBackend: false,
    })
    if (step.step === 'refused' && step.reason === 'malformed_code')
      return showCode(asked, { state: 'sent', again: false }, 'incomplete')
    if (step.step === 'refused' && step.reason === 'wrong_code')
      return showCode(asked, { state: 'sent', again: false }, 'wrong')
    if (step.step === 'done' || step.step === 'second_factor' || step.step === 'enrol')
      begun.forget(reply, 'code')
    const query = new URLSearchParams({ channel, return_to: returnTo }).toString()
    return answers.follow(reply, visit, step, returnTo, `${authPath}/otp?${query}`)
  }

  return [
    { method: 'GET', path: '/passkey', summary: 'The page to log in with a passkey', handle: passkeyShown },
    { method: 'POST', path: '/passkey', summary: 'Logs in with a passkey', handle: passkey },
    { method: 'GET', path: '/otp', summary: 'The page that asks where to send a code', handle: askShown },
    { method: 'POST', path: '/otp/send', summary: 'Sends a code that logs in', handle: sendAsked },
    { method: 'POST', path: '/otp/authenticate', summary: 'Logs in with a code', handle: code },
  ]
}
