import Type, { type TSchema } from 'typebox'
import type { DescribedPaths } from './openapi-forward-auth.js'
import type { DescribedAnswer, Operation, OperationCredential } from './operation.js'
import type { PageAddress } from './page-address.js'
import { problemReasons, problemReasonsInWords } from './problem-reasons.js'

export interface OpenApiOptions {
  readonly operations: readonly Operation[]
  readonly pages: readonly PageAddress[]
  /** Addresses besides, already described. */
  readonly further: DescribedPaths
  /** Origin of `public_url`. */
  readonly publicOrigin: string
  readonly authPath: string
  readonly sessionCookie: string
}

type Json = Readonly<Record<string, unknown>>

/**
 * Describes every address of the gateway (OpenAPI 3.1.1). The schemas are the very ones that bodies are judged by.
 * It holds nothing that is not the same for everybody.
 */
export function describeInterface(options: OpenApiOptions): Json {
  const { operations, pages, further, publicOrigin, authPath, sessionCookie } = options
  const paths: Record<string, Record<string, Json>> = {}
  const add = (method: string, path: string, described: Json): void => {
    const at = `${authPath}${path.replace(/:([a-z]+)/g, '{$1}')}`
    const item = (paths[at] ??= {})
    const key = method.toLowerCase()
    item[key] = item[key] === undefined ? described : shared(item[key], described)
  }
  for (const operation of operations) add(operation.method, operation.path, describeOperation(operation))
  for (const page of pages) add(page.method, page.path, describePage(page))
  return {
    openapi: '3.1.1',
    info: {
      title: 'Gatehouse',
      version: '1.0.0',
      description:
        'How programs log in, show a second factor, and look after both. Every address that is not a page takes and ' +
        'gives JSON; whatever goes wrong is told as a problem (RFC 9457) whose `reason` is one of a closed list. ' +
        'The shortest way in: POST /login with mode "token"; answer a 202 at /mfa/verify; send the access_token as Bearer.',
    },
    servers: [{ url: publicOrigin }],
    tags: TAGS,
    paths: { ...paths, ...further },
    components: components(sessionCookie),
  }
}

const TAGS = [
  { name: 'login', description: 'From a password to a whole login.' },
  { name: 'factors', description: 'The second factors of a user.' },
  { name: 'passwordless', description: 'Logins that begin with a code, a link or a passkey.' },
  { name: 'tokens', description: 'Logins that tokens carry.' },
  { name: 'stateless', description: 'The protocol of clients that keep nothing between requests.' },
  { name: 'forward-auth', description: 'What another proxy asks about each of its requests.' },
  { name: 'service', description: 'What machines ask.' },
  { name: 'pages', description: 'For people with a browser.' },
]

function describeOperation(operation: Operation): Json {
  const { method, path, summary, tag, credentials, body, answers } = operation
  const ownProblems = operation.unlimited === true ? {} : PROBLEMS
  return {
    operationId: operationId(method, path),
    summary,
    tags: [tag],
    security: credentials.flatMap(credential => SECURITY[credential]),
    ...parametersOf(path),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: Object.values(body.properties).some(member => !Type.IsOptional(member)),
            content: { 'application/json': { schema: body } },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer)]),
      ),
      ...ownProblems,
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

function describeAnswer({ description, body, type = 'application/json' }: DescribedAnswer): Json {
  const media = body === undefined ? {} : { schema: body satisfies TSchema }
  return { description, content: { [type]: media } }
}

function describePage({ method, path, summary }: PageAddress): Json {
  const redirect = {
    description: 'Leads to another page.',
    headers: { Location: { schema: { type: 'string' } } },
  }
  return {
    operationId: operationId(method, path, 'page'),
    summary,
    tags: ['pages'],
    security: [{}, { cookie: [] }],
    ...parametersOf(path),
    ...(method === 'GET' ? {} : { requestBody: { content: { [FORM]: { schema: { type: 'object' } } } } }),
    responses: {
      200: { description: 'The page.', content: { [HTML]: {} } },
      [method === 'GET' ? 302 : 303]: redirect,
      default: {
        description: 'A page that says what is wrong.',
        content: { [HTML]: {}, [PROBLEM]: PROBLEM_BODY },
      },
    },
  }
}

