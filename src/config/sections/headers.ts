import Type, { type Static } from 'typebox'
import type { IdentityHeaderNames } from '../../gate/identity-headers.js'
import { quote } from '../../documents/problem.js'
import type { Reading } from '../reading.js'
import { block, choice, text } from '../settings.js'

const TOKEN = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
const CURE = 'write a header name of letters, digits and hyphens, such as X-User'

type Preset = 'remote' | 'x-forwarded' | 'x-auth-request'

/** The form that is one word. */
export const headerPresetSchema = choice(
  { description: 'The set of header names to begin with.', default: 'remote' },
  ['remote', 'x-forwarded', 'x-auth-request'],
  [
    'Remote-User, Remote-Name, Remote-Email, Remote-Groups, Remote-Assurance, Remote-Amr',
    'X-Forwarded-User, X-Forwarded-Name, X-Forwarded-Email, …',
    'X-Auth-Request-User, X-Auth-Request-Name, X-Auth-Request-Email, …',
  ],
)

function fact(what: string, example: string) {
  return Type.Optional(
    Type.Union([headerName({ description: 'The name of the header.' }), Type.Literal(false)], {
      description: `Header that carries ${what}. false: it is not sent.`,
      examples: [example],
    }),
  )
}

/** A header name (RFC 9110, section 5.1). */
export function headerName(options: {
  readonly description: string
  readonly examples?: readonly unknown[]
}) {
  return text(options, TOKEN, CURE)
}

/** The form that overrides single names. */
export const headerNamesSchema = block('A preset with names of your own.', {
  preset: Type.Optional(headerPresetSchema),
  user: Type.Optional(
    headerName({ description: 'Header that carries the user name.', examples: ['Remote-User'] }),
  ),
  name: fact('the display name', 'Remote-Name'),
  email: fact('the e-mail address', 'Remote-Email'),
  groups: fact('the groups, separated by commas', 'Remote-Groups'),
  assurance: fact('how sure the gateway is: single, multi or phishing_resistant', 'Remote-Assurance'),
  amr: fact('the methods of the login (RFC 8176), separated by commas', 'Remote-Amr'),
  assertion: fact('the signed assertion, a JWT that the app can verify itself', 'Gatehouse-Assertion'),
})

export const headersSchema = Type.Union([headerPresetSchema, headerNamesSchema], {
  description:
    'The headers by which an app learns who is there. Whatever a client sends under these names is removed first, ' +
    'on every route.',
  default: 'remote',
  examples: ['remote', { preset: 'x-forwarded', assertion: false }],
})

const PREFIXES: Readonly<Record<Preset, string>> = {
  remote: 'Remote',
  'x-forwarded': 'X-Forwarded',
  'x-auth-request': 'X-Auth-Request',
}

/** Of one connection only, or of the message itself: no app could read them as an identity (RFC 9110, 7.6.1). */
// prettier-ignore
export const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  'connection', 'content-length', 'expect', 'host', 'http2-settings', 'keep-alive', 'proxy-authenticate',
  'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade',
])

/** Carry something else that apps rely on. */
// prettier-ignore
const TAKEN = new Set([
  'accept', 'authorization', 'content-encoding', 'content-type', 'cookie', 'forwarded', 'origin', 'range', 'referer',
  'set-cookie', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto',
])

/** Reads `headers`: a preset, an own name in place of any of its names, and `false` for what is not sent. */
export function readHeaders(
  reading: Reading,
  preset: Preset | undefined,
  own: Partial<Static<typeof headerNamesSchema>>,
): IdentityHeaderNames {
  const prefix = PREFIXES[preset ?? own.preset ?? 'remote']
  const named = (name: string | false | undefined, usual: string): string | undefined =>
    name === false ? undefined : (name ?? usual)
  const names: IdentityHeaderNames = {
    user: own.user ?? `${prefix}-User`,
    name: named(own.name, `${prefix}-Name`),
    email: named(own.email, `${prefix}-Email`),
    groups: named(own.groups, `${prefix}-Groups`),
    assurance: named(own.assurance, `${prefix}-Assurance`),
    amr: named(own.amr, `${prefix}-Amr`),
    assertion: named(own.assertion, 'Gatehouse-Assertion'),
  }
  const seen = new Map<string, string>()
  for (const [key, name] of Object.entries(names) as [string, string | undefined][]) {
    if (name === undefined) continue
    const known = comparableHeader(name)
    const other = seen.get(known)
    if (FRAMING_HEADERS.has(known) || TAKEN.has(known)) {
      const message = `the header ${quote(name)} has a meaning of its own`
      reading.findings.error(
        ['headers', key],
        message,
        'choose a name that nothing else uses, such as X-User',
      )
    } else if (other !== undefined) {
      const message = `"${key}" and "${other}" have the same header name, ${quote(name)} (case, "_" and "." do not count)`
      reading.findings.error(['headers', key], message, 'give each a name of its own')
    }
    seen.set(known, key)
  }
  return names
}

/** The form in which two header names are the same to some server: without case, `_` and `.` read as `-`. */
export function comparableHeader(name: string): string {
  return name.toLowerCase().replace(/[_.]/g, '-')
}
