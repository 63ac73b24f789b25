import { assuranceOf, isMultiFactor } from '../access/assurance.js'
import type { Clock } from '../clock.js'
import type { Sessions } from '../credentials/sessions.js'
import type { BackupCodes } from '../factors/backup-codes.js'
import type { SecondFactor } from '../factors/factor.js'
import { cleanFactorName } from '../factors/factor-name.js'
import type { KnowledgeQuestions, QuestionAndAnswer } from '../factors/knowledge-question.js'
import type { Totp } from '../factors/totp.js'
import type { WebAuthn } from '../factors/webauthn.js'
import { hashSecret } from '../store/secret-hash.js'
import type { RecordKey, Store } from '../store/store.js'
import { switchSecondFactor } from '../users/accounts.js'
import { type Checks, refused } from './checks.js'
import type { Enrolment } from './enrolment.js'
import type { Changed, Changer, FreshProof, NotChanged } from './fresh-proof.js'
import type { EnrollableFactor, EnrolmentOffer, Locked, Refused, Throttled } from './login-step.js'
import type { Notify } from './notify.js'
import { factorUser } from './ready-factors.js'
import type { RememberedDevices } from './remembered-devices.js'
import { forgetStatelessTokens } from './stateless-login.js'

export interface FactorChangesOptions {
  readonly store: Store
  readonly now: Clock
  readonly freshProof: FreshProof
  readonly sessions: Pick<Sessions, 'endAll' | 'endWhere'>
  readonly checks: Checks
  readonly enrolment: Pick<Enrolment, 'startMore' | 'confirmMore'>
  readonly totp: Totp
  readonly webauthn: WebAuthn
  readonly questions: KnowledgeQuestions | undefined
  readonly backupCodes: BackupCodes
  readonly devices: Pick<RememberedDevices, 'forgetAll'>
  /** Whether people may switch the second factor off for themselves. */
  readonly mayDisable: boolean
  readonly notify: Notify
}

/** New backup codes; the old ones are dead. They are shown this once. */
export interface NewBackupCodes {
  readonly step: 'backup_codes'
  readonly codes: readonly string[]
}

/** What people change of their own second factors. Whatever opens something later needs two factors that were shown. */
export interface FactorChanges {
  /** Offers one more authenticator app or security key; the same offer until it is confirmed. */
  startFactor(changer: Changer & { readonly factor: EnrollableFactor }): Promise<EnrolmentOffer | NotChanged>
  confirmFactor(
    changer: Changer & { readonly factor: EnrollableFactor; readonly answer: string; readonly name: string },
  ): Promise<Changed | NotChanged | Throttled | Locked>
  renameFactor(
    changer: Changer & { readonly id: string; readonly name: string },
  ): Promise<Changed | NotChanged>
  /** Ends all other sessions and forgets every remembered browser. The last factor stays. */
  removeFactor(changer: Changer & { readonly id: string }): Promise<Changed | NotChanged | Throttled>
  replaceBackupCodes(changer: Changer): Promise<NewBackupCodes | NotChanged>
  setQuestions(
    changer: Changer & { readonly questions: readonly QuestionAndAnswer[] },
  ): Promise<Changed | NotChanged>
  /** Like `removeFactor`. Where nothing else is enrolled, they stay. */
  removeQuestions(changer: Changer): Promise<Changed | NotChanged | Throttled>
  /** For routes that ask a second factor only of those who have one; never for `required` ones. */
  switchSecondFactor(changer: Changer & { readonly to: 'on' | 'off' }): Promise<Changed | NotChanged>
}

/** One factor of a user, found by what the user named. */
interface Found {
  readonly method: SecondFactor
  /** How many apps and keys the user has besides it. */
  readonly others: number
  /** False when somebody else was faster. */
  readonly remove: () => Promise<boolean>
}

/** Milliseconds after which a removal that died no longer stands in the way of the next one. */
const REMOVAL_LASTS = 10_000

const CHANGED: Changed = { step: 'changed' }

