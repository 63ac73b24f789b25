import type { FastifyReply } from 'fastify'
import type { AccountChanges } from '../login/account-changes.js'
import { changePasswordPage, type ChangePasswordPageError } from '../pages/change-password-page.js'
import { faultOfPassword, SHORTEST_PASSWORD } from '../users/password-policy.js'
import type { AccountDoor, Owner } from './account-door.js'
import type { LoginAnswers } from './login-answers.js'
import type { PageAddress } from './page-address.js'
import type { Visits } from './visit.js'

export interface AccountPasswordFormsOptions {
  readonly visits: Visits
  readonly door: AccountDoor
  readonly answers: Pick<LoginAnswers, 'showForm' | 'toLogin'>
  readonly changes: Pick<AccountChanges, 'mayChange' | 'changePassword'>
}

const PAGE = 'account/password'

/** The page on which people change their password, and its form. */
export function createAccountPasswordForms(options: AccountPasswordFormsOptions): readonly PageAddress[] {
  const { visits, door, answers, changes } = options
  const { authPath } = visits.parts
  const { forOwner } = door

  function show({ reply, identity }: Owner, error: ChangePasswordPageError | undefined): FastifyReply {
    const username = identity.person.subject
    const html = changePasswordPage({ authPath, username, shortest: SHORTEST_PASSWORD, error })
    return answers.showForm(reply, html, { error: error === 'wrong_current' ? 'wrong' : error })
  }

  /** Asks for the fresh proof before anything is typed, so that nothing has to be typed twice. */
  async function open(owner: Owner): Promise<FastifyReply> {
    const may = await changes.mayChange(owner.changer)
    return may.step === 'changed' ? show(owner, undefined) : door.conclude(owner, may, PAGE, 'proved')
  }

  async function change(owner: Owner): Promise<FastifyReply> {
    const { request, reply, changer } = owner
    const current = visits.field(request.body, 'current_password') ?? ''
    const next = visits.field(request.body, 'new_password') ?? ''
    if (current === '' || next === '') return show(owner, 'incomplete')
    const outcome = await changes.changePassword({ ...changer, current, next })
    if (outcome.step === 'changed') {
      visits.forgetSession(reply)
      return answers.toLogin(reply, `${authPath}/account`, 'password_changed')
    }
    if (outcome.step === 'refused' && outcome.reason === 'credentials') return show(owner, 'wrong_current')
    if (outcome.step === 'refused' && outcome.reason === 'unsuitable')
      return show(owner, next === current ? 'same' : await faultOf(next, owner))
    if (outcome.step === 'refused' && outcome.reason === 'not_offered') return show(owner, 'not_writable')
    return door.conclude(owner, outcome, PAGE, 'proved')
  }

  return [
    {
      method: 'GET',
      path: '/account/password',
      summary: 'The page on which people change their password',
      handle: forOwner(PAGE, open),
    },
    {
      method: 'POST',
      path: '/account/password',
      summary: 'Changes the password, and ends every session of oneself',
      handle: forOwner(PAGE, change),
    },
  ]
}

async function faultOf(password: string, { identity }: Owner): Promise<ChangePasswordPageError> {
  const fault = await faultOfPassword(password, identity.person.subject)
  return fault === undefined || fault === 'empty' ? 'incomplete' : fault
}
