type Json = Readonly<Record<string, unknown>>

/** The part of an OpenAPI description that is about paths: by path, then by method in lower case. */
export type DescribedPaths = Readonly<Record<string, Readonly<Record<string, Json>>>>

/**
 * Describes where another proxy asks for decisions: its own address, and those that answer as Authelia's and
 * oauth2-proxy's do. They stand on every host, and not all of them are below `authPath`.
 * @param identityHeaders the names of the fields that a request which may pass gets
 */
export function describeForwardAuth(authPath: string, identityHeaders: readonly string[]): DescribedPaths {
  const allowed = (description: string, names: readonly string[]): Json => ({
    description,
    headers: Object.fromEntries(names.map(name => [name, IDENTITY])),
  })
  const verify = (operationId: string): Json => ({
    ...COMMON,
    operationId,
    summary: 'Whether another proxy may let a request pass',
    parameters: [COOKIES, ...ORIGINAL, ...FORWARDED, CLIENT],
    responses: {
      200: allowed(MAY_PASS, identityHeaders),
      302: LOGIN,
      ...REFUSALS,
    },
  })
  return {
    [`${authPath}/verify`]: { get: verify('get_verify'), post: verify('post_verify') },
    '/api/authz/forward-auth': {
      get: {
        ...COMMON,
        operationId: 'get_authz_forward_auth',
        summary: 'The same, as Authelia answers Traefik and Caddy',
        parameters: [...FORWARDED, CLIENT],
        responses: { 200: allowed(MAY_PASS, identityHeaders), 302: LOGIN, ...REFUSALS },
      },
    },
    '/api/authz/auth-request': {
      get: {
        ...COMMON,
        operationId: 'get_authz_auth_request',
        summary: 'The same, as Authelia answers nginx',
        parameters: [...ORIGINAL, CLIENT],
        responses: { 200: allowed(MAY_PASS, identityHeaders), ...REFUSALS },
      },
    },
    '/api/authz/ext-authz/{path}': {
      get: {
        ...COMMON,
        operationId: 'get_authz_ext_authz',
        summary: 'The same, as Authelia answers Envoy, by any method',
        parameters: [
          {
            name: 'path',
            in: 'path',
            required: true,
            description:
              'Path and query of the request that is asked about. Its method and its Host are those of this one.',
            schema: { type: 'string' },
          },
          header('X-Forwarded-Proto', 'Its scheme.', true),
          CLIENT,
        ],
        responses: { 200: allowed(MAY_PASS, identityHeaders), 302: LOGIN, ...REFUSALS },
      },
    },
    '/oauth2/auth': {
      get: {
        ...COMMON,
        operationId: 'get_oauth2_auth',
        summary: 'The same, as oauth2-proxy answers',
        parameters: [...ORIGINAL, ...FORWARDED, CLIENT],
        responses: { 202: allowed(MAY_PASS, OAUTH2_HEADERS), ...REFUSALS },
      },
    },
  }
}

const COMMON = {
  tags: ['forward-auth'],
  description:
    'Only the proxies of the setting trusted_proxies get a decision. They pass on Cookie, Authorization, Accept, ' +
    'Origin, Sec-Fetch-Mode and Sec-WebSocket-Key of the request that they ask about, and state that request with ' +
    'X-Original-* or with X-Forwarded-*: once, whole, and without contradiction.',
  security: [{}, { cookie: [] }, { bearer: [] }, { basic: [] }],
}

const MAY_PASS =
  'It may pass. The proxy sets each of these fields, blank ones too, in place of those that the client sent.'
const IDENTITY = { description: 'Blank where there is nothing to say.', schema: { type: 'string' } }
const OAUTH2_HEADERS = [
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Auth-Request-Groups',
  'X-Auth-Request-Preferred-Username',
]

const LOGIN = {
  description: 'A person has to log in, or to show a second factor. 303 where the request is no GET or HEAD.',
  headers: { Location: { schema: { type: 'string' } } },
}

/** What proxies that follow no redirect get instead is 401 with a Location. */
const REFUSALS = {
  401: {
    description: 'A login or a second factor is due.',
    headers: {
      'WWW-Authenticate': { schema: { type: 'string' } },
      Location: { description: 'Where, for proxies that follow no redirect.', schema: { type: 'string' } },
    },
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  },
  default: { $ref: '#/components/responses/Problem' },
}

function header(name: string, description: string, required = false): Json {
  return { name, in: 'header', required, description, schema: { type: 'string' } }
}

const COOKIES = {
  name: 'cookies',
  in: 'query',
  required: false,
  description:
    'app: the answer has a field Cookie besides, with the cookies of the app alone, to be set in place of what the client ' +
    'sent by a proxy that cannot take one cookie out.',
  schema: { enum: ['app'] },
}
const ORIGINAL = [
  header('X-Original-URL', 'The whole address: scheme, host, path and query.'),
  header('X-Original-Method', 'Its method.'),
]
const FORWARDED = [
  header('X-Forwarded-Method', 'The method.'),
  header('X-Forwarded-Proto', 'The scheme.'),
  header('X-Forwarded-Host', 'The host.'),
  header('X-Forwarded-Uri', 'Path and query.'),
]
const CLIENT = header('X-Forwarded-For', 'Ends with the address of the client.')