const FORM = 'application/x-www-form-urlencoded'
const HTML = 'text/html'
const PROBLEM = 'application/problem+json'
const PROBLEM_BODY = { schema: { $ref: '#/components/schemas/Problem' } }

/** One address for programs and for people: what is sent as JSON, or with a token, goes to the operation. */
function shared(operation: Json, page: Json): Json {
  const [answers, shown] = [membersOf(operation.responses), membersOf(page.responses)]
  const content = (of: unknown): Json => membersOf(membersOf(of).content)
  return {
    ...operation,
    summary: `${String(operation.summary)}; a form is answered by a page`,
    requestBody: {
      required: true,
      content: { ...content(operation.requestBody), ...content(page.requestBody) },
    },
    responses: {
      ...shown,
      ...answers,
      200: {
        ...membersOf(answers[200]),
        content: { ...content(answers[200]), ...content(shown[200]) },
      },
    },
  }
}

function membersOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function parametersOf(path: string): Json {
  const names = [...path.matchAll(/:([a-z]+)/g)].map(([, name]) => name)
  if (names.length === 0) return {}
  return {
    parameters: names.map(name => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
  }
}

function operationId(method: string, path: string, kind = ''): string {
  const words = path.split(/[^a-z]+/i).filter(word => word !== '')
  return [method.toLowerCase(), ...(kind === '' ? [] : [kind]), ...words].join('_')
}

const SECURITY: Readonly<Record<OperationCredential, readonly Json[]>> = {
  none: [{}],
  session: [{ cookie: [] }, { bearer: [] }],
  backend: [{ bearer: [] }, { basic: [] }],
  mfa: [{ mfa: [] }],
}

const PROBLEMS = {
  400: { $ref: '#/components/responses/Problem' },
  401: { $ref: '#/components/responses/Unauthorized' },
  429: { $ref: '#/components/responses/TooManyRequests' },
}

function components(sessionCookie: string): Json {
  const problem = { content: { [PROBLEM]: PROBLEM_BODY } }
  const header = (description: string, type: string) => ({ description, schema: { type } })
  return {
    securitySchemes: {
      cookie: { type: 'apiKey', in: 'cookie', name: sessionCookie, description: 'A session of a browser.' },
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: 'An access token of a login, or an API token (`gh_…`).',
      },
      basic: {
        type: 'http',
        scheme: 'basic',
        description: 'An API token as the password, for clients that know no other way.',
      },
      mfa: {
        type: 'http',
        scheme: 'MFA',
        description: 'Of /challenge/verify: Authorization: MFA authType="TOTP", token="…".',
      },
    },
    schemas: { Problem: PROBLEM_SCHEMA },
    responses: {
      Problem: { description: 'A problem.', ...problem },
      Unauthorized: {
        description: 'Who it is was not shown, or not well enough.',
        headers: { 'WWW-Authenticate': header('How to show it (RFC 9110, section 11.6.1).', 'string') },
        ...problem,
      },
      TooManyRequests: {
        description: 'Too many tries or requests.',
        headers: { 'Retry-After': header('Seconds to wait.', 'integer') },
        ...problem,
      },
    },
  }
}

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'A problem (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'reason'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'For people.' },
    reason: { enum: problemReasons, description: `For programs.\n${problemReasonsInWords}` },
    login_url: { type: 'string', format: 'uri', description: 'Where a login helps.' },
    instance: {
      type: 'string',
      format: 'uri',
      description: 'Names the request in the log: urn:gatehouse:request:ID.',
    },
    auth_types: {
      type: 'array',
      items: { type: 'string' },
      description: 'Stateless logins: what the user can show, the usual one first.',
    },
  },
}
