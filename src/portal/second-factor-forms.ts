import type { FastifyReply } from 'fastify'
import { assuranceOf, isMultiFactor } from '../access/assurance.js'
import type { Identity } from '../access/identity.js'
import type { StepUp } from '../access/route.js'
import type { SecondFactor } from '../factors/factor.js'
import { htmlAnswer } from '../http/answer.js'
import type { Login } from '../login/login-step.js'
import { missingFactorPage } from '../pages/missing-factor-page.js'
import { secondFactorPage } from '../pages/second-factor-page.js'
import type {
  AskedFactor,
  SecondFactorAsk,
  SecondFactorPageError,
  StepUpReason,
} from '../pages/second-factor-page.js'
import type { CodeSending } from '../pages/sent-code.js'
import { COOKIE_WAS_SET, type LoginAnswers } from './login-answers.js'
import { tellObstacle } from './obstacles.js'
import type { Handler, PageAddress } from './page-address.js'
import type { Visit, Visits } from './visit.js'

export interface SecondFactorFormsOptions {
  readonly visits: Visits
  readonly login: Pick<Login, 'challengeFor' | 'prompt' | 'secondFactor'>
  readonly answers: LoginAnswers
  /** What an address asks for in particular; undefined: nothing. */
  readonly stepUpOf: (identity: Identity, destination: string, address: string) => StepUp | undefined
  /** How many digits the codes of somebody's authenticator apps have; undefined: some have six and some eight. */
  readonly digitsOf: (subject: string) => Promise<6 | 8 | undefined>
  /** As much of somebody's address or number as may be shown; undefined where there is none. */
  readonly targetOf: (subject: string, channel: 'email' | 'sms') => string | undefined
  /** The second factors that the operator takes, the usual one first. */
  readonly factors: readonly SecondFactor[]
  /** For how long a browser may be remembered, in milliseconds; undefined: not at all. */
  readonly rememberFor: number | undefined
}

/** Somebody in a session who has to show a factor. */
interface Asked {
  readonly reply: FastifyReply
  readonly visit: Visit
  readonly sessionId: string
  readonly identity: Identity
  readonly challenge: string
  readonly returnTo: string
}

/** How the page differs from the one that is opened first. */
interface Variant {
  readonly error?: SecondFactorPageError | undefined
  readonly sending?: CodeSending | undefined
  readonly formLost?: boolean | undefined
}

/** Factors that people can add on their account pages. */
const ADDED_BY_OWNER: ReadonlySet<AskedFactor> = new Set(['totp', 'webauthn', 'knowledge_question'])

/**
 * The page and the form for a second factor, at a login and for a step-up. Opening the page sends no message: a
 * button does, so that reloading and looking at another way cost nobody a code.
 */
