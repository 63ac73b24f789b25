import type { FastifyReply } from 'fastify'
import type { Clock } from '../clock.js'
import type { BackupCodes } from '../factors/backup-codes.js'
import type { SecondFactor } from '../factors/factor.js'
import type { KnowledgeQuestions } from '../factors/knowledge-question.js'
import { MOST_AUTHENTICATORS, type Totp } from '../factors/totp.js'
import { MOST_KEYS } from '../factors/webauthn-keys.js'
import type { WebAuthn } from '../factors/webauthn.js'
import { htmlAnswer } from '../http/answer.js'
import type { FactorChanges } from '../login/factor-changes.js'
import { type AccountFactorsPageData, accountFactorsPage } from '../pages/account-factors-page.js'
import { backupCodesPage } from '../pages/backup-codes-page.js'
import type { AccountDoor, Owner } from './account-door.js'
import type { PageAddress } from './page-address.js'
import type { Visits } from './visit.js'

export interface AccountFactorsFormsOptions {
  readonly visits: Visits
  readonly door: AccountDoor
  readonly changes: Pick<
    FactorChanges,
    'renameFactor' | 'removeFactor' | 'removeQuestions' | 'replaceBackupCodes' | 'switchSecondFactor'
  >
  /** The second factors that can be shown here: those that the operator takes and that can reach people. */
  readonly offered: readonly SecondFactor[]
  readonly totp: Pick<Totp, 'list'>
  readonly webauthn: Pick<WebAuthn, 'list'>
  /** Undefined where the operator does not take them. */
  readonly questions: Pick<KnowledgeQuestions, 'list'> | undefined
  readonly backupCodes: Pick<BackupCodes, 'remaining'>
  /** Whether people may switch the second factor off for themselves. */
  readonly mayDisable: boolean
  readonly now: Clock
}

const PAGE = 'account/factors'

/** The page about the ways in, and what is done to those that exist. */
export function createAccountFactorsForms(options: AccountFactorsFormsOptions): readonly PageAddress[] {
  const { visits, door, changes, offered, totp, webauthn, questions, backupCodes } = options
  const { authPath, publicHost } = visits.parts
  const { forOwner } = door

  /** What exists is listed even where the operator takes it no longer, so that it can be removed. */
  const own = <T extends { readonly createdAt: number }>(
    list: readonly T[],
    factor: 'totp' | 'webauthn',
    most: number,
  ) => {
    const isOffered = offered.includes(factor)
    if (!isOffered && list.length === 0) return undefined
    return {
      list: list.map(({ createdAt, ...rest }) => ({ ...rest, addedAt: createdAt })),
      mayAdd: isOffered && list.length < most,
    }
  }

  async function show(owner: Owner): Promise<FastifyReply> {
    const { user, factors } = owner
    const { subject, email } = user.person
    const messages: AccountFactorsPageData['messages'] = [
      { channel: 'email', target: email } as const,
      { channel: 'sms', target: user.phone } as const,
    ].filter(({ channel }) => offered.includes(channel))
    const hasCodes = offered.includes('backup_code') && factors.enrolled
    const html = accountFactorsPage({
      ...(await door.frame(owner)),
      mayChangePassword: true,
      authenticatorApps: own(await totp.list(subject), 'totp', MOST_AUTHENTICATORS),
      keys: own(await webauthn.list(subject), 'webauthn', MOST_KEYS),
      messages,
      questions: await questions?.list(subject),
      backupCodesLeft: hasCodes ? await backupCodes.remaining(subject) : undefined,
      ownSwitch: options.mayDisable && factors.enrolled ? (factors.switchedOff ? 'off' : 'on') : undefined,
    })
    return visits.send(owner.reply, htmlAnswer(200, html))
  }

  async function rename(owner: Owner): Promise<FastifyReply> {
    const id = visits.field(owner.request.body, 'id') ?? ''
    const name = visits.field(owner.request.body, 'name') ?? ''
    const outcome = await changes.renameFactor({ ...owner.changer, id, name })
    if (outcome.step === 'refused' && outcome.reason === 'unsuitable')
      return door.toPage(owner, PAGE, { refused: name.trim() === '' ? 'name' : 'gone' })
    return door.conclude(owner, outcome, PAGE, 'factor_renamed')
  }

  async function remove(owner: Owner): Promise<FastifyReply> {
    const { changer, request } = owner
    const factor = visits.field(request.body, 'factor')
    if (factor === 'knowledge_question')
      return door.conclude(owner, await changes.removeQuestions(changer), PAGE, 'questions_removed')
    const id = visits.field(request.body, 'id') ?? ''
    const done = factor === 'webauthn' ? 'key_removed' : 'factor_removed'
    return door.conclude(owner, await changes.removeFactor({ ...changer, id }), PAGE, done)
  }

  async function newCodes(owner: Owner): Promise<FastifyReply> {
    const { reply, changer, identity } = owner
    const made = await changes.replaceBackupCodes(changer)
    if (made.step !== 'backup_codes') return door.conclude(owner, made, PAGE, 'proved')
    const html = backupCodesPage({
      authPath,
      username: identity.person.subject,
      site: publicHost,
      codes: made.codes,
      madeAt: options.now(),
      continueTo: `${authPath}/${PAGE}`,
    })
    return visits.send(reply, htmlAnswer(200, html))
  }

  const turn =
    (to: 'on' | 'off') =>
    async (owner: Owner): Promise<FastifyReply> => {
      const outcome = await changes.switchSecondFactor({ ...owner.changer, to })
      return door.conclude(owner, outcome, PAGE, to === 'on' ? 'second_factor_on' : 'second_factor_off')
    }

  return [
    {
      method: 'GET',
      path: '/account/factors',
      summary: 'The page about the ways in',
      handle: forOwner(PAGE, show),
    },
    {
      method: 'POST',
      path: '/account/factors/rename',
      summary: 'Renames an authenticator app or a security key',
      handle: forOwner(PAGE, rename),
    },
    {
      method: 'POST',
      path: '/account/factors/remove',
      summary: 'Removes an authenticator app, a security key or the security questions',
      handle: forOwner(PAGE, remove),
    },
    {
      method: 'POST',
      path: '/account/backup-codes',
      summary: 'Makes new backup codes',
      handle: forOwner(PAGE, newCodes),
    },
    {
      method: 'POST',
      path: '/account/second-factor/off',
      summary: 'Switches the second factor off, where the operator lets people do that',
      handle: forOwner(PAGE, turn('off')),
    },
    {
      method: 'POST',
      path: '/account/second-factor/on',
      summary: 'Switches the second factor on again',
      handle: forOwner(PAGE, turn('on')),
    },
  ]
}
