import type { Reply } from '../harness/person.js'
import { LONG_PASSWORD } from './all-ways-gateway.js'
import type { Asked } from './all-ways-gateway.js'
import { begun, type Kind, type Moment } from './every-secret.js'
import { SESSION_COOKIE } from './all-ways-gateway.js'

/**
 * Where a secret is put. `cookie`: the session cookie. `bearer`, `basic`: `Authorization`. `mfa`: the token in the
 * `Authorization` of the stateless protocol. `device`: the cookie of a remembered browser. `code cookie`, `link cookie`:
 * those of a begun login. `assertion`: the header that apps get. `path`, `query`: the address. Anything else is a member
 * of the body.
 */
export type Input =
  | 'cookie'
  | 'bearer'
  | 'basic'
  | 'mfa'
  | 'device'
  | 'code cookie'
  | 'link cookie'
  | 'assertion'
  | 'path'
  | 'query'
  | 'password'
  | 'challenge'
  | 'ticket'
  | 'code'
  | 'refresh_token'
  | 'id'
  | 'session_id'
  | 'response'
  | 'token'

/** One address, asked in a way that succeeds, and what each of its inputs takes instead of what is right there. */
export interface Place {
  /** As the description of the interface names it; `APP` for an app's. */
  readonly operation: string
  /** What is asked in particular, where an address can be asked in several ways. */
  readonly asking?: string
  /** Where `path` and `query` are put is written `{secret}`. */
  readonly path: string
  readonly opens: Readonly<Partial<Record<Input, readonly Kind[]>>>
  /** What is right but for the input that is tried. Default: nothing. */
  readonly right?: (moment: Moment) => Promise<Asked>
  /** Whether it was taken. `ended`: how many sessions of Alice are gone. Default: a status of success. */
  readonly isTaken?: (reply: Reply & { cookie: (name: string) => string }, ended: number) => boolean
}

const NOBODY: readonly Kind[] = []
const ANY_SESSION = {
  cookie: ['partial cookie', 'full cookie'],
  bearer: ['partial access token', 'access token'],
  basic: NOBODY,
} as const
const WHOLE_SESSION = { cookie: ['full cookie'], bearer: ['access token'], basic: NOBODY } as const
const PASSWORD = ['password'] as const
const KNOWN = { username: 'alice', password: LONG_PASSWORD }

/** Refusals of whoever is not known, or not well enough: any other answer means that the secret was taken. */
const UNKNOWN: ReadonlySet<unknown> = new Set([
  'login_required',
  'invalid_token',
  'step_up_required',
  'expired',
  'ambiguous_credential',
])
const isKnown = ({ json }: Reply): boolean => !UNKNOWN.has(json.reason)
const logsIn = (reply: { cookie: (name: string) => string }): boolean => reply.cookie(SESSION_COOKIE) !== ''

/** A request in the partial session of Alice's login, with its challenge. */
const inLogin =
  (factor: string, code?: Kind) =>
  async (m: Moment): Promise<Asked> => ({
    json: {
      challenge: await m.secret('login challenge'),
      factor,
      ...(code === undefined ? {} : { code: await m.secret(code) }),
    },
    cookies: { [SESSION_COOKIE]: await m.secret('partial cookie') },
  })

const verify = (factor: string, code: Kind): Place => ({
  operation: 'POST /auth/mfa/verify',
  asking: factor,
  path: '/auth/mfa/verify',
  right: inLogin(factor, code),
  opens: {
    cookie: ['partial cookie'],
    bearer: NOBODY,
    challenge:
      factor === 'totp' || factor === 'backup_code'
        ? ['login challenge', 'token challenge']
        : ['login challenge'],
    code: [code],
  },
})

