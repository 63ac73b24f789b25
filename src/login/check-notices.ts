import type { BackupCodes } from '../factors/backup-codes.js'
import type { Checks } from './checks.js'
import type { KnownBrowsers } from './known-browsers.js'
import type { Notify } from './notify.js'

export interface CheckNoticesOptions {
  readonly checks: Checks
  readonly notify: Notify
  readonly knownBrowsers: Pick<KnownBrowsers, 'isKnown'>
  readonly backupCodes: Pick<BackupCodes, 'remaining'>
}

/**
 * Tells people by mail what became of the second factors that were shown for them, whichever way in it was: a wrong one
 * after a right first step, a lock, a backup code that was used. What is wrong while a factor is being enrolled, or in
 * a browser where they have logged in before, is taken for a slip of theirs until it is too much.
 */
export function withNotices(options: CheckNoticesOptions): Checks {
  const { checks, notify, knownBrowsers, backupCodes } = options
  return {
    ...checks,
    factor: async answer => {
      const checked = await checks.factor(answer)
      const { factor, client, enrol } = answer
      const { subject } = answer.user.person
      const { browserToken } = client
      const isSlip = async (): Promise<boolean> =>
        enrol !== undefined ||
        (browserToken !== undefined && (await knownBrowsers.isKnown(browserToken, subject)))
      const isWrong = checked.step === 'refused' && checked.reason === 'wrong_code'
      if (checked.step === 'throttled' || (isWrong && !(await isSlip())))
        notify(subject, { change: 'second_factor_failed' }, client)
      if (checked.step === 'locked') notify(subject, { change: 'factor_locked', factor }, client)
      if (checked.step === 'right' && factor === 'backup_code' && enrol === undefined)
        notify(subject, { change: 'backup_code_used', left: await backupCodes.remaining(subject) }, client)
      return checked
    },
  }
}
