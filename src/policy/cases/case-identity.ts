import { describeAge } from '../../access/describe-duration.js'
import type { Caller, Person } from '../../access/identity.js'
import type { CaseCaller } from '../../config/policy-case.js'
import type { UserRecord } from '../../users/users-file.js'
import { canonicalUserName } from '../../users/user-name.js'
import { describedPerson, identityOf } from '../described-caller.js'

/** What a case's caller is looked up in. */
export interface CasePeople {
  /** The users file, by canonical name. */
  readonly users: ReadonlyMap<string, UserRecord>
  /** Whether an answered question is a second factor beside a password (`mfa.questionsCount` of the configuration). */
  readonly questionsCount: boolean
}

/** Whether the users file says something about this caller. */
export function isFromUsersFile({ user, groups }: CaseCaller): boolean {
  return user !== undefined && groups === undefined
}

/** The user of the file that a case means; undefined when there is none, or when the case needs none. */
export function userOf(caller: CaseCaller, users: CasePeople['users']): UserRecord | undefined {
  const name = isFromUsersFile(caller) ? canonicalUserName(caller.user ?? '') : undefined
  return name === undefined ? undefined : users.get(name)
}

/** The identity that the gateway would make of a case's caller. Nobody, where the users file says `disabled`. */
export function callerOf(
  caller: CaseCaller | undefined,
  { users, questionsCount }: CasePeople,
  now: number,
): Caller {
  if (caller === undefined) return undefined
  const known = userOf(caller, users)
  if (known?.disabled === true) return undefined
  const person = personOf(caller, known)
  const mayShow = person.mfa === 'enabled' && caller.mfa === undefined && !caller.isRemembered
  const identity = identityOf(
    {
      person,
      passwordAge: caller.passwordAge,
      factors: caller.factors ?? (mayShow ? ['totp'] : []),
      factorAge: caller.factorAge,
      hasSecondFactor: person.mfa === 'enabled' && caller.mfa !== 'not_enrolled',
      rememberedDevice: caller.isRemembered,
      apiToken: caller.apiToken,
    },
    now,
  )
  if (!questionsCount || caller.factors === undefined) return identity
  const proofs = identity.proofs.map(proof =>
    proof.method === 'knowledge_question' ? { ...proof, countsAsSecondFactor: true } : proof,
  )
  return { ...identity, proofs }
}

function personOf({ user, groups, mfa, apiToken }: CaseCaller, known: UserRecord | undefined): Person {
  if (known !== undefined) return mfa === 'disabled' ? { ...known.person, mfa } : known.person
  const subject = user ?? (apiToken === undefined ? 'somebody' : 'a-machine')
  return describedPerson(subject, groups, mfa === 'disabled' ? 'disabled' : 'enabled')
}

/** A case's caller in words, as the rest of a sentence: `as alice of ops, mfa_age 6m`. */
export function describeCaller(caller: CaseCaller | undefined): string {
  if (caller === undefined) return 'as nobody'
  const { user, groups, mfa, factors, factorAge, passwordAge, isRemembered, apiToken } = caller
  const who = `${user ?? 'somebody'}${groups === undefined ? '' : ` of ${groups.join(', ')}`}`
  if (apiToken !== undefined) {
    const kept = [...(apiToken.apps ?? []), ...(apiToken.paths === undefined ? [] : ['some paths'])]
    const reach = kept.length === 0 ? '' : ` for ${kept.join(', ')}`
    return `with an API token${user === undefined && groups === undefined ? '' : ` of ${who}`} (${apiToken.scopes.join(', ')}${reach})`
  }
  const shown =
    mfa !== undefined || (isRemembered && factors === undefined)
      ? `the password alone${mfa === undefined || mfa === 'none' ? '' : `, second factor ${mfa.replace('_', ' ')}`}`
      : `${passwordAge === 'none' ? '' : 'password and '}${factors?.join(', ').replaceAll('_', ' ') ?? 'second factor'}`
  const age = passwordAge === 'none' || mfa === undefined ? factorAge : passwordAge
  const when = age === 0 ? '' : ` ${describeAge(age)}`
  return `as ${who} (${shown}${when}${isRemembered ? ', on a remembered browser' : ''})`
}
