import type { ProblemReason } from '../http/problem.js'

/** Every reason of a problem body with what it means. The compiler sees to it that none is missing. */
const REASONS: Readonly<Record<ProblemReason, string>> = {
  ambiguous_credential: 'Two credentials of the gateway were sent at once.',
  audit_unavailable:
    'The audit log cannot be written, and the operator has it that nothing goes on without it.',
  bad_escape: 'The path has a percent sign that escapes nothing, or bytes that are no UTF-8.',
  bad_forward_auth: 'Another proxy asked for a decision without saying clearly about which request.',
  bad_host: 'The Host is missing, twice there, or none.',
  bad_target: 'The request target is none of this gateway.',
  busy: 'Too many passwords at once are waiting to be checked.',
  control_character: 'The path has a control character.',
  denied: 'Nobody may open this.',
  dot_segment: 'The path has a dot segment.',
  empty_segment: 'The path has an empty segment.',
  double_encoding: 'The path is escaped twice.',
  encoded_backslash: 'The path has a backslash.',
  encoded_slash: 'The path has an escaped slash.',
  expired: 'The login or its challenge has run out, or was used up.',
  factor_locked: 'Too many wrong codes in a row.',
  foreign_origin: 'The page of another site sent this.',
  insecure_transport: 'This came over plain http.',
  internal: 'The gateway has a fault of its own.',
  invalid_input: 'What was sent cannot be understood; the detail says which member.',
  invalid_token: 'The token has run out, was revoked, used, or never was one.',
  last_factor: 'Without it the account could not log in any more.',
  login_required: 'Nobody is logged in.',
  method_not_allowed: 'The method is none of HTTP.',
  mfa_disabled: 'The operator has switched the second factor off for this user.',
  mfa_required: 'The second factor is missing.',
  no_suitable_factor: 'The user has no second factor that would do here.',
  not_found: 'There is nothing here.',
  not_in_group: 'The user is in none of the groups that may open this.',
  not_offered: 'The operator has not switched this on.',
  not_this_user: 'This is not open to the user.',
  repeated_header: 'A header field that may stand only once stood twice.',
  semicolon: 'The path has a parameter after a semicolon.',
  step_up_required: 'A fresher or stronger proof is needed.',
  store_unavailable: 'The gateway cannot read its store.',
  token_scope: 'The API token has not the scope that the address needs.',
  too_long: 'The request target is too long.',
  too_many_headers: 'There are too many header fields.',
  too_many_streams: 'The user or the address has as many WebSockets and event streams open as it may.',
  too_many_tries: 'Too many tries or requests; Retry-After says how long to wait.',
  unencoded_character: 'The path has a character that has to be escaped.',
  unicode_lookalike: 'The path has a character that some take for a dot or a slash.',
  unsuitable: 'What was sent cannot be kept in this form.',
  unsupported_media_type: 'The body is of a type that is not taken here.',
  unsupported_transfer_encoding: 'The only transfer coding that is understood is chunked.',
  unsupported_version: 'The gateway speaks HTTP/1.1 and HTTP/1.0.',
  untrusted_proxy: 'A decision was asked for by somebody who is not in trusted_proxies.',
  upstream_timeout: 'The app behind the gateway did not answer in time.',
  upstream_unreachable: 'The app behind the gateway cannot be reached.',
  wrong_code: 'The code is wrong, or it was used before.',
  wrong_credentials: 'The user name or the password is wrong.',
  wrong_ticket: 'The enrolment ticket is missing, wrong or used.',
}

/** The closed list, in alphabetical order. */
export const problemReasons: readonly string[] = Object.keys(REASONS)

/** The list with its meanings, as text. */
export const problemReasonsInWords: string = Object.entries(REASONS)
  .map(([reason, meaning]) => `- \`${reason}\`: ${meaning}`)
  .join('\n')
