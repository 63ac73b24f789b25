import { tokenSessionId } from '../../src/credentials/session-record.js'
import { createEnrolmentTickets } from '../../src/login/enrolment-tickets.js'
import { totpCode } from '../harness/authenticator.js'
import { HOST, HOUR, SECOND } from '../harness/gateway.js'
import { valuesOf } from '../harness/recording-upstream.js'
import { createSecurityKey, type SecurityKey } from '../harness/security-key.js'
import {
  A_CODE,
  A_LINK,
  type AllWays,
  type Ask,
  begunCookie,
  DEVICE_COOKIE,
  LONG_PASSWORD,
  makeApiToken,
  SESSION_COOKIE,
} from './all-ways-gateway.js'

/** Every kind of secret that opens something, or is a step on the way in; and some that open nothing (any more). */
export const KINDS = [
  'password',
  'partial cookie',
  'full cookie',
  'partial access token',
  'access token',
  'ID token',
  'refresh token',
  'assertion',
  'session name',
  'id of a session of tokens',
  'outdated access token',
  'backend session name',
  'machine token',
  'user token',
  'backend token',
  'login challenge',
  'token challenge',
  'enrolment challenge',
  'enrolment ticket',
  'TOTP key',
  'TOTP code',
  'backup code',
  'e-mail code',
  'text message code',
  'answer to a question',
  'stateless challenge',
  'stateless code',
  'stateless token',
  'login id',
  'login code',
  'backend login id',
  'backend login code',
  'backend link id',
  'backend link code',
  'link id',
  'confirmed link id',
  'link token',
  'link code',
  'passkey id',
  'device cookie',
] as const

export type Kind = (typeof KINDS)[number]

const RANDOM = (bytes: number): Buffer => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes)))
const QUESTIONS = ['River of my youth?', 'Name of the first boat?', 'Colour of the door?'] as const
const ANSWERS = ['the little ouse', 'merry moment', 'somewhat green'] as const

/** Alice at a gateway, with everything that she can have, and what she keeps for good. */
export interface Alice {
  readonly ways: AllWays
  readonly totpKey: string
  readonly securityKey: SecurityKey
  /** Taken off the end, one for each use. */
  readonly backupCodes: string[]
  readonly apiTokens: Readonly<Record<'machine token' | 'user token' | 'backend token', string>>
}

/** Moves the time on, so that what was counted and sent before stands in nobody's way. */
export function later({ gateway }: AllWays): void {
  gateway.clock.advance(HOUR + SECOND)
}

/** Gives Alice an app, a security key, backup codes, questions, and the tokens of the operator. */
export async function setUpAlice(ways: AllWays): Promise<Alice> {
  const { ask, gateway, message } = ways
  const login = await ask('/auth/login', { json: { username: 'alice', password: LONG_PASSWORD } })
  const challenge = text(login.json.challenge)
  let cookies: Record<string, string> = { [SESSION_COOKIE]: login.cookie(SESSION_COOKIE) }
  await ask('/auth/mfa/challenge', { json: { challenge, factor: 'sms' }, cookies })
  const code = await message('sms', A_CODE)
  const verified = await ask('/auth/mfa/verify', { json: { challenge, factor: 'sms', code }, cookies })
  cookies = { [SESSION_COOKIE]: verified.cookie(SESSION_COOKIE) }

  const app = await ask('/auth/mfa/enrol/totp', { json: {}, cookies })
  const totpKey = text(app.json.secret)
  const first = { code: totpCode(totpKey, gateway.clock.now()), name: 'app' }
  await ask('/auth/mfa/enrol/totp/confirm', { json: first, cookies })

  const securityKey = createSecurityKey({ origin: `https://${HOST}`, rpId: HOST })
  const offer = await ask('/auth/mfa/enrol/webauthn', { json: {}, cookies })
  const made = JSON.parse(securityKey.create(offer.json.options)) as object
  await ask('/auth/mfa/enrol/webauthn/confirm', { json: { code: made, name: 'key' }, cookies })

  const pairs = QUESTIONS.flatMap((question, index) => [
    [`question${index + 1}`, question],
    [`answer${index + 1}`, ANSWERS[index] ?? ''],
  ])
  const form = Object.fromEntries(pairs) as Record<string, string>
  await ask('/auth/account/factors/knowledge_question/confirm', { form, cookies })

  const codes = await ask('/auth/mfa/backup-codes', { json: {}, cookies })
  return {
    ways,
    totpKey,
    securityKey,
    backupCodes: [...(codes.json.backup_codes as string[])],
    apiTokens: {
      'machine token': await makeApiToken(gateway, 'reporter', 'reports'),
      'user token': await makeApiToken(gateway, 'my calendar', 'calendar', 'alice'),
      'backend token': await makeApiToken(gateway, 'backend', 'authenticate'),
    },
  }
}

