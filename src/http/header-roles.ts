/** The header fields that the gate reads. */
export type ReadField =
  | 'accept'
  | 'authorization'
  | 'connection'
  | 'contentLength'
  | 'cookie'
  | 'fetchMode'
  | 'forwardedFor'
  | 'forwardedHost'
  | 'forwardedProto'
  | 'host'
  | 'origin'
  | 'preflightMethod'
  | 'te'
  | 'transferEncoding'
  | 'upgrade'
  | 'webSocketKey'

/** What the gate does with a client's header field. */
export interface HeaderRole {
  /** Goes upstream as it is. */
  readonly passed: boolean
  /** Where the gate keeps its value; undefined: it does not read it. */
  readonly field: ReadField | undefined
  /** What a second value is joined with; undefined: there may not be a second one. */
  readonly joint: string | undefined
}

/** Tells the role of a header by its name as it was sent. */
export type HeaderRoles = (name: string) => HeaderRole

const PASS: HeaderRole = { passed: true, field: undefined, joint: undefined }
const DROP: HeaderRole = { passed: false, field: undefined, joint: undefined }

const READ: ReadonlyMap<string, HeaderRole> = new Map<string, HeaderRole>([
  ['accept', { passed: true, field: 'accept', joint: ', ' }],
  ['access-control-request-method', { passed: true, field: 'preflightMethod', joint: ', ' }],
  ['authorization', { passed: true, field: 'authorization', joint: undefined }],
  ['connection', { passed: false, field: 'connection', joint: ',' }],
  ['content-length', { passed: true, field: 'contentLength', joint: undefined }],
  ['cookie', { passed: false, field: 'cookie', joint: '; ' }],
  ['host', { passed: false, field: 'host', joint: undefined }],
  ['origin', { passed: true, field: 'origin', joint: undefined }],
  ['sec-fetch-mode', { passed: true, field: 'fetchMode', joint: ', ' }],
  ['sec-websocket-key', { passed: true, field: 'webSocketKey', joint: ', ' }],
  ['te', { passed: false, field: 'te', joint: ', ' }],
  ['transfer-encoding', { passed: false, field: 'transferEncoding', joint: ', ' }],
  ['upgrade', { passed: false, field: 'upgrade', joint: ', ' }],
  ['x-forwarded-for', { passed: false, field: 'forwardedFor', joint: ', ' }],
  ['x-forwarded-host', { passed: false, field: 'forwardedHost', joint: ', ' }],
  ['x-forwarded-proto', { passed: false, field: 'forwardedProto', joint: ', ' }],
])

/** Hop-by-hop fields (RFC 9110, section 7.6.1), and fields that only the gateway may state to an upstream. */
const DROPPED: ReadonlySet<string> = new Set([
  'cf-connecting-ip',
  'expect',
  'fastly-client-ip',
  'forwarded',
  'front-end-https',
  'http2-settings',
  'keep-alive',
  'proxy',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'trailer',
  'true-client-ip',
  'via',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-email',
  'x-groups',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-real-ip',
  'x-user',
  'x-username',
])

/** Families of names in which this gateway or another one of its kind tells who the user is. */
const DROPPED_PREFIXES: readonly string[] = [
  'cf-access-',
  'gatehouse-',
  'remote-',
  'ssl-client-',
  'x-auth-request-',
  'x-authenticated-',
  'x-authentik-',
  'x-client-cert',
  'x-forwarded-',
  'x-goog-',
  'x-mfa-',
  'x-original-',
  'x-pomerium-',
  'x-remote-',
  'x-rewrite-',
  'x-ssl-client-',
  'x-user-',
  'x-webauth-',
]

/** Most names whose role is remembered; names beyond it are judged anew each time. */
const REMEMBERED = 1000

/**
 * Makes the function that tells a header's role. Names are compared without case and with `_` and `.` read as `-`,
 * because upstreams (CGI, WSGI, PHP) cannot tell these apart.
 * @param identityNames the names under which the gateway itself sends the identity
 * @param extraNames further names that the operator wants removed
 */
export function createHeaderRoles(
  identityNames: readonly string[],
  extraNames: readonly string[],
): HeaderRoles {
  const own = new Set([...identityNames, ...extraNames].map(comparableName))
  const known = new Map<string, HeaderRole>()
  return name => {
    const remembered = known.get(name)
    if (remembered !== undefined) return remembered
    const role = roleOf(name, own)
    if (known.size < REMEMBERED && name.length <= 64) known.set(name, role)
    return role
  }
}

function roleOf(name: string, own: ReadonlySet<string>): HeaderRole {
  const alike = comparableName(name)
  const read = READ.get(name.toLowerCase())
  if (read !== undefined) return own.has(alike) ? { ...read, passed: false } : read
  const isOwn =
    own.has(alike) || DROPPED.has(alike) || DROPPED_PREFIXES.some(prefix => alike.startsWith(prefix))
  // A second spelling of a header that the gate reads (`Content_Length`) would be a second value to some upstreams.
  return isOwn || READ.has(alike) ? DROP : PASS
}

/** The form in which two header names are the same to some upstream: without case, `_`, `.` and space read as `-`. */
export function comparableName(name: string): string {
  return name.toLowerCase().replace(/[_. ]/g, '-')
}
