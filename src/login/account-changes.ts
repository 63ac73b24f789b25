import type { ApiToken, NewApiToken } from '../credentials/api-token.js'
import type { ApiTokens } from '../credentials/api-tokens.js'
import type { Sessions } from '../credentials/sessions.js'
import type { PasswordChange } from '../users/password-writer.js'
import { type Checks, refused } from './checks.js'
import type { Changed, Changer, FreshProof, NotChanged } from './fresh-proof.js'
import type { Busy, Expired, Locked, Throttled } from './login-step.js'
import type { Notify } from './notify.js'
import type { RememberedDevices } from './remembered-devices.js'

export interface AccountChangesOptions {
  readonly freshProof: FreshProof
  readonly sessions: Pick<Sessions, 'endAll' | 'endWhere'>
  readonly checks: Checks
  readonly devices: Pick<RememberedDevices, 'forget' | 'forgetAll'>
  readonly apiTokens: Pick<ApiTokens, 'create' | 'revoke'>
  /** The scopes that people may give to tokens of their own; with none, only the operator makes tokens. */
  readonly selfServiceScopes: readonly string[]
  /** Writes a new password into the directory; undefined where it cannot be written from here. */
  readonly changePassword: ((subject: string, password: string) => Promise<PasswordChange>) | undefined
  readonly notify: Notify
}

/**
 * What people change of their own account besides the second factors: the password, remembered browsers, API tokens.
 * Each change is told to the audit log and, where it opens something, by mail.
 */
export interface AccountChanges {
  /** Whether the session may change something now. */
  mayChange(changer: Changer): Promise<Changed | NotChanged>
  /** Asks for the old password again. Ends every session, this one too: the password is another one now. */
  changePassword(
    changer: Changer & { readonly current: string; readonly next: string },
  ): Promise<Changed | NotChanged | Throttled | Locked | Busy>
  /** Ends the sessions that rest on it as well. Needs no fresh proof: it makes nothing weaker. */
  forgetDevice(changer: Changer & { readonly reference: string }): Promise<Changed | Expired>
  createApiToken(
    changer: Changer & { readonly token: Omit<NewApiToken, 'owner'> },
  ): Promise<{ readonly step: 'api_token'; readonly token: string; readonly record: ApiToken } | NotChanged>
  /** Needs no fresh proof: it makes nothing weaker. */
  revokeApiToken(changer: Changer & { readonly reference: string }): Promise<Changed | Expired>
}

const CHANGED: Changed = { step: 'changed' }

export function createAccountChanges(options: AccountChangesOptions): AccountChanges {
  const { freshProof, sessions, checks, devices, apiTokens, selfServiceScopes, notify } = options
  const { tell } = checks

  return {
    mayChange: changer => freshProof.require(changer, () => Promise.resolve(CHANGED)),

    changePassword: changer =>
      freshProof.require(changer, async (_current, subject, reference) => {
        const { current: old, next, client } = changer
        if (options.changePassword === undefined) return refused('not_offered')
        const checked = await checks.confirmPassword(subject, old, client)
        if (checked.step !== 'known') return checked
        const outcome = old === next ? 'unsuitable' : await options.changePassword(subject, next)
        if (outcome !== 'changed') return refused(outcome === 'unsuitable' ? 'unsuitable' : 'not_offered')
        await sessions.endAll(subject)
        await devices.forgetAll(subject)
        tell('account.password_changed', subject, client, undefined, reference)
        notify(subject, { change: 'password_changed' }, client)
        return CHANGED
      }),

    forgetDevice: changer =>
      freshProof.spare(changer, async (_current, subject, reference) => {
        await devices.forget(subject, changer.reference)
        await sessions.endWhere(subject, record => record.rememberedDevice === changer.reference)
        tell('device.forgotten', subject, changer.client, undefined, reference)
        return CHANGED
      }),

    createApiToken: changer =>
      freshProof.requireTwoFactors(changer, async (_current, subject, reference) => {
        const { token: wanted, client } = changer
        if (selfServiceScopes.length === 0) return refused('not_offered')
        if (!wanted.scopes.every(scope => selfServiceScopes.includes(scope))) return refused('unsuitable')
        const made = await apiTokens.create({ ...wanted, owner: { kind: 'user', subject } })
        if (made.outcome !== 'created') return refused('unsuitable')
        tell('api_token.created', subject, client, made.record.reference, reference)
        notify(subject, { change: 'api_token_created', name: made.record.name }, client)
        return { step: 'api_token', token: made.token, record: made.record } as const
      }),

    revokeApiToken: changer =>
      freshProof.spare(changer, async (_current, subject, reference) => {
        const revoked = await apiTokens.revoke(changer.reference, { kind: 'user', subject })
        if (revoked !== undefined)
          tell('api_token.revoked', subject, changer.client, changer.reference, reference)
        return CHANGED
      }),
  }
}
