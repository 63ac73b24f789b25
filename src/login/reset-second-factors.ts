import type { Audit } from '../audit/audit-event.js'
import type { Sessions } from '../credentials/sessions.js'
import type { Factor } from '../factors/factor.js'
import type { Store } from '../store/store.js'
import { markEnrolled } from '../users/accounts.js'
import type { EnrolmentTickets } from './enrolment-tickets.js'
import type { Lockout } from './lockout.js'
import type { RememberedDevices } from './remembered-devices.js'
import { forgetStatelessTokens } from './stateless-login.js'

export interface ResetOptions {
  readonly store: Store
  readonly sessions: Pick<Sessions, 'endAll'>
  readonly lockout: Pick<Lockout, 'unlock'>
  /** Every factor that is kept for users. */
  readonly factors: readonly Pick<Factor, 'remove'>[]
  readonly devices: Pick<RememberedDevices, 'forgetAll'>
  readonly tickets: Pick<EnrolmentTickets, 'withdraw'>
  readonly audit: Audit
}

/**
 * What an operator does for somebody who has lost every second factor: removes them all, ends all sessions, lifts
 * locks. The user needs a ticket to enrol again, made afterwards, because whoever has the password alone must not.
 * @returns whether there was a factor
 */
export async function resetSecondFactors(subject: string, options: ResetOptions): Promise<boolean> {
  const { sessions, lockout, factors, devices, tickets, audit } = options
  // First, so that there is no moment in which the factors are gone and a password is enough to enrol.
  await markEnrolled(options.store, subject)
  let had = false
  for (const factor of factors) had = (await factor.remove(subject)) || had
  await devices.forgetAll(subject)
  await forgetStatelessTokens(options.store, subject)
  await tickets.withdraw(subject)
  await sessions.endAll(subject)
  await lockout.unlock(subject)
  audit({ event: 'factor.reset', subject, address: 'local', detail: { had_factor: had } })
  return had
}