export function createFactorChanges(options: FactorChangesOptions): FactorChanges {
  const { store, now, freshProof, sessions, checks, enrolment, totp, webauthn, questions } = options
  const { backupCodes, notify } = options
  const { tell } = checks

  /** The second factor is another one now: nothing that rested on the old ones stays. */
  async function factorsChanged(subject: string, reference: string): Promise<void> {
    await options.devices.forgetAll(subject)
    await forgetStatelessTokens(store, subject)
    await sessions.endWhere(
      subject,
      record => record.rememberedDevice !== undefined && record.reference !== reference,
    )
  }

  /** One removal of a user at a time, in every process: of two at once each would take the other one's for the last. */
  async function alone<T>(subject: string, work: () => Promise<T>): Promise<T | Throttled> {
    const key: RecordKey = { kind: 'enrolment', id: `removal:${hashSecret(subject)}` }
    const until = { expiresAt: now() + REMOVAL_LASTS, owner: subject }
    if (!(await store.putIfAbsent(key, null, until))) return { step: 'throttled', retryAfter: 1 }
    try {
      return await work()
    } finally {
      await store.delete(key)
    }
  }

  /** What every removal is, whichever factor it is of. */
  function remove(
    changer: Changer,
    find: (subject: string) => Promise<Found | Refused>,
  ): Promise<Changed | NotChanged | Throttled> {
    return freshProof.require(changer, (_current, subject, reference) =>
      alone(subject, async () => {
        const { client } = changer
        const found = await find(subject)
        if ('step' in found) return found
        const isLast = found.others === 0
        if (isLast && !options.mayDisable) return refused('last_factor')
        if (!(await found.remove())) return refused('not_pending')
        if (isLast) await backupCodes.remove(subject)
        await factorsChanged(subject, reference)
        await sessions.endAll(subject, reference)
        tell('factor.removed', subject, client, found.method, reference)
        notify(subject, { change: 'factor_removed', factor: found.method }, client)
        return CHANGED
      }),
    )
  }

  return {
    startFactor: changer =>
      freshProof.requireTwoFactors(changer, async ({ user }, subject, reference) => {
        const { factor, client } = changer
        if (checks.factorOf(factor) === undefined) return refused('not_offered')
        tell('factor.enrolment_started', subject, client, factor, reference)
        return enrolment.startMore({ user: factorUser(user), sessionReference: reference }, factor)
      }),

    confirmFactor: changer =>
      freshProof.requireTwoFactors(changer, async ({ user }, subject, reference) => {
        const { factor, client, name } = changer
        const enrolling = { user: factorUser(user), sessionReference: reference }
        const checked = await checks.factor({
          user,
          factor,
          binding: '',
          typed: changer.answer,
          client,
          session: reference,
          enrol: answer => enrolment.confirmMore(enrolling, factor, answer, name),
        })
        if (checked.step !== 'right') return checked
        await factorsChanged(subject, reference)
        tell('factor.enrolled', subject, client, factor, reference)
        notify(subject, { change: 'factor_added', factor, name: cleanFactorName(name) || undefined }, client)
        return CHANGED
      }),

    renameFactor: changer =>
      freshProof.require(changer, async (_current, subject, reference) => {
        const { id, name, client } = changer
        const renamed = (await totp.rename(subject, id, name)) || (await webauthn.rename(subject, id, name))
        if (!renamed) return refused('unsuitable')
        tell('factor.renamed', subject, client, undefined, reference)
        return CHANGED
      }),

    removeFactor: changer =>
      remove(changer, async subject => {
        const { id } = changer
        const apps = await totp.list(subject)
        const keys = await webauthn.list(subject)
        const others = apps.length + keys.length - 1
        if (apps.some(app => app.id === id))
          return { method: 'totp', others, remove: () => totp.removeOne(subject, id) }
        if (keys.some(key => key.id === id))
          return { method: 'webauthn', others, remove: () => webauthn.removeOne(subject, id) }
        return refused('not_pending')
      }),

    removeQuestions: changer =>
      remove(changer, async subject => {
        if (questions === undefined) return refused('not_pending')
        const others = (await totp.list(subject)).length + (await webauthn.list(subject)).length
        return { method: 'knowledge_question', others, remove: () => questions.remove(subject) }
      }),

    replaceBackupCodes: changer =>
      freshProof.requireTwoFactors(changer, async (_current, subject, reference) => {
        const codes = await backupCodes.replace(subject)
        tell('factor.backup_codes_replaced', subject, changer.client, undefined, reference)
        notify(subject, { change: 'backup_codes_replaced' }, changer.client)
        return { step: 'backup_codes', codes } as const
      }),

    setQuestions: changer =>
      freshProof.requireTwoFactors(changer, async ({ user }, subject, reference) => {
        if (questions === undefined) return refused('not_offered')
        const hadSome = await questions.isReady(factorUser(user))
        if (!(await questions.replaceAll(subject, changer.questions))) return refused('unsuitable')
        await factorsChanged(subject, reference)
        tell('factor.enrolled', subject, changer.client, 'knowledge_question', reference)
        const change = hadSome ? 'factor_changed' : 'factor_added'
        notify(subject, { change, factor: 'knowledge_question' }, changer.client)
        return CHANGED
      }),

    switchSecondFactor: changer =>
      freshProof.require(changer, async (_current, subject, reference) => {
        const { to, client } = changer
        if (to === 'off' && !options.mayDisable) return refused('not_offered')
        await switchSecondFactor(store, subject, to)
        await factorsChanged(subject, reference)
        // Those that began with a password alone while that was enough.
        if (to === 'on')
          await sessions.endWhere(
            subject,
            record => record.reference !== reference && !isMultiFactor(assuranceOf(record.proofs)),
          )
        const is = to === 'on' ? 'second_factor_on' : 'second_factor_off'
        tell(`account.${is}`, subject, client, undefined, reference)
        notify(subject, { change: is }, client)
        return CHANGED
      }),
  }
}
