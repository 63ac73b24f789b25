import type { Factor, FactorUser, SecondFactor } from '../factors/factor.js'
import type { Store } from '../store/store.js'
import { readAccount } from '../users/accounts.js'
import type { DirectoryUser } from '../users/user-directory.js'

/** What a user can show as a second factor now. */
export interface ReadyFactors {
  /** In the order of the configuration. */
  readonly ready: readonly SecondFactor[]
  /**
   * Whether a second factor was enrolled: an app, a key, questions that count as one. An address in the directory is
   * not enrolled.
   */
  readonly enrolled: boolean
  /** Whether there is a second factor at all, enrolled or not, switched off or not. */
  readonly hasOne: boolean
  /** Whether the user has switched the second factor off, for routes that ask it only of those who have one. */
  readonly switchedOff: boolean
  /** Whether there is a second factor: what decides on `enrolled` routes. */
  readonly hasSecondFactor: boolean
}

/** Looks what a user can show. */
export type FindReadyFactors = (user: DirectoryUser) => Promise<ReadyFactors>

export interface ReadyFactorsOptions {
  readonly store: Store
  /** Those that the operator takes, the usual one first. */
  readonly factors: readonly Factor[]
  /** Whether people may switch the second factor off for themselves. */
  readonly mayDisable: boolean
  /** Whether an answered question counts as a second factor. Otherwise whoever has questions alone has none. */
  readonly questionsCount: boolean
}

/** Kept by the gateway, and there only because somebody has enrolled it. */
const ENROLLED: ReadonlySet<SecondFactor> = new Set(['totp', 'webauthn', 'knowledge_question'])

/** Makes the function that looks what a user can show. */
export function createReadyFactors(options: ReadyFactorsOptions): FindReadyFactors {
  const { store, factors, mayDisable, questionsCount } = options
  // Codes on paper are for the day when the factor is lost, so they are none by themselves.
  const counts = (method: SecondFactor): boolean =>
    method !== 'backup_code' && (method !== 'knowledge_question' || questionsCount)

  return async user => {
    const ready: SecondFactor[] = []
    for (const factor of factors) if (await factor.isReady(factorUser(user))) ready.push(factor.method)
    const { secondFactorOff } = await readAccount(store, user.person.subject)
    const switchedOff = mayDisable && secondFactorOff === true
    const counting = ready.filter(counts)
    const hasOne = counting.length > 0
    const enrolled = counting.some(method => ENROLLED.has(method))
    return { ready, enrolled, hasOne, switchedOff, hasSecondFactor: hasOne && !switchedOff }
  }
}

/** What factors know of a user. */
export function factorUser({ person, phone }: DirectoryUser): FactorUser {
  return { subject: person.subject, displayName: person.displayName, email: person.email, phone }
}
