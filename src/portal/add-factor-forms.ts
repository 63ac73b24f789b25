import type { FastifyReply } from 'fastify'
import { faultOfQuestions } from '../factors/question-text.js'
import type { KnowledgeQuestions } from '../factors/knowledge-question.js'
import { htmlAnswer } from '../http/answer.js'
import type { AccountChanges } from '../login/account-changes.js'
import type { FactorChanges } from '../login/factor-changes.js'
import { addKeyPage } from '../pages/add-key-page.js'
import { addQuestionsPage, type AddQuestionsPageError } from '../pages/add-questions-page.js'
import { addTotpPage } from '../pages/add-totp-page.js'
import type { TotpSetup } from '../pages/totp-setup.js'
import type { AccountDoor, Owner } from './account-door.js'
import type { LoginAnswers } from './login-answers.js'
import type { PageAddress } from './page-address.js'
import type { Visits } from './visit.js'

export interface AddFactorFormsOptions {
  readonly visits: Visits
  readonly door: AccountDoor
  readonly answers: Pick<LoginAnswers, 'showForm'>
  readonly changes: Pick<AccountChanges, 'mayChange'> &
    Pick<FactorChanges, 'startFactor' | 'confirmFactor' | 'setQuestions'>
  /** Undefined where the operator does not take them. */
  readonly questions: Pick<KnowledgeQuestions, 'list'> | undefined
  /** How the codes of new authenticator apps are computed. */
  readonly settings: TotpSetup['settings']
}

type SetUpError = 'wrong' | 'incomplete' | 'name' | undefined

const PAGE = 'account/factors'
/** In characters. */
const LONGEST_NAME = 64
const QUESTIONS = [1, 2, 3, 4, 5]

/** The pages on which somebody who has a second factor sets up one more. */
export function createAddFactorForms(options: AddFactorFormsOptions): readonly PageAddress[] {
  const { visits, door, answers, changes, questions, settings } = options
  const { authPath } = visits.parts
  const { forOwner } = door

  /** Shows the offer, which for an app is the same until it is confirmed. */
  async function showSetUp(
    owner: Owner,
    factor: 'totp' | 'webauthn',
    name: string,
    error: SetUpError,
  ): Promise<FastifyReply> {
    const { reply, changer, identity } = owner
    const offer = await changes.startFactor({ ...changer, factor })
    if (offer.step !== 'enrolment') return door.conclude(owner, offer, PAGE, 'proved')
    const page = { authPath, name, error }
    const html =
      offer.factor === 'totp'
        ? addTotpPage({
            ...page,
            settings,
            username: identity.person.subject,
            qrSvg: offer.qrSvg,
            otpauthUri: offer.otpauthUri,
            secret: offer.secret,
          })
        : addKeyPage({ ...page, options: offer.options })
    return answers.showForm(reply, html, { error })
  }

  const confirm =
    (factor: 'totp' | 'webauthn') =>
    async (owner: Owner): Promise<FastifyReply> => {
      const { changer, request } = owner
      const name = (visits.field(request.body, 'name') ?? '').trim()
      const answer = visits.field(request.body, 'code') ?? ''
      if (name === '' || [...name].length > LONGEST_NAME) return showSetUp(owner, factor, name, 'name')
      const outcome = await changes.confirmFactor({ ...changer, factor, answer, name })
      if (outcome.step === 'refused' && outcome.reason === 'malformed_code')
        return showSetUp(owner, factor, name, 'incomplete')
      if (outcome.step === 'refused' && outcome.reason === 'wrong_code')
        return showSetUp(owner, factor, name, answer === '' ? 'incomplete' : 'wrong')
      return door.conclude(owner, outcome, PAGE, factor === 'totp' ? 'app_added' : 'key_added')
    }

  async function showQuestions(
    { reply, identity }: Owner,
    typed: readonly string[],
    error: AddQuestionsPageError | undefined,
  ): Promise<FastifyReply> {
    const has = (await questions?.list(identity.person.subject)) ?? []
    const html = addQuestionsPage({ authPath, questions: typed, replaces: has.length > 0, error })
    return error === undefined
      ? visits.send(reply, htmlAnswer(200, html))
      : answers.showForm(reply, html, { error })
  }

  async function askQuestions(owner: Owner): Promise<FastifyReply> {
    const may = await changes.mayChange(owner.changer)
    return may.step === 'changed'
      ? showQuestions(owner, [], undefined)
      : door.conclude(owner, may, PAGE, 'proved')
  }

  async function keepQuestions(owner: Owner): Promise<FastifyReply> {
    const { changer, request } = owner
    const field = (name: string): string => visits.field(request.body, name) ?? ''
    const pairs = QUESTIONS.map(number => ({
      question: field(`question${number}`),
      answer: field(`answer${number}`),
    }))
    const given = pairs.filter(({ question, answer }) => question.trim() !== '' || answer.trim() !== '')
    const fault = faultOfQuestions(given)
    if (fault !== undefined)
      return showQuestions(
        owner,
        pairs.map(({ question }) => question),
        fault,
      )
    const outcome = await changes.setQuestions({ ...changer, questions: given })
    return door.conclude(owner, outcome, PAGE, 'questions_saved')
  }

  return [
    {
      method: 'POST',
      path: '/account/factors/totp',
      summary: 'The page that sets up one more authenticator app',
      handle: forOwner(PAGE, owner => showSetUp(owner, 'totp', '', undefined)),
    },
    {
      method: 'POST',
      path: '/account/factors/totp/confirm',
      summary: 'Adds an authenticator app',
      handle: forOwner(PAGE, confirm('totp')),
    },
    {
      method: 'POST',
      path: '/account/factors/webauthn',
      summary: 'The page that sets up one more security key or passkey',
      handle: forOwner(PAGE, owner => showSetUp(owner, 'webauthn', '', undefined)),
    },
    {
      method: 'POST',
      path: '/account/factors/webauthn/confirm',
      summary: 'Adds a security key or passkey',
      handle: forOwner(PAGE, confirm('webauthn')),
    },
    {
      method: 'POST',
      path: '/account/factors/knowledge_question',
      summary: 'The page that sets up security questions',
      handle: forOwner(PAGE, askQuestions),
    },
    {
      method: 'POST',
      path: '/account/factors/knowledge_question/confirm',
      summary: 'Sets or replaces the security questions',
      handle: forOwner(PAGE, keepQuestions),
    },
  ]
}