const enrol = (factor: string, code: unknown): readonly Place[] => [
  {
    operation: `POST /auth/mfa/enrol/${factor}`,
    path: `/auth/mfa/enrol/${factor}`,
    right: async () => ({ json: {} }),
    opens: WHOLE_SESSION,
  },
  {
    operation: `POST /auth/mfa/enrol/${factor}`,
    asking: 'the first one',
    path: `/auth/mfa/enrol/${factor}`,
    right: async m => ({
      json: { challenge: await m.secret('enrolment challenge'), ticket: await m.secret('enrolment ticket') },
    }),
    opens: { challenge: ['enrolment challenge'], ticket: ['enrolment ticket'] },
  },
  {
    operation: `POST /auth/mfa/enrol/${factor}/confirm`,
    path: `/auth/mfa/enrol/${factor}/confirm`,
    right: async () => ({ json: { code, name: 'x' } }),
    opens: WHOLE_SESSION,
    isTaken: isKnown,
  },
  {
    operation: `POST /auth/mfa/enrol/${factor}/confirm`,
    asking: 'in a session',
    path: `/auth/mfa/enrol/${factor}/confirm`,
    right: async m => {
      const cookies = { [SESSION_COOKIE]: await m.secret('full cookie') }
      await m.ask(`/auth/mfa/enrol/${factor}`, { json: {}, cookies })
      return { json: { code, name: 'x' }, cookies }
    },
    opens: { code: NOBODY },
  },
]

/** What a backend has begun, ended by whoever shows another credential than its. */
const begunByBackend = (way: 'otp' | 'link', id: Kind, code: Kind): Place => ({
  operation: `POST /auth/${way}/authenticate`,
  asking: 'what a backend began',
  path: `/auth/${way}/authenticate`,
  right: async m => ({ json: { id: await m.secret(id), code: await m.secret(code) } }),
  opens: { cookie: NOBODY, bearer: ['backend token'], basic: ['backend token'] },
})

