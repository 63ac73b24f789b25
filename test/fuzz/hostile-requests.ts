import type { Dice } from './dice.js'
import {
  hostileHost,
  hostileMethod,
  hostileReturnTo,
  hostileTarget,
  plainTarget,
} from './hostile-addresses.js'
import { FORMS, hostileForm, hostileJson, hostileText, OPERATIONS } from './hostile-bodies.js'
import {
  hostileAuthorization,
  hostileCookie,
  hostileFields,
  hostileHandshake,
  type Secrets,
} from './hostile-headers.js'
import { mutate } from './mutate.js'
import { type Draft, type FuzzInput, isFramed, usualHeaders, writeRequest } from './request-text.js'

type MakeDraft = (secrets: Secrets, dice: Dice) => Draft
type Field = readonly [string, string]

/** What a browser says with a form of the gateway's own page. */
const OF_OUR_PAGE: readonly Field[] = [
  ['Origin', 'https://gw.example'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Accept', 'text/html'],
]
const PERSON: Field = ['Accept', 'text/html']
const NO_FIELDS: readonly Field[] = []

/** One maker of requests for each of our parsers behind the front door. */
const DRAFTS: Readonly<Record<string, MakeDraft>> = {
  target: (_secrets, dice) => ({
    method: hostileMethod(dice),
    target: hostileTarget(dice),
    headers: [...usualHeaders(dice), ...(dice.chance(0.5) ? [PERSON] : NO_FIELDS)],
  }),
  host: (_secrets, dice) => ({
    method: 'GET',
    target: plainTarget(dice),
    headers: [
      ...usualHeaders(dice, hostileHost(dice)).filter(() => dice.chance(0.9)),
      ...(dice.chance(0.3) ? [['Host', hostileHost(dice)] as const] : NO_FIELDS),
      ...(dice.chance(0.4) ? [['X-Forwarded-Host', hostileHost(dice)] as const] : NO_FIELDS),
      ...(dice.chance(0.5) ? [PERSON] : NO_FIELDS),
    ],
  }),
  headers: (_secrets, dice) => ({
    method: dice.pick(['GET', 'GET', 'POST', 'HEAD', 'DELETE']),
    target: plainTarget(dice),
    headers: [...usualHeaders(dice), ...hostileFields(dice)],
    ...(dice.chance(0.2) ? { body: 'x=1', chunked: dice.chance(0.5) } : {}),
  }),
  cookies: (secrets, dice) => ({
    method: 'GET',
    target: plainTarget(dice),
    headers: [
      ...usualHeaders(dice),
      ...dice.times(dice.chance(0.8) ? 1 : 3, () => hostileCookie(secrets, dice)),
      ...(dice.chance(0.5) ? [PERSON] : NO_FIELDS),
    ],
  }),
  form: (secrets, dice) => ({
    method: 'POST',
    target: dice.pick(FORMS),
    headers: [
      ...usualHeaders(dice),
      ['Content-Type', formType(dice)],
      ...OF_OUR_PAGE,
      ...(dice.chance(0.3) ? [hostileCookie(secrets, dice)] : NO_FIELDS),
    ],
    body: hostileForm(secrets, dice),
    chunked: dice.chance(0.2),
  }),
  json: (secrets, dice) => ({
    method: dice.chance(0.95) ? 'POST' : 'DELETE',
    target: dice.pick(OPERATIONS),
    headers: [
      ...usualHeaders(dice),
      ['Content-Type', jsonType(dice)],
      ...(dice.chance(0.2) ? [hostileAuthorization(secrets, dice)] : NO_FIELDS),
      ...(dice.chance(0.2) ? [hostileCookie(secrets, dice)] : NO_FIELDS),
    ],
    body: hostileJson(secrets, dice),
    chunked: dice.chance(0.2),
  }),
  tokens: (secrets, dice) => ({
    method: 'GET',
    target: plainTarget(dice),
    headers: [
      ...usualHeaders(dice),
      hostileAuthorization(secrets, dice),
      ...(dice.chance(0.1) ? [hostileAuthorization(secrets, dice)] : NO_FIELDS),
      ...(dice.chance(0.1) ? [hostileCookie(secrets, dice)] : NO_FIELDS),
    ],
  }),
  stateless: (secrets, dice) => ({
    method: 'POST',
    target: dice.pick([
      '/auth/stateless/login',
      '/auth/challenge/get',
      '/auth/challenge/verify',
      '/auth/token/refresh',
    ]),
    headers: [
      ...usualHeaders(dice),
      ['Content-Type', 'application/json'],
      hostileAuthorization(secrets, dice),
    ],
    body: JSON.stringify({
      username: dice.pick(['alice', hostileText(secrets, dice)]),
      password: hostileText(secrets, dice),
      id: hostileText(secrets, dice),
      response: hostileText(secrets, dice),
      refresh_token: hostileText(secrets, dice),
    }),
  }),
  return_to: (secrets, dice) => {
    const place = encodeURIComponent(hostileReturnTo(dice))
    const isForm = dice.chance(0.4)
    const headers = [...usualHeaders(dice), ...OF_OUR_PAGE]
    if (!isForm) {
      const page = dice.pick([
        '/auth/login',
        '/auth/mfa',
        '/auth/enrol',
        '/auth/otp',
        '/auth/link',
        '/auth/passkey',
        '/auth/logout',
      ])
      return {
        method: 'GET',
        target: `${page}?return_to=${place}${dice.chance(0.1) ? `&return_to=${place}` : ''}`,
        headers,
      }
    }
    const type: Field = ['Content-Type', 'application/x-www-form-urlencoded']
    const body = `username=alice&password=${encodeURIComponent(hostileText(secrets, dice))}&return_to=${place}`
    return { method: 'POST', target: dice.pick(FORMS), headers: [...headers, type], body }
  },
  websocket: (secrets, dice) => ({
    method: dice.chance(0.95) ? 'GET' : 'POST',
    target: dice.chance(0.4) ? hostileTarget(dice) : plainTarget(dice),
    headers: [
      ...usualHeaders(dice),
      ...hostileHandshake(dice),
      ...(dice.chance(0.3) ? hostileFields(dice) : NO_FIELDS),
      ...(dice.chance(0.3) ? [hostileCookie(secrets, dice)] : NO_FIELDS),
    ],
  }),
}

/** The parsers that are behind the front door. */
export const FRONT_DOOR_PARSERS: readonly string[] = Object.keys(DRAFTS)

/**
 * Makes an input: one to three requests of the grammar for a parser, whole in half of the cases and damaged in the
 * others; or, where there is one, a damaged input of before.
 * @param before inputs that once were answered in a way of their own
 */
export function hostileInput(
  parser: string,
  secrets: Secrets,
  dice: Dice,
  before: readonly string[],
): FuzzInput {
  const make = DRAFTS[parser]
  if (make === undefined) throw new Error(`there is no grammar for ${parser}`)
  const old = before[dice.below(before.length)]
  if (old !== undefined && dice.chance(0.25)) {
    const other = writeRequest(make(secrets, dice))
    return { parser, bytes: mutate(old, dice, other), requests: undefined }
  }
  const drafts = dice.times(dice.chance(0.85) ? 1 : 2 + dice.below(2), () => make(secrets, dice))
  const bytes = drafts.map(writeRequest).join('')
  if (dice.chance(0.4)) return { parser, bytes: mutate(bytes, dice, bytes), requests: undefined }
  return { parser, bytes, requests: drafts.every(isFramed) ? drafts.length : undefined }
}

function formType(dice: Dice): string {
  if (dice.chance(0.85)) return 'application/x-www-form-urlencoded'
  return dice.pick([
    'Application/X-WWW-Form-Urlencoded; charset=utf-8',
    'text/plain',
    'multipart/form-data; boundary=x',
    '',
    'application/x-www-form-urlencoded\t',
    'x',
    'application/json',
  ])
}

function jsonType(dice: Dice): string {
  if (dice.chance(0.85)) return 'application/json'
  return dice.pick([
    'application/json; charset=utf-16',
    'Application/JSON',
    'text/json',
    'application/json\t',
    ' application/json ;',
    'application/problem+json',
    '',
    'text/plain',
    'application/json, text/plain',
  ])
}
