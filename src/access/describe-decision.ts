import type { Refusal } from './canonicalise.js'
import type { AllowReason, Decision, DenyReason } from './decision.js'
import { describeDuration } from './describe-duration.js'
import type { Access, StepUp } from './route.js'
import type { Match } from './route-table.js'

/** What an access means for somebody who asks, in words: `bypassed` is read otherwise elsewhere. */
export function describeAccess(access: Access): string {
  return ACCESS[access]
}

const ACCESS: Readonly<Record<Access, string>> = {
  public: 'no login',
  bypassed: 'login, second factor skipped',
  enrolled: 'login, second factor only for users who have one',
  required: 'login and second factor',
  denied: 'nobody may pass',
}

/**
 * A decision as one sentence for people who may know the policy: `explain`, logs. It ends with the route and its
 * place in the file.
 * @param match what `decide()` was given
 * @param who the subject who asked; undefined where nobody in particular did
 */
export function describeDecision(decision: Decision, match: Match | undefined, who?: string): string {
  const outcome = describeOutcome(decision, match, who)
  if (match === undefined) return outcome
  const { name, place } = match.route
  return `${outcome} (route ${name}${place === undefined ? '' : `, ${place.file}:${place.line}`})`
}

/** The same without route and place, for pages that anybody may see. */
export function describeOutcome(
  decision: Decision,
  match: Match | undefined,
  who: string | undefined,
): string {
  switch (decision.effect) {
    case 'allow':
      return `Allowed: ${ALLOWANCES[decision.reason]}`
    case 'login':
      return 'Not yet: a login is needed'
    case 'mfa':
      return 'Not yet: the second factor is missing'
    case 'step_up':
      return `Not yet: ${describeStepUp(decision.stepUp)} is needed`
    case 'deny':
      return `Refused: ${DENIAL[decision.reason](who ?? 'this user', match)}`
    case 'not_found':
      return match === undefined
        ? 'Not found: no app has this host'
        : `Not found: the app ${match.app.name} has no upstream`
  }
}

const ALLOWANCES: Readonly<Record<AllowReason, string>> = {
  ...ACCESS,
  preflight: 'a CORS preflight, which carries no identity',
  remembered_device: 'login, the second factor spared on a remembered device',
  api_token: 'an API token whose scope the route names',
}

const DENIAL: Readonly<Record<DenyReason, (who: string, match: Match | undefined) => string>> = {
  denied: () => ACCESS.denied,
  not_this_user: who => `${who} is not one of the users who may pass`,
  not_in_group: (who, match) => {
    const groups = match?.route.groups ?? []
    return `${who} is not in ${groups.length === 1 ? 'the group' : 'any of the groups'} ${groups.join(', ')}`
  },
  mfa_disabled: who => `a second factor is needed, and it is disabled for ${who}`,
  token_scope: (who, match) => {
    const scopes = match?.route.tokens ?? []
    return scopes.length === 0
      ? `no API token opens this route, whatever ${who} may do`
      : `the API token of ${who} has not the scope ${scopes.join(' or ')}, or is kept for other apps or paths`
  },
}

function describeStepUp({ maxAge, methods }: StepUp): string {
  const proof =
    methods === undefined ? 'a second factor' : `a proof by ${methods.join(' or ').replaceAll('_', ' ')}`
  return maxAge === undefined ? proof : `${proof} that is not older than ${describeDuration(maxAge)}`
}

/** What is wrong with a refused request and what to do, for the 400 page. Nothing of the request is repeated. */
export function describeRefusal(refusal: Refusal): { readonly message: string; readonly cure: string } {
  const [message, cure] = REFUSALS[refusal]
  return { message, cure }
}

const byOperator = (name: string): string =>
  `Ask for the plain address; where an app needs this, its operator can write "allow_in_path: [${name}]"`

const REFUSALS: Readonly<Record<Refusal, readonly [message: string, cure: string]>> = {
  bad_escape: [
    'The path has a "%" that is not followed by the two digits of a UTF-8 byte',
    'Write "%25" where a percent sign itself is meant, and encode the path as UTF-8',
  ],
  bad_host: ['The request does not name exactly one host', 'Send one Host header with one host name'],
  bad_target: [
    'The request asks for something else than a path on this host',
    'Ask for a path that begins with "/", without "#"',
  ],
  control_character: [
    'The path has a control character, even if encoded',
    'Remove it; line breaks and zero bytes have no place in a path',
  ],
  dot_segment: [
    'The path has a segment of dots such as "..", even if encoded',
    'Write the path that it stands for',
  ],
  double_encoding: ['The path is percent-encoded twice', byOperator('double_encoding')],
  empty_segment: ['The path has two slashes in a row', byOperator('empty_segment')],
  encoded_backslash: ['The path has an encoded backslash', byOperator('encoded_backslash')],
  encoded_slash: ['The path has an encoded slash', byOperator('encoded_slash')],
  method_not_allowed: [
    'This method never passes the gateway, or is not a method',
    'Use one of the methods of HTTP in capitals, but neither TRACE nor CONNECT',
  ],
  semicolon: ['The path has a semicolon', byOperator('semicolon')],
  too_long: ['The path is longer than 8192 characters', 'Send what is long in the query or in the body'],
  unencoded_character: [
    'The address has a character that must be percent-encoded',
    'Encode backslashes, spaces and all that is not ASCII',
  ],
  unicode_lookalike: [
    'The path has a character that some servers read as a slash, a semicolon or an escape',
    byOperator('unicode_lookalike'),
  ],
}
