import { comparableName } from '../http/header-roles.js'

/** What an operator changes about the header fields of an app's messages. */
export interface HeaderRules {
  /** Name, value, name, value, …: each in place of every field of its name. */
  readonly set: readonly string[]
  /** Whether fields of this name, in any spelling, are left out. True of every name that is set. */
  readonly removes: (name: string) => boolean
}

/** Makes the rules. Names are compared without case, and with `_` and `.` read as `-`, as upstreams read them. */
export function createHeaderRules(
  set: Readonly<Record<string, string>>,
  remove: readonly string[],
): HeaderRules {
  const names = new Set([...Object.keys(set), ...remove].map(comparableName))
  return { set: Object.entries(set).flat(), removes: name => names.has(comparableName(name)) }
}

/**
 * The fields after the rules. To be called on what the other side sent, before anything of the gateway's own is added or
 * taken away: so no rule can touch that.
 * @param fields name, value, name, value, …
 */
export function applyHeaderRules(fields: readonly string[], { set, removes }: HeaderRules): string[] {
  const kept: string[] = []
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] ?? ''
    if (!removes(name)) kept.push(name, fields[index + 1] ?? '')
  }
  kept.push(...set)
  return kept
}
