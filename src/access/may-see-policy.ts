import { assuranceOf, isMultiFactor } from './assurance.js'
import type { Caller } from './identity.js'

/**
 * Whether somebody may be shown why the policy decides as it does (setting `explain_to`): a person, no API token, who
 * is in one of the groups and has shown a second factor. A stolen password alone must not open the map of the house.
 * @param groups any one of them; an empty list is nobody
 */
export function maySeePolicy(groups: readonly string[], caller: Caller): boolean {
  if (caller === undefined || caller.apiToken !== undefined) return false
  return (
    caller.person.groups.some(group => groups.includes(group)) && isMultiFactor(assuranceOf(caller.proofs))
  )
}
