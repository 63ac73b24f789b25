import type { Comparison } from './compare.js'
import { targetOf } from './compare.js'
import type { SourceCaller } from './imported.js'
import { yamlComment, yamlText, type YamlValue } from './yaml-text.js'

/** The methods that a case can have as its key. */
const KEYS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])

/** Where a case comes from when it does not say so. */
const SOMEWHERE = '192.0.2.1'

/**
 * Writes gateway.tests.yaml: what the source made of each request. Where the gateway is stricter, or says no in
 * other words, the name of the case tells.
 */
export function casesText(product: string, scheme: string, comparisons: readonly Comparison[]): string {
  const lines = comparisons.map(one => `  - ${yamlText(caseOf(product, scheme, one))}`)
  return [
    yamlComment(`What ${product} decided, for "gatehouse test".`),
    '# mfa: none is somebody who showed only the password; without it, password and second factor.',
    'tests:',
    ...lines,
    '',
  ].join('\n')
}

function caseOf(product: string, scheme: string, { trial, there, here, relation }: Comparison): YamlValue {
  const { request, caller } = trial
  const url = `${scheme}//${request.host}${targetOf(request)}`
  const asked = KEYS.has(request.method)
    ? { [request.method.toLowerCase()]: url }
    : { request: `${request.method} ${url}` }
  const names = {
    equal: undefined,
    opened: undefined,
    stricter: `stricter than ${product}, which let it through`,
    closed: `no way through, as in ${product}, which said ${there}`,
  }
  return {
    ...asked,
    as: callerOf(caller),
    from: request.address === SOMEWHERE ? undefined : request.address,
    expect: here === 'refused' ? 'reject' : here,
    name: names[relation],
  }
}

function callerOf({ user, groups, factors }: SourceCaller): YamlValue {
  if (user === undefined) return 'anonymous'
  return { user, groups, mfa: factors === 1 ? 'none' : undefined }
}
