import type { Login } from '../login/login-step.js'
import type { LoginPageNotice } from '../pages/login-page.js'
import type { LoginAnswers } from './login-answers.js'
import type { PageAddress } from './page-address.js'
import type { Visits } from './visit.js'

export interface LoginFormsOptions {
  readonly visits: Visits
  readonly login: Pick<Login, 'password'>
  readonly answers: LoginAnswers
}

/** What the query of the login page may say, the most important first. */
const NOTICES: readonly LoginPageNotice[] = [
  'form_lost',
  'password_changed',
  'too_many_codes',
  'cookies',
  'expired',
]

/** The page on which a login begins, and its form for user name and password. */
export function createLoginForms({ visits, login, answers }: LoginFormsOptions): readonly PageAddress[] {
  return [
    {
      method: 'GET',
      path: '/login',
      summary: 'The page on which a login begins',
      handle: async (request, reply) => {
        const returnTo = visits.destination(visits.field(request.query, 'return_to'))
        const notice = NOTICES.find(name => visits.field(request.query, name) !== undefined)
        return answers.showLogin(reply, { returnTo, notice })
      },
    },
    {
      method: 'POST',
      path: '/login',
      summary: 'Logs in with user name and password',
      handle: async (request, reply) => {
        const visit = visits.of(request)
        const returnTo = visits.destination(visits.field(request.body, 'return_to'))
        const username = visits.field(request.body, 'username') ?? ''
        const password = visits.field(request.body, 'password') ?? ''
        if (username === '' || password === '')
          return answers.showLogin(reply, { returnTo, username, error: 'incomplete' })
        const step = await login.password({ ...answers.beginning(visit, returnTo), username, password })
        if (step.step === 'refused' && step.reason === 'credentials')
          return answers.showLogin(reply, { returnTo, username, error: 'wrong' })
        return answers.follow(reply, visit, step, returnTo)
      },
    },
  ]
}