/** The JSON interface. */
const OPERATIONS: readonly Place[] = [
  { operation: 'GET /auth/session', path: '/auth/session', opens: ANY_SESSION },
  {
    operation: 'GET /auth/session',
    asking: 'query',
    path: '/auth/session?access_token={secret}',
    opens: { query: NOBODY },
  },
  {
    operation: 'POST /auth/login',
    path: '/auth/login',
    right: async () => ({ json: KNOWN }),
    opens: { password: PASSWORD },
  },
  {
    operation: 'POST /auth/login',
    asking: 'in a remembered browser',
    path: '/auth/login',
    right: async () => ({ form: { ...KNOWN, return_to: '/full/x' } }),
    opens: { device: ['device cookie'] },
    isTaken: reply => /^(https:..gw.example)?.full.x$/.test(reply.header('location').join()),
  },
  {
    operation: 'POST /auth/mfa/challenge',
    path: '/auth/mfa/challenge',
    right: async () => ({ json: {} }),
    opens: ANY_SESSION,
  },
  {
    operation: 'POST /auth/mfa/challenge',
    asking: 'a factor',
    path: '/auth/mfa/challenge',
    right: inLogin('totp'),
    opens: {
      cookie: ['partial cookie'],
      bearer: NOBODY,
      challenge: ['login challenge', 'token challenge'],
    },
  },
  verify('totp', 'TOTP code'),
  verify('backup_code', 'backup code'),
  verify('email', 'e-mail code'),
  verify('sms', 'text message code'),
  verify('knowledge_question', 'answer to a question'),
  {
    operation: 'POST /auth/mfa/verify',
    asking: 'webauthn',
    path: '/auth/mfa/verify',
    right: async m => {
      const asked = await inLogin('webauthn')(m)
      await m.ask('/auth/mfa/challenge', asked)
      return asked
    },
    opens: { code: NOBODY },
  },
  {
    operation: 'POST /auth/mfa/verify',
    asking: 'tokens',
    path: '/auth/mfa/verify',
    right: async m => ({
      json: {
        challenge: await m.secret('token challenge'),
        factor: 'totp',
        code: await m.secret('TOTP code'),
      },
    }),
    opens: { challenge: ['token challenge'], code: ['TOTP code'] },
  },
  {
    operation: 'POST /auth/token/refresh',
    path: '/auth/token/refresh',
    right: async () => ({ json: {} }),
    opens: { refresh_token: ['refresh token'] },
  },
  {
    operation: 'POST /auth/logout',
    path: '/auth/logout',
    right: async () => ({ json: {} }),
    opens: ANY_SESSION,
    isTaken: (_reply, ended) => ended > 0,
  },
  { operation: 'GET /auth/mfa/factors', path: '/auth/mfa/factors', opens: WHOLE_SESSION },
  {
    operation: 'PATCH /auth/mfa/factors/{id}',
    path: '/auth/mfa/factors/nothing',
    right: async () => ({ method: 'PATCH', json: { name: 'x' } }),
    opens: WHOLE_SESSION,
    isTaken: isKnown,
  },
  {
    operation: 'DELETE /auth/mfa/factors/{id}',
    path: '/auth/mfa/factors/nothing',
    right: async () => ({ method: 'DELETE', json: {} }),
    opens: WHOLE_SESSION,
    isTaken: isKnown,
  },
  {
    operation: 'POST /auth/mfa/backup-codes',
    path: '/auth/mfa/backup-codes',
    right: async () => ({ json: {} }),
    opens: WHOLE_SESSION,
  },
  ...enrol('totp', '000000'),
  ...enrol('webauthn', '{}'),
  {
    operation: 'POST /auth/otp/send',
    asking: 'by a backend',
    path: '/auth/otp/send',
    right: async m => {
      m.wait()
      return { json: { channel: 'sms', to: 'alice' } }
    },
    opens: { cookie: NOBODY, bearer: ['backend token'], basic: ['backend token'] },
  },
  {
    operation: 'POST /auth/otp/authenticate',
    path: '/auth/otp/authenticate',
    right: async m => ({ json: { id: await m.secret('login id'), code: await m.secret('login code') } }),
    opens: { id: ['login id'], code: ['login code'] },
  },
  {
    operation: 'POST /auth/otp/authenticate',
    asking: 'by a backend',
    path: '/auth/otp/authenticate',
    right: async m => ({
      json: {
        id: await m.secret('backend login id'),
        code: await m.secret('backend login code'),
        session_id: await m.secret('backend session name'),
      },
      authorization: `Bearer ${await m.secret('backend token')}`,
    }),
    opens: {
      cookie: NOBODY,
      bearer: ['backend token'],
      basic: ['backend token'],
      id: ['backend login id'],
      code: ['backend login code'],
      session_id: ['backend session name'],
    },
  },
  {
    operation: 'POST /auth/link/authenticate',
    path: '/auth/link/authenticate',
    right: async m => ({
      json: { id: await m.secret('confirmed link id'), code: await m.secret('link code') },
    }),
    opens: { id: ['confirmed link id'], code: ['link code'] },
  },
  {
    operation: 'POST /auth/link/authenticate',
    asking: 'by a backend',
    path: '/auth/link/authenticate',
    right: async m => ({
      json: {
        id: await m.secret('backend link id'),
        code: await m.secret('backend link code'),
        session_id: await m.secret('backend session name'),
      },
      authorization: `Bearer ${await m.secret('backend token')}`,
    }),
    opens: {
      cookie: NOBODY,
      bearer: ['backend token'],
      basic: ['backend token'],
      id: ['backend link id'],
      code: ['backend link code'],
      session_id: ['backend session name'],
    },
  },
  begunByBackend('otp', 'backend login id', 'backend login code'),
  begunByBackend('link', 'backend link id', 'backend link code'),
  {
    operation: 'POST /auth/passkey/authenticate',
    path: '/auth/passkey/authenticate',
    right: async m => ({ json: { id: await m.secret('passkey id'), response: await m.passkeyAnswer() } }),
    opens: { id: ['passkey id'] },
  },
  {
    operation: 'POST /auth/stateless/login',
    path: '/auth/stateless/login',
    right: async m => ({
      json: KNOWN,
      authorization: `MFA authType="BACKUP", token="${await m.secret('stateless token')}"`,
    }),
    opens: { password: PASSWORD, mfa: ['stateless token'], bearer: NOBODY, basic: NOBODY, cookie: NOBODY },
  },
  {
    operation: 'POST /auth/challenge/get',
    path: '/auth/challenge/get',
    right: async () => ({ json: { ...KNOWN, auth_type: 'TOTP' } }),
    opens: { password: PASSWORD },
  },
  {
    operation: 'POST /auth/challenge/verify',
    path: '/auth/challenge/verify',
    right: async m => ({
      json: {
        ...KNOWN,
        id: await m.secret('stateless challenge'),
        response: await m.secret('stateless code'),
      },
    }),
    opens: { password: PASSWORD, id: ['stateless challenge'], response: ['stateless code'] },
  },
  {
    operation: 'POST /auth/challenge/verify',
    asking: 'totp',
    path: '/auth/challenge/verify',
    right: async m => {
      const { json } = await m.ask('/auth/challenge/get', { json: { ...KNOWN, auth_type: 'TOTP' } })
      return { json: { ...KNOWN, id: json.id, response: await m.secret('TOTP code') } }
    },
    opens: { response: ['TOTP code'] },
  },
]

