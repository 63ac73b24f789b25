import type { FastifyReply } from 'fastify'
import type { Clock } from '../clock.js'
import { type ApiTokenOwner, faultOfApiToken } from '../credentials/api-token.js'
import type { ApiTokens } from '../credentials/api-tokens.js'
import { htmlAnswer } from '../http/answer.js'
import type { AccountChanges } from '../login/account-changes.js'
import { type AccountTokensPageData, accountTokensPage } from '../pages/account-tokens-page.js'
import { newTokenPage } from '../pages/new-token-page.js'
import type { AccountDoor, Owner } from './account-door.js'
import type { LoginAnswers } from './login-answers.js'
import type { PageAddress } from './page-address.js'
import type { Visits } from './visit.js'

export interface AccountTokensFormsOptions {
  readonly visits: Visits
  readonly door: AccountDoor
  readonly answers: Pick<LoginAnswers, 'showForm'>
  readonly changes: Pick<AccountChanges, 'createApiToken' | 'revokeApiToken'>
  readonly apiTokens: Pick<ApiTokens, 'list'>
  /** What people may give to tokens of their own; empty: only the operator makes tokens. */
  readonly scopes: readonly string[]
  readonly now: Clock
}

const PAGE = 'account/tokens'
const DAY = 86_400_000
/** In days. */
const LONGEST_LIFE = 366
const USUAL_LIFE = 90

/** The page about somebody's own API tokens, and its forms. */
export function createAccountTokensForms(options: AccountTokensFormsOptions): readonly PageAddress[] {
  const { visits, door, answers, changes, apiTokens, scopes, now } = options
  const { authPath } = visits.parts
  const { forOwner } = door

  async function show(
    owner: Owner,
    form: AccountTokensPageData['form'],
    error: AccountTokensPageData['error'],
  ): Promise<FastifyReply> {
    const { subject } = owner.identity.person
    const tokens = (await apiTokens.list({ kind: 'user', subject })).map(token => ({
      reference: token.reference,
      name: token.name,
      scopes: token.scopes,
      createdAt: token.createdAt,
      expiresAt: token.expiresAt,
      expired: token.expiresAt <= now(),
      lastUsedAt: token.lastUsedAt,
    }))
    const frame = await door.frame(owner)
    const html = accountTokensPage({ ...frame, tokens, scopes, longestLife: LONGEST_LIFE, form, error })
    return answers.showForm(owner.reply, html, { error })
  }

  async function create(owner: Owner): Promise<FastifyReply> {
    const { request, reply, changer, identity } = owner
    const { subject } = identity.person
    const name = (visits.field(request.body, 'name') ?? '').trim()
    const days = Number(visits.field(request.body, 'days') ?? '')
    const form = { name, scopes: ticked(request.body), days: Number.isFinite(days) ? days : USUAL_LIFE }
    if (!Number.isInteger(days) || days < 1 || days > LONGEST_LIFE) return show(owner, form, 'days')
    const token = { name, scopes: form.scopes, expiresAt: now() + days * DAY }
    const kind: ApiTokenOwner['kind'] = 'user'
    if (faultOfApiToken({ ...token, owner: { kind, subject } }, now()) !== undefined)
      return show(owner, form, 'incomplete')
    const made = await changes.createApiToken({ ...changer, token })
    // Nothing else is left that could be wrong with it.
    if (made.step === 'refused' && made.reason === 'unsuitable')
      return show(owner, form, form.scopes.every(scope => scopes.includes(scope)) ? 'too_many' : 'incomplete')
    if (made.step !== 'api_token') return door.conclude(owner, made, PAGE, 'proved')
    const { expiresAt } = made.record
    const html = newTokenPage({
      authPath,
      username: subject,
      token: made.token,
      name: made.record.name,
      scopes: made.record.scopes,
      expiresAt,
    })
    return visits.send(reply, htmlAnswer(200, html))
  }

  async function revoke(owner: Owner): Promise<FastifyReply> {
    const reference = visits.field(owner.request.body, 'token') ?? ''
    const outcome = await changes.revokeApiToken({ ...owner.changer, reference })
    return door.conclude(owner, outcome, PAGE, 'token_revoked')
  }

  return [
    {
      method: 'GET',
      path: '/account/tokens',
      summary: 'The page about the API tokens of oneself',
      handle: forOwner(PAGE, owner => show(owner, { name: '', scopes: [], days: USUAL_LIFE }, undefined)),
    },
    {
      method: 'POST',
      path: '/account/tokens/create',
      summary: 'Makes an API token of oneself, and shows it once',
      handle: forOwner(PAGE, create),
    },
    {
      method: 'POST',
      path: '/account/tokens/revoke',
      summary: 'Revokes an API token of oneself',
      handle: forOwner(PAGE, revoke),
    },
  ]
}

/** The boxes of a form that were ticked: one text, or a list of texts. */
function ticked(body: unknown): readonly string[] {
  if (typeof body !== 'object' || body === null || !('scope' in body)) return []
  const { scope } = body
  const given: readonly unknown[] = Array.isArray(scope) ? scope : [scope]
  return given.filter(value => typeof value === 'string')
}
