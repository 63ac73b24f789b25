import type { FastifyReply, FastifyRequest } from 'fastify'
import { assuranceOf, isMultiFactor } from '../access/assurance.js'
import type { Identity } from '../access/identity.js'
import { redirectAnswer } from '../http/answer.js'
import type { AccountChanges } from '../login/account-changes.js'
import type { FindUser } from '../login/current-session.js'
import type { Changed, Changer, NotChanged } from '../login/fresh-proof.js'
import type { Busy, Locked, Throttled } from '../login/login-step.js'
import type { FindReadyFactors, ReadyFactors } from '../login/ready-factors.js'
import {
  type AccountCommon,
  type AccountNotice,
  type AccountPageName,
  type AccountRefusal,
  type AppLink,
  readAccountNotice,
  readAccountRefusal,
} from '../pages/account-frame.js'
import type { DirectoryUser } from '../users/user-directory.js'
import type { LoginAnswers } from './login-answers.js'
import { tellObstacle } from './obstacles.js'
import type { Handler } from './page-address.js'
import type { Visit, Visits } from './visit.js'

export interface AccountDoorOptions {
  readonly visits: Visits
  readonly answers: LoginAnswers
  readonly changes: Pick<AccountChanges, 'mayChange'>
  readonly findUser: FindUser
  readonly readyFactors: FindReadyFactors
  /** The apps that somebody may go on to. */
  readonly appsOf: (identity: Identity, address: string) => readonly AppLink[]
  /** Whether there is something for somebody on the page about API tokens. */
  readonly hasTokens: (subject: string) => Promise<boolean>
}

/** Somebody at a page about their own account. */
export interface Owner {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly visit: Visit
  readonly identity: Identity
  readonly user: DirectoryUser
  readonly factors: ReadyFactors
  readonly changer: Changer
}

/** The pages about oneself that can be opened, as they stand below `auth_path`. */
export type AccountPath =
  'account' | 'account/factors' | 'account/tokens' | 'account/activity' | 'account/password'

/** What a change can come to besides what it makes. */
type Outcome = Changed | NotChanged | Throttled | Locked | Busy

/** Lets owners in to the pages about themselves, and says what came of what they asked for. */
export interface AccountDoor {
  /**
   * Makes a handler for owners. Who has a second factor must have shown it; whoever has none, or must not have one,
   * is let in with what there is. All others go to the login or to the second factor, and then to `page`.
   */
  readonly forOwner: (page: AccountPath, answer: (owner: Owner) => Promise<FastifyReply>) => Handler
  /** What the frame of every page shows. */
  frame(owner: Owner): Promise<AccountCommon>
  toPage(
    owner: Pick<Owner, 'reply'>,
    page: AccountPath,
    told?: { readonly done?: AccountNotice } | { readonly refused?: AccountRefusal },
  ): FastifyReply
  /**
   * Goes back to `page` after a change that was made, to the page for a fresh proof where one is due, or tells why not.
   * Nothing is kept to be done afterwards: the person does it again.
   */
  conclude(owner: Owner, outcome: Outcome, page: AccountPath, done: AccountNotice): Promise<FastifyReply>
}

export function createAccountDoor(options: AccountDoorOptions): AccountDoor {
  const { visits, answers, changes, findUser, readyFactors } = options
  const { authPath } = visits.parts

  const addressOf = (page: AccountPath, query: Readonly<Record<string, string>> = {}): string => {
    const members = new URLSearchParams(query).toString()
    return `${authPath}/${page}${members === '' ? '' : `?${members}`}`
  }

  const toPage: AccountDoor['toPage'] = ({ reply }, page, told = {}) =>
    visits.send(reply, redirectAnswer(reply.request.method, addressOf(page, told)))

  /** Whether a form was sent that has to be sent again afterwards. */
  const formLost = ({ request }: FastifyReply): { readonly form_lost?: string } =>
    request.method === 'POST' ? { form_lost: '1' } : {}

  /** Has a proof shown; whoever has nothing to show proves it by logging in again. */
  async function stepUp({ reply, user, factors, changer }: Owner, page: AccountPath): Promise<FastifyReply> {
    const back = addressOf(page, reply.request.method === 'POST' ? { done: 'proved' } : {})
    const hasFactor = user.person.mfa === 'enabled' && factors.ready.length > 0
    const isStale = !hasFactor && (await changes.mayChange(changer)).step === 'step_up'
    return answers.toPage(reply, isStale ? 'login' : 'mfa', back, formLost(reply))
  }

  return {
    forOwner: (page, answer) => async (request, reply) => {
      const visit = visits.of(request)
      const identity = await visits.caller(visit)
      const sessionId = await visits.session(visit)
      const user = identity && findUser(identity.person.subject)
      if (identity === undefined || sessionId === undefined || user === undefined)
        return answers.toPage(reply, 'login', addressOf(page), formLost(reply))
      const factors = await readyFactors(user)
      const mustHaveShown = user.person.mfa === 'enabled' && factors.hasSecondFactor
      if (mustHaveShown && !isMultiFactor(assuranceOf(identity.proofs)))
        return answers.toPage(reply, 'mfa', addressOf(page), formLost(reply))
      const changer = { sessionId, client: visit.client }
      return answer({ request, reply, visit, identity, user, factors, changer })
    },

    frame: async ({ request, visit, identity }) => {
      const { subject } = identity.person
      const tokens: readonly AccountPageName[] = (await options.hasTokens(subject)) ? ['tokens'] : []
      return {
        authPath,
        pages: ['account', 'factors', ...tokens, 'activity'],
        apps: options.appsOf(identity, visit.client.address),
        done: readAccountNotice(visits.field(request.query, 'done')),
        refused: readAccountRefusal(visits.field(request.query, 'refused')),
      }
    },

    toPage,

    conclude: async (owner, outcome, page, done) => {
      const { reply, visit } = owner
      switch (outcome.step) {
        case 'changed':
          return toPage(owner, page, { done })
        case 'step_up':
          return stepUp(owner, page)
        case 'expired':
          return answers.toLogin(reply, addressOf(page), 'expired')
        case 'refused':
          if (outcome.reason === 'not_pending') return toPage(owner, page, { refused: 'gone' })
          if (outcome.reason === 'last_factor') return toPage(owner, page, { refused: 'last_factor' })
          return tellObstacle(visits, reply, visit, outcome, addressOf(page))
        default:
          return tellObstacle(visits, reply, visit, outcome, addressOf(page))
      }
    },
  }
}