export function createSecondFactorForms(options: SecondFactorFormsOptions): readonly PageAddress[] {
  const { visits, login, answers } = options
  const { authPath } = visits.parts

  function stepUpFor({ identity, returnTo, visit }: Asked): StepUpReason | undefined {
    if (!isMultiFactor(assuranceOf(identity.proofs))) return undefined
    const stepUp = options.stepUpOf(identity, returnTo, visit.client.address)
    return { maxAge: stepUp?.maxAge, methods: askable(stepUp?.methods ?? []) }
  }

  /** What the page needs to ask for a factor; undefined when it cannot be asked for now, which was told then. */
  async function askFor(
    asked: Asked,
    factor: SecondFactor,
    sending: CodeSending | undefined,
  ): Promise<SecondFactorAsk | FastifyReply> {
    const { reply, visit, sessionId, challenge, identity } = asked
    const { subject } = identity.person
    switch (factor) {
      case 'totp':
        return { factor, digits: await options.digitsOf(subject) }
      case 'backup_code':
        return { factor }
      case 'email':
      case 'sms':
        return {
          factor,
          sending: sending ?? { state: 'unsent', target: options.targetOf(subject, factor) },
        }
      case 'webauthn':
      case 'knowledge_question': {
        const step = await login.prompt({ sessionId, challenge, factor, client: visit.client })
        if (step.step === 'expired') return answers.follow(reply, visit, step, asked.returnTo)
        if (step.step !== 'prompted') return tellObstacle(visits, reply, visit, step)
        const { prompt } = step
        if (prompt.prompt === 'webauthn') return { factor: 'webauthn', options: prompt.options }
        if (prompt.prompt === 'question') return { factor: 'knowledge_question', question: prompt.question }
        return tellObstacle(visits, reply, visit, { step: 'refused', reason: 'no_suitable_factor' })
      }
    }
  }

  async function show(
    asked: Asked,
    factor: SecondFactor,
    offered: readonly SecondFactor[],
    { error, sending, formLost = false }: Variant = {},
  ): Promise<FastifyReply> {
    const { reply, identity, challenge, returnTo } = asked
    const ask = await askFor(asked, factor, sending)
    if (!('factor' in ask)) return ask
    const stepUp = stepUpFor(asked)
    const html = secondFactorPage({
      authPath,
      returnTo,
      challenge,
      username: identity.person.subject,
      ask,
      otherFactors: offered.filter(other => other !== factor),
      stepUp,
      error,
      formLost,
      // Where a fresh proof is asked for, a remembered browser would spare nothing.
      rememberFor: stepUp === undefined ? options.rememberFor : undefined,
    })
    const retryAfter = sending?.state === 'too_many' ? sending.retryAfter : undefined
    return answers.showForm(reply, html, { error, retryAfter })
  }

  function showMissing({ reply, visit, identity, returnTo }: Omit<Asked, 'challenge'>): FastifyReply {
    const stepUp = options.stepUpOf(identity, returnTo, visit.client.address)
    const methods = askable(stepUp?.methods ?? options.factors)
    const isKnown = isMultiFactor(assuranceOf(identity.proofs))
    const mayAdd =
      isKnown && methods.some(method => ADDED_BY_OWNER.has(method) && options.factors.includes(method))
    const { subject } = identity.person
    const maxAge = stepUp?.maxAge
    const html = missingFactorPage({ authPath, returnTo, username: subject, methods, maxAge, mayAdd })
    return visits.send(reply, htmlAnswer(403, html))
  }

  /** Those that somebody may choose from, for a page that is shown again. The challenge that is made is not used. */
  async function offeredTo({ sessionId, returnTo, visit }: Asked): Promise<readonly SecondFactor[]> {
    const step = await login.challengeFor({ sessionId, returnTo, client: visit.client })
    return step.step === 'second_factor' ? step.factors : []
  }

  const page: Handler = async (request, reply) => {
    const visit = visits.of(request)
    const { sessionId, client } = visit
    const returnTo = visits.destination(visits.field(request.query, 'return_to'))
    if (sessionId === undefined) {
      const wasSet = visits.field(request.query, COOKIE_WAS_SET) !== undefined
      return answers.toLogin(reply, returnTo, wasSet ? 'cookies' : undefined)
    }
    const identity = await visits.caller(visit)
    if (identity === undefined) return answers.toLogin(reply, returnTo, 'expired')
    const step = await login.challengeFor({ sessionId, returnTo, client })
    const asked = { reply, visit, sessionId, identity, returnTo }
    if (step.step === 'refused' && step.reason === 'no_suitable_factor') return showMissing(asked)
    if (step.step !== 'second_factor') return answers.follow(reply, visit, step, returnTo)
    const { challenge, factors } = step
    const wanted = visits.field(request.query, 'factor')
    const [usual = 'totp'] = factors
    const factor = factors.find(name => name === wanted) ?? usual
    const formLost = visits.field(request.query, 'form_lost') !== undefined
    return show({ ...asked, challenge }, factor, factors, { formLost })
  }

  async function send(asked: Asked, factor: 'email' | 'sms', again: boolean): Promise<FastifyReply> {
    const { reply, visit, sessionId, challenge, returnTo } = asked
    const step = await login.prompt({ sessionId, challenge, factor, client: visit.client })
    if (step.step === 'expired') return answers.toPage(reply, 'mfa', returnTo, { factor })
    if (step.step === 'refused') return tellObstacle(visits, reply, visit, step)
    const offered = await offeredTo(asked)
    if (step.step === 'throttled') {
      const sending = { state: 'too_many', retryAfter: step.retryAfter * 1000 } as const
      return show(asked, factor, offered, { sending })
    }
    const target = 'target' in step.prompt ? step.prompt.target : ''
    return show(asked, factor, offered, { sending: { state: 'sent', target, again } })
  }

  const answer: Handler = async (request, reply) => {
    const visit = visits.of(request)
    const { sessionId, client } = visit
    const field = (name: string): string | undefined => visits.field(request.body, name)
    const returnTo = visits.destination(field('return_to'))
    if (sessionId === undefined) return answers.toLogin(reply, returnTo, 'expired')
    const identity = await visits.caller(visit)
    if (identity === undefined) return answers.toLogin(reply, returnTo, 'expired')
    const challenge = field('challenge') ?? ''
    const factor = options.factors.find(name => name === field('factor'))
    // The form of no page: the page itself knows what can be asked for.
    if (factor === undefined) return answers.toPage(reply, 'mfa', returnTo)
    const asked: Asked = { reply, visit, sessionId, identity, challenge, returnTo }
    const isSent = factor === 'email' || factor === 'sms'
    const code = field('code')
    if (isSent && field('resend') !== undefined) return send(asked, factor, code !== undefined)
    const step = await login.secondFactor({
      sessionId,
      challenge,
      factor,
      code: code ?? '',
      client,
      rememberDevice: field('remember_device') === 'true',
    })
    if (step.step === 'expired' && step.usedUp !== true) return answers.toPage(reply, 'mfa', returnTo)
    if (step.step !== 'refused') return answers.follow(reply, visit, step, returnTo)
    if (step.reason !== 'wrong_code' && step.reason !== 'malformed_code')
      return answers.follow(reply, visit, step, returnTo)
    const target = isSent ? options.targetOf(identity.person.subject, factor) : undefined
    return show(asked, factor, await offeredTo(asked), {
      error: step.reason === 'wrong_code' ? 'wrong' : 'incomplete',
      sending: target === undefined ? undefined : { state: 'sent', target, again: false },
    })
  }

  return [
    { method: 'GET', path: '/mfa', summary: 'The page that asks for a second factor', handle: page },
    { method: 'POST', path: '/mfa', summary: 'Takes a second factor, or has a code sent', handle: answer },
  ]
}

function askable(methods: NonNullable<StepUp['methods']>): readonly AskedFactor[] {
  return methods.filter(method => method !== 'password')
}