/** What is under way for Alice at one moment. Everything is made once. */
export interface Moment {
  readonly alice: Alice
  readonly ask: Ask
  secret(kind: Kind): Promise<string>
  /** A backup code that is used for nothing else. */
  backupCode(): string
  /** Moves the time on, so that one more message is sent. */
  readonly wait: () => void
  /** What the passkey answers to the options of `passkey id`. */
  passkeyAnswer(): Promise<object>
}

/**
 * Those that come by a message, or that time leaves behind: made first and last, so that all others are alive when
 * everything is there.
 */
const FIRST: readonly Kind[] = ['e-mail code', 'text message code', 'stateless code', 'login code']
const NEXT: readonly Kind[] = ['backend login code', 'link token', 'link code', 'backend link code']
const LAST: Kind = 'TOTP code'

/** Brings Alice to a moment in which every kind of secret exists and is good. */
export async function beginMoment(alice: Alice): Promise<Moment> {
  const moment = prepareMoment(alice)
  for (const kind of [...FIRST, ...NEXT]) await moment.secret(kind)
  for (const kind of KINDS) if (kind !== LAST) await moment.secret(kind)
  await moment.secret(LAST)
  return moment
}

function prepareMoment(alice: Alice): Moment {
  const { ways, totpKey, backupCodes, apiTokens } = alice
  const { ask, message, gateway, upstream } = ways
  const known = { username: 'alice', password: LONG_PASSWORD }
  const bearer = { authorization: `Bearer ${apiTokens['backend token']}` }
  /** Two messages to one address are half a minute apart. */
  const wait = (): void => gateway.clock.advance(31 * SECOND)

  const backupCode = (): string => {
    const code = backupCodes.pop()
    if (code === undefined) throw new Error('Alice has no backup code left')
    return code
  }

  const begin = once(async () => {
    const reply = await ask('/auth/login', { json: known })
    return { challenge: text(reply.json.challenge), cookie: reply.cookie(SESSION_COOKIE) }
  })
  const prompted = async (factor: string) => {
    const { challenge, cookie } = await begin()
    return ask('/auth/mfa/challenge', {
      json: { challenge, factor },
      cookies: { [SESSION_COOKIE]: cookie },
    })
  }
  const tokenLogin = async () => {
    const { json } = await ask('/auth/login', { json: { ...known, mode: 'token' } })
    return { challenge: text(json.challenge), accessToken: text(json.access_token) }
  }
  const tokenBegin = once(tokenLogin)
  const full = once(async () => {
    const login = await ask('/auth/login', { json: known })
    const { challenge } = login.json
    const reply = await ask('/auth/mfa/verify', {
      json: { challenge, factor: 'backup_code', code: backupCode(), remember_device: true },
      cookies: { [SESSION_COOKIE]: login.cookie(SESSION_COOKIE) },
    })
    return { session: reply.cookie(SESSION_COOKIE), device: reply.cookie(DEVICE_COOKIE) }
  })
  const tokens = once(async () => {
    const { challenge } = await tokenLogin()
    const json = { challenge, factor: 'backup_code', code: backupCode() }
    return (await ask('/auth/mfa/verify', { json })).json
  })
  const outdated = once(async () => {
    const { challenge, accessToken } = await tokenLogin()
    await ask('/auth/mfa/verify', { json: { challenge, factor: 'backup_code', code: backupCode() } })
    return accessToken
  })
  const assertion = once(async () => {
    upstream.forget()
    await ask('/full/x', { cookies: { [SESSION_COOKIE]: (await full()).session } })
    const [found = ''] = valuesOf(upstream.requests[0], 'gatehouse-assertion')
    upstream.forget()
    return found
  })
  const mailed = once(async () => {
    wait()
    await prompted('email')
    return message('email', A_CODE)
  })
  const texted = once(async () => {
    wait()
    await prompted('sms')
    return message('sms', A_CODE)
  })
  const question = once(async () => {
    const reply = await prompted('knowledge_question')
    return ANSWERS[QUESTIONS.findIndex(asked => asked === reply.json.question)] ?? ''
  })
  const stateless = once(async () => {
    wait()
    const { json } = await ask('/auth/challenge/get', { json: { ...known, auth_type: 'SMS' } })
    return { id: text(json.id), code: await message('sms', A_CODE) }
  })
  const statelessToken = once(async () => {
    const { json } = await ask('/auth/challenge/get', { json: { ...known, auth_type: 'BACKUP' } })
    const answer = { ...known, id: json.id, response: backupCode() }
    return text((await ask('/auth/challenge/verify', { json: answer })).json.token)
  })
  const otp = once(async () => {
    wait()
    const { json } = await ask('/auth/otp/send', { json: { channel: 'email', to: 'alice' } })
    return { id: text(json.id), code: await message('email', A_CODE) }
  })
  const askedByBackend = async () => {
    wait()
    const { json } = await ask('/auth/otp/send', { json: { channel: 'sms', to: 'alice' }, ...bearer })
    return { id: text(json.id), code: await message('sms', A_CODE) }
  }
  const backendOtp = once(askedByBackend)
  const begunByBackend = once(async () => {
    const begun = await ask('/auth/otp/authenticate', { json: await askedByBackend(), ...bearer })
    return text(begun.json.session_id)
  })
  const link = async (by: { readonly authorization?: string } = {}) => {
    wait()
    const { json } = await ask('/auth/link/send', { json: { to: 'alice' }, ...by })
    return { id: text(json.id), token: await message('email', A_LINK) }
  }
  const confirmed = async (by?: { readonly authorization: string }) => {
    const { id, token } = await link(by)
    const shown = await ask('/auth/link/confirm', { form: { token } })
    const code = /([0-9]{3}) ?([0-9]{3})\b/.exec(shown.text.replace(/<style.*?<\/style>/gs, ''))
    return { id, code: `${code?.[1] ?? ''}${code?.[2] ?? ''}` }
  }
  const waitingLink = once(() => link())
  const confirmedLink = once(() => confirmed())
  const backendLink = once(() => confirmed(bearer))
  const enrolment = once(async () => {
    const { json } = await ask('/auth/login', { json: { ...known, username: 'newcomer', mode: 'token' } })
    return text(json.challenge)
  })
  const passkey = once(async () => {
    const { json } = await ask('/auth/passkey/options', { json: {} })
    return { id: text(json.id), options: json.options }
  })
  const { store, clock } = gateway
  const ticket = once(() =>
    createEnrolmentTickets({ store, now: clock.now, random: RANDOM }).create('newcomer'),
  )
  const ownTotp = once(() => Promise.resolve(totpCode(totpKey, gateway.clock.now())))
  const ownCode = once(() => Promise.resolve(backupCode()))

  const makers: Readonly<Record<Kind, () => Promise<unknown>>> = {
    password: () => Promise.resolve(LONG_PASSWORD),
    'partial cookie': async () => (await begin()).cookie,
    'full cookie': async () => (await full()).session,
    'partial access token': async () => (await tokenBegin()).accessToken,
    'access token': async () => (await tokens()).access_token,
    'ID token': async () => (await tokens()).id_token,
    'refresh token': async () => (await tokens()).refresh_token,
    assertion,
    'session name': async () => (await tokens()).session_id,
    'backend session name': begunByBackend,
    'id of a session of tokens': async () => tokenSessionId(text((await tokens()).session_id)),
    'outdated access token': outdated,
    'machine token': () => Promise.resolve(apiTokens['machine token']),
    'user token': () => Promise.resolve(apiTokens['user token']),
    'backend token': () => Promise.resolve(apiTokens['backend token']),
    'login challenge': async () => (await begin()).challenge,
    'token challenge': async () => (await tokenBegin()).challenge,
    'enrolment challenge': enrolment,
    'enrolment ticket': ticket,
    'TOTP key': () => Promise.resolve(totpKey),
    'TOTP code': ownTotp,
    'backup code': ownCode,
    'e-mail code': mailed,
    'text message code': texted,
    'answer to a question': question,
    'stateless challenge': async () => (await stateless()).id,
    'stateless code': async () => (await stateless()).code,
    'stateless token': statelessToken,
    'login id': async () => (await otp()).id,
    'login code': async () => (await otp()).code,
    'backend login id': async () => (await backendOtp()).id,
    'backend login code': async () => (await backendOtp()).code,
    'backend link id': async () => (await backendLink()).id,
    'backend link code': async () => (await backendLink()).code,
    'link id': async () => (await waitingLink()).id,
    'confirmed link id': async () => (await confirmedLink()).id,
    'link token': async () => (await waitingLink()).token,
    'link code': async () => (await confirmedLink()).code,
    'passkey id': async () => (await passkey()).id,
    'device cookie': async () => (await full()).device,
  }

  return {
    alice,
    ask,
    wait,
    backupCode,
    secret: async kind => {
      const made = await makers[kind]()
      if (typeof made !== 'string' || made === '') throw new Error(`there is no ${kind}`)
      return made
    },
    passkeyAnswer: async () => JSON.parse(alice.securityKey.get((await passkey()).options)) as object,
  }
}

/** The header field of the cookie of a begun login, as the gateway sets it: the id alone. */
export function begun(way: 'code' | 'link', id: string): Record<string, string> {
  return { [begunCookie(way)]: id }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