const account = (path: string): Place => ({
  operation: `GET /auth/${path}`,
  path: `/auth/${path}`,
  opens: WHOLE_SESSION,
})

/** Pages and forms. */
const PAGES: readonly Place[] = [
  account('account'),
  account('account/factors'),
  account('account/tokens'),
  account('account/activity'),
  account('account/password'),
  {
    operation: 'GET /auth/mfa',
    path: '/auth/mfa',
    opens: { cookie: ['partial cookie', 'full cookie'], bearer: NOBODY, basic: NOBODY },
  },
  {
    operation: 'POST /auth/login',
    asking: 'by form',
    path: '/auth/login',
    right: async () => ({ form: KNOWN }),
    opens: { password: PASSWORD },
    isTaken: logsIn,
  },
  {
    operation: 'POST /auth/mfa',
    path: '/auth/mfa',
    right: async m => ({
      form: {
        challenge: await m.secret('login challenge'),
        factor: 'totp',
        code: await m.secret('TOTP code'),
      },
      cookies: { [SESSION_COOKIE]: await m.secret('partial cookie') },
    }),
    opens: { cookie: ['partial cookie'], challenge: ['login challenge'], code: ['TOTP code'] },
    isTaken: logsIn,
  },
  {
    operation: 'POST /auth/otp/authenticate',
    asking: 'by form',
    path: '/auth/otp/authenticate',
    right: async m => ({
      form: { channel: 'email', identifier: 'alice', code: await m.secret('login code') },
      cookies: begun('code', await m.secret('login id')),
    }),
    opens: { 'code cookie': ['login id'], code: ['login code'] },
    isTaken: logsIn,
  },
  {
    operation: 'POST /auth/link/authenticate',
    asking: 'by form',
    path: '/auth/link/authenticate',
    right: async m => ({
      form: { identifier: 'alice', code: await m.secret('link code') },
      cookies: begun('link', await m.secret('confirmed link id')),
    }),
    opens: { 'link cookie': ['confirmed link id'], code: ['link code'] },
    isTaken: logsIn,
  },
  { operation: 'GET /auth/link/{token}', path: '/auth/link/{secret}', opens: { path: ['link token'] } },
  {
    operation: 'POST /auth/link/confirm',
    path: '/auth/link/confirm',
    right: async () => ({ form: {} }),
    opens: { token: ['link token'] },
  },
  {
    operation: 'POST /auth/link/confirm',
    asking: 'in the browser that asked',
    path: '/auth/link/confirm',
    right: async m => ({ form: { token: await m.secret('link token') } }),
    opens: { 'link cookie': ['link id'] },
    isTaken: logsIn,
  },
]

/** Routes of an app, in front of which the gateway stands. */
const APPS: readonly Place[] = [
  {
    operation: 'APP /full',
    path: '/full/x',
    opens: { ...WHOLE_SESSION, device: NOBODY, assertion: NOBODY },
  },
  {
    operation: 'APP /full',
    asking: 'query',
    path: '/full/x?access_token={secret}',
    opens: { query: NOBODY },
  },
  { operation: 'APP /half', path: '/half/x', opens: ANY_SESSION },
  {
    operation: 'APP /reports',
    path: '/reports/x',
    opens: { cookie: ['full cookie'], bearer: ['access token', 'machine token'], basic: ['machine token'] },
  },
  {
    operation: 'APP /calendar',
    path: '/calendar/x',
    opens: { cookie: ['full cookie'], bearer: ['access token', 'user token'], basic: ['user token'] },
  },
]

/** Every place that takes a secret, and which kinds succeed there: all others fail. */
export const PLACES: readonly Place[] = [...OPERATIONS, ...PAGES, ...APPS]

/** Operations that take no secret: what they do is open to everybody. */
export const OPEN: readonly string[] = [
  'POST /auth/link/send',
  'POST /auth/passkey/options',
  'GET /auth/jwks.json',
  'GET /auth/openapi.json',
  'GET /auth/health/live',
  'GET /auth/health/ready',
  'GET /auth/assets/{name}',
]

/** Members of bodies that are no secrets. `response` of a passkey is a signature over its id. */
export const NO_SECRETS: Readonly<Record<string, readonly string[]>> = {
  '*': ['username', 'mode', 'factor', 'channel', 'to', 'name', 'everywhere', 'auth_type', 'remember_device'],
  'POST /auth/passkey/authenticate': ['response'],
}
