import { htmlAnswer } from '../http/answer.js'
import type { Logout } from '../login/logout.js'
import { loggedOutPage, logoutPage } from '../pages/logout-page.js'
import type { PageAddress } from './page-address.js'
import type { Visits } from './visit.js'

export interface LogoutFormsOptions {
  readonly visits: Visits
  readonly logout: Logout
}

/** The page that asks whether to log out, and its form. A link alone logs nobody out. */
export function createLogoutForms({ visits, logout }: LogoutFormsOptions): readonly PageAddress[] {
  const { authPath } = visits.parts
  return [
    {
      method: 'GET',
      path: '/logout',
      summary: 'The page that asks whether to log out',
      handle: async (request, reply) => {
        const caller = await visits.caller(visits.of(request))
        const html =
          caller === undefined
            ? loggedOutPage({ authPath })
            : logoutPage({ authPath, username: caller.person.subject })
        return visits.send(reply, htmlAnswer(200, html))
      },
    },
    {
      method: 'POST',
      path: '/logout',
      summary: 'Ends the session of this browser',
      handle: async (request, reply) => {
        const { sessionId, client } = visits.of(request)
        if (sessionId !== undefined) await logout({ sessionId, everywhere: false, client })
        visits.forgetSession(reply)
        return visits.send(reply, htmlAnswer(200, loggedOutPage({ authPath })))
      },
    },
  ]
}
