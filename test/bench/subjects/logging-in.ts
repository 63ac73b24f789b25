import { generate } from 'otplib'
import type { Response } from 'undici'
import { post } from '../asking.js'

/** What carries a login: a cookie, or an access token as Bearer. */
export type LoginMode = 'session' | 'token'

interface FirstAnswer {
  readonly challenge: string
  readonly enrolment?: { readonly secret: string }
}

/**
 * Logs Alice in for the first time, with a second factor, which she gets on the way.
 * @returns the header fields of what she asks for then; her browser has a cookie of the app's, too
 */
export async function logIn(
  origin: string,
  password: string,
  mode: LoginMode = 'session',
): Promise<Readonly<Record<string, string>>> {
  const first = await post(`${origin}/auth/login`, { username: 'alice', password, mode })
  const due = (await first.json()) as FirstAnswer
  const secret = due.enrolment?.secret
  if (first.status !== 202 || secret === undefined) throw new Error(`the login was answered ${first.status}`)
  const cookie = cookieOf(first)
  const second = await post(
    `${origin}/auth/mfa/verify`,
    { challenge: due.challenge, factor: 'totp', code: await generate({ secret }) },
    cookie === undefined ? {} : { cookie },
  )
  if (second.status !== 200) throw new Error(`the code was answered ${second.status}`)
  if (mode === 'session') return { cookie: `theme=dark; ${cookieOf(second) ?? ''}` }
  const { access_token: token } = (await second.json()) as { access_token: string }
  return { cookie: 'theme=dark', authorization: `Bearer ${token}` }
}

function cookieOf(answer: Response): string | undefined {
  return answer.headers.getSetCookie()[0]?.split(';')[0]
}
