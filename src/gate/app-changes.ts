import type { AccessRequest } from '../access/access-request.js'
import { applyHeaderRules, type HeaderRules } from './header-rules.js'
import { pathUpstream, rewriteAnswer, type PathChange } from './path-change.js'

/** What is changed on the way between clients and an app. Undefined: nothing of that kind. */
export interface AppChanges {
  readonly path: PathChange | undefined
  readonly requestHeaders: HeaderRules | undefined
  readonly responseHeaders: HeaderRules | undefined
}

/**
 * Path and query that an upstream is asked for.
 * @returns undefined: there is nothing for this path at the upstream
 */
export function targetUpstream(
  { encodedPath, query }: Pick<AccessRequest, 'encodedPath' | 'query'>,
  changes: AppChanges | undefined,
): string | undefined {
  const path = changes?.path === undefined ? encodedPath : pathUpstream(encodedPath, changes.path)
  return path === undefined ? undefined : path + query
}

/**
 * The header fields of an upstream's answer as the operator wants them, before the gateway takes out what is not for
 * the client.
 * @param raw name, value, name, value, …
 * @param origins those of the upstream
 * @param host the host, with its port, that the client asked
 */
export function changeAnswer(
  raw: readonly string[],
  changes: AppChanges | undefined,
  origins: readonly string[],
  host: string,
): readonly string[] {
  if (changes === undefined) return raw
  const { path, responseHeaders } = changes
  const fields = responseHeaders === undefined ? [...raw] : applyHeaderRules(raw, responseHeaders)
  if (path !== undefined) rewriteAnswer(fields, { change: path, origins, host })
  return fields
}
