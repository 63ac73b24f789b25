import Type from 'typebox'
import { isIP } from 'node:net'
import { canonicalHost } from '../../access/host.js'
import type { AppConfig } from '../gateway-config.js'
import { quote } from '../../documents/problem.js'
import type { PlacedRoute } from '../reachability.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { block, choice, isBlock, list, soundSettings, text } from '../settings.js'
import { changesSchema, readAppChanges } from './app-changes.js'
import { comparableHeader, FRAMING_HEADERS, headerName } from './headers.js'
import { readOrigin } from './origin.js'
import { readRoute, routeSchema } from './route.js'
import type { OwnAddresses } from './upstream-addresses.js'
import { readUpstream, upstreamSchema } from './upstream.js'

/** What the single-app form says at the top of the file, and the other form inside each app. */
const appProperties = {
  upstream: Type.Optional(upstreamSchema),
  routes: Type.Optional(
    Type.Array(routeSchema, {
      description:
        'The first route that a request fits decides. What no route names is required: login and second factor.',
      minItems: 1,
    }),
  ),
  forward_auth: Type.Optional(
    Type.Boolean({
      description:
        'true: another proxy forwards the requests of this app and asks the gateway about each one. What no route ' +
        'names is then required, with and without "upstream".',
      default: false,
    }),
  ),
  preflight: Type.Optional(
    choice(
      {
        description:
          'CORS preflights: OPTIONS with Origin and Access-Control-Request-Method, which carry no cookie.',
      },
      ['pass'],
      ['genuine preflights go to the app without login and without identity'],
    ),
  ),
  allow_in_path: Type.Optional(
    list(
      {
        description:
          'What is refused in a path because apps read it in different ways, and this app needs nevertheless.',
        examples: [['encoded_slash']],
      },
      choice(
        { description: 'One thing to let through.' },
        [
          'empty_segment',
          'encoded_slash',
          'encoded_backslash',
          'semicolon',
          'double_encoding',
          'unicode_lookalike',
        ],
        ['//', '%2F', '%5C', ';', '%25 followed by two digits', 'characters that look like "/", "\\" or ";"'],
      ),
    ),
  ),
  strip_headers: Type.Optional(
    list(
      { description: 'Further request headers that never reach the app.', examples: [['X-Internal-Debug']] },
      headerName({ description: 'A header name.' }),
    ),
  ),
  ...changesSchema,
  websocket_origins: Type.Optional(
    list(
      {
        description: "Sites whose pages may open WebSockets to this app. The app's own always may.",
        examples: [['https://board.example.com']],
      },
      text({ description: 'Scheme, host and port.' }),
    ),
  ),
}

/** The keys that an app has in either form. */
export const appKeys = appProperties

export const appSchema = block('One app behind the gateway.', {
  name: text(
    {
      description: 'A short name: for messages, and the audience of the assertion.',
      examples: ['wiki'],
    },
    '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
    'write letters, digits, dots and hyphens, such as wiki',
  ),
  host: text({
    description:
      'The host name that requests for this app carry. *.example.com is for exactly one label in front.',
    examples: ['wiki.example.com'],
  }),
  ...appProperties,
})

/** An app as the file has it, compiled as far as it is sound. */
export interface ReadApp {
  readonly path: Path
  readonly name: string
  /** Undefined when it is wrong. */
  readonly host: string | undefined
  /** The routes that could be compiled, each with where it stands. */
  readonly routes: readonly PlacedRoute[]
  readonly config: AppConfig
}

/**
 * Reads one app.
 * @param fallback name and host for the single-app form, whose file does not say them
 */
export function readApp(
  reading: Reading,
  path: Path,
  raw: unknown,
  own: OwnAddresses,
  fallback?: { readonly name: string; readonly host: string | undefined },
): ReadApp {
  const written = soundSettings(appSchema, raw)
  const parts = isBlock(raw) ? raw : {}
  const name = fallback?.name ?? written.name ?? 'app'
  const host = fallback === undefined ? readHost(reading, [...path, 'host'], written.host) : fallback.host
  const forwardAuth = written.forward_auth === true
  if (parts.upstream === undefined && parts.routes === undefined && !forwardAuth) {
    const cure =
      'add "upstream: http://…", the address on which the app listens, or "forward_auth: true" where another proxy forwards'
    reading.findings.error(path, `the app "${name}" has neither "upstream" nor "routes"`, cure)
  }
  const rawRoutes: readonly unknown[] = Array.isArray(parts.routes) ? parts.routes : []
  const routes = rawRoutes.flatMap((rawRoute, index) => {
    const at = [...path, 'routes', index]
    const route = readRoute(reading, at, name, rawRoute)
    return route === undefined ? [] : [{ route, path: at }]
  })
  return {
    path,
    name,
    host,
    routes,
    config: {
      policy: {
        name,
        host: host ?? '',
        routes: routes.map(({ route }) => route),
        hasUpstream: parts.upstream !== undefined || forwardAuth,
        ...(forwardAuth ? { forwardAuth } : {}),
        preflight: written.preflight === 'pass',
      },
      upstream: readUpstream(reading, [...path, 'upstream'], parts.upstream, own),
      changes: readAppChanges(reading, path, parts),
      allowInPath: written.allow_in_path ?? [],
      stripHeaders: readStripHeaders(reading, [...path, 'strip_headers'], written.strip_headers ?? []),
      websocketOrigins: readOrigins(reading, [...path, 'websocket_origins'], written.websocket_origins ?? []),
    },
  }
}

/** A canonical host, or `*.` and one. */
function readHost(reading: Reading, path: Path, written: string | undefined): string | undefined {
  if (written === undefined) return undefined
  const report = (message: string, cure: string): void => {
    reading.findings.error(path, message, cure)
  }
  const isWildcard = written.startsWith('*.')
  const host = canonicalHost(isWildcard ? written.slice(2) : written)
  const cure = 'write the host name alone, such as wiki.example.com'
  if (written.includes('://')) report(`${quote(written)} is a URL, and this is about a host`, cure)
  else if (written.includes('*', isWildcard ? 1 : 0)) {
    report(
      `${quote(written)}: "*" stands only for the whole first label`,
      'write *.example.com, or one app for each host',
    )
  } else if (host === undefined) report(`${quote(written)} is not a host name`, cure)
  else if (/[^\]:]:\d+$|\]:\d+$/.test(written))
    report(`${quote(written)} has a port, which takes no part`, cure)
  else if (isWildcard && (isIP(host) !== 0 || (!host.includes('.') && host !== 'localhost'))) {
    report(`${quote(written)} is far too wide`, 'write the domain that is yours, as in *.example.com')
  } else return isWildcard ? `*.${host}` : host
  return undefined
}

function readStripHeaders(reading: Reading, path: Path, written: readonly string[]): readonly string[] {
  for (const [index, name] of written.entries()) {
    if (!FRAMING_HEADERS.has(comparableHeader(name))) continue
    const message = `no message can do without ${quote(name)}, or the gateway handles it itself`
    reading.findings.error([...path, index], message, 'leave it out')
  }
  return written
}

function readOrigins(reading: Reading, path: Path, written: readonly string[]): readonly string[] {
  const origins: string[] = []
  for (const [index, one] of written.entries()) {
    const read = readOrigin(one)
    if (read.ok) origins.push(read.url.origin)
    else {
      const cure = 'write scheme and host of each site, such as https://board.example.com'
      reading.findings.error([...path, index], `the origin ${quote(one)} ${read.fault}`, cure)
    }
  }
  return origins
}
