import type { Level } from './carried-rule.js'
import type { CarriedRoute } from './first-match.js'
import { writeRange } from './address-range.js'
import type { ImportedApp, ImportedSettings } from './imported.js'
import { type PathSet, writePath } from './path-set.js'
import { yamlComment, yamlText, type YamlValue } from './yaml-text.js'

/** An app with the routes that its rules became. */
export interface WrittenApp {
  readonly app: ImportedApp
  readonly name: string
  readonly routes: readonly CarriedRoute[]
}

const ACCESS: Readonly<Record<Level, string>> = {
  open: 'public',
  login: 'bypassed',
  two_factors: 'required',
  closed: 'denied',
}

/** Where the gateway's own pages are. */
const AUTH_PATH = '/auth'

/** What stands for an app of which the source does not say where it listens. Never resolves (RFC 6761). */
const NOWHERE = 'http://write-the-upstream.invalid'

/** Writes gateway.yaml. */
export function gatewayText(
  product: string,
  file: string,
  settings: ImportedSettings,
  apps: readonly WrittenApp[],
): string {
  const { publicUrl, usersFile, cookieDomain, idle, absolute, issuer, headers } = settings
  const session = { domain: cookieDomain, idle, absolute }
  const line = (key: string, value: YamlValue): string => `${key}: ${yamlText(value)}`
  const lines = [
    yamlComment(`Imported from ${product} (${file}) by "gatehouse import".`),
    '# "gatehouse check" says whether this file is sound, and "gatehouse test" whether it still decides alike.',
    '',
    line('public_url', publicUrl),
    '',
    '# What the gateway listens on. In front of it stands the proxy that speaks https, on this machine.',
    line('listen', settings.listen ?? listenBeside(apps)),
    ...(publicUrl.startsWith('https:') || apps.some(isAskedAbout) ? ['trusted_proxies: [127.0.0.1]'] : []),
    '',
    line('users', { file: usersFile }),
    ...(Object.values(session).some(value => value !== undefined) ? [line('session', session)] : []),
    ...(issuer === undefined ? [] : [line('mfa', { issuer })]),
    ...(headers === undefined ? [] : [line('headers', headers)]),
    '',
    '# What no route names asks for login and second factor. The first route that a request fits decides.',
    'apps:',
    ...apps.flatMap(app => appLines(product, app)),
  ]
  return `${lines.join('\n')}\n`
}

function appLines(product: string, { app, name, routes }: WrittenApp): readonly string[] {
  return [
    `  - name: ${yamlText(name)}`,
    `    host: ${yamlText(app.host)}`,
    ...placeLines(app),
    ...(routes.length === 0 ? [] : ['    routes:']),
    ...routes.flatMap(route => routeLines(product, route)),
  ]
}

function isAskedAbout({ app }: Pick<WrittenApp, 'app'>): boolean {
  return app.upstream === undefined && app.isAskedAbout === true
}

/** Where the app is, or that another proxy knows it. */
function placeLines(app: ImportedApp): readonly string[] {
  if (isAskedAbout({ app }))
    return ['    # Another proxy forwards, and asks the gateway.', '    forward_auth: true']
  return [
    ...(app.upstream === undefined ? ['    # Write where this app listens.'] : []),
    `    upstream: ${yamlText(app.upstream ?? NOWHERE)}`,
  ]
}

function routeLines(product: string, route: CarriedRoute): readonly string[] {
  const { rule, set, methods, networks, level, users, groups } = route
  const origin = rule === undefined ? 'where no rule was' : `line ${rule.place.line}: ${rule.name}`
  const reason = `imported from ${product}: ${rule?.name ?? 'the default'} asked for one factor`
  const keys: Readonly<Record<string, YamlValue | undefined>> = {
    ...writePath(set),
    methods: methods && distinct(methods),
    networks: networks && distinct(networks.flatMap(writeRange)),
    access: ACCESS[level],
    users,
    groups,
    reason: level === 'login' ? reason : undefined,
  }
  const entries = Object.entries(keys).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${yamlText(value)}`],
  )
  return [
    `      ${yamlComment(origin)}`,
    ...entries.map((entry, index) => `      ${index === 0 ? '-' : ' '} ${entry}`),
  ]
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}

/** An address to listen on that is no app's. */
function listenBeside(apps: readonly WrittenApp[]): string {
  const taken = apps.map(({ app }) => new URL(app.upstream ?? NOWHERE).port)
  const port = [8080, 8081, 8082, 8083].find(one => !taken.includes(String(one))) ?? 8084
  return `127.0.0.1:${port}`
}

/** Whether the gateway's own pages hide all these paths on the host of `public_url`. */
export function isOfGateway(set: PathSet): boolean {
  const below = `${AUTH_PATH}/`
  if (set.kind === 'exact' || set.kind === 'tree') return set.path === AUTH_PATH || set.path.startsWith(below)
  return set.kind === 'prefix' && set.prefix.startsWith(below)
}
