import { canonicalHost } from '../../../access/host.js'
import { sourceText } from '../../../documents/source-text.js'
import {
  type ImportedApp,
  type ImportOptions,
  type ImportResult,
  type NoteTaker,
  notesOn,
  unread,
} from '../imported.js'
import { judgeAsNginx, leadsToApp, type Server } from './choose-location.js'
import { rulesOfLocations } from './location-order.js'
import {
  isOfParameters,
  type Location,
  OPEN,
  type Protection,
  protectionOf,
  readLocation,
} from './locations.js'
import { type Directive, readNginx } from './nginx-syntax.js'

const TOP = { line: 1, column: 1 }

/** Reads servers and locations of nginx: a whole configuration, or a snippet of one. */
export function importNginx(file: string, text: string, options: ImportOptions): ImportResult {
  const source = sourceText(file, text)
  const read = readNginx(source)
  if (!read.ok) return unread(read.problem)
  const notes = notesOn(source)
  const servers = serversOf(read.directives, options, notes)
  const found = distinct(servers.flatMap(server => appsOf(server, options, notes)))
  const first = found[0]
  if (first === undefined) {
    const cure =
      'give the server block with server_name and proxy_pass; a snippet without one needs --public-url'
    const problem = source.problem('error', TOP, 'there is no server with a name and locations', cure)
    return unread(problem)
  }
  const publicUrl = options.publicUrl ?? `https://${first.host.replace(/^\*\./, 'auth.')}`
  const { apps, cookieDomain } = withinOneDomain(publicUrl, found, notes)
  if (apps.some(app => app.rules.some(rule => rule.level === 'two_factors')))
    notes.told(
      TOP,
      'the service behind auth_request is not carried over: people log in to the gateway, with a second factor',
      'write users.yaml with "gatehouse users add"; where one factor should do, write bypassed and a reason',
    )
  if (apps.length === 0) {
    const cure = 'give a --public-url within the domain of the servers'
    const problem = source.problem('error', TOP, 'no server is within the domain of public_url', cure)
    return unread(problem)
  }
  const imported = {
    product: 'nginx',
    settings: { publicUrl, usersFile: 'users.yaml', cookieDomain },
    apps,
    notes: notes.notes,
    decide: judgeAsNginx(servers),
  }
  return { ok: true, imported }
}

/** Every server, wherever it stands; locations alone are one server, whose name is that of --public-url. */
function serversOf(
  directives: readonly Directive[],
  options: ImportOptions,
  notes: NoteTaker,
): readonly Server[] {
  const origins = new Map<string, string>()
  const servers: Server[] = []
  const visit = (block: readonly Directive[], above: Protection): void => {
    const here = protectionOf(block, above, notes)
    for (const one of block) if (one.name === 'upstream') readUpstream(one, origins, notes)
    for (const one of block) {
      if (one.name === 'http') visit(one.block ?? [], here)
      if (one.name === 'server' && one.block !== undefined)
        servers.push(
          readServer(one.block, namesOf(one.block, notes), protectionOf(one.block, here, notes), {
            origins,
            options,
            notes,
          }),
        )
    }
    const host = options.publicUrl === undefined ? undefined : new URL(options.publicUrl).hostname
    if (block.some(({ name }) => name === 'location') && host !== undefined)
      servers.push(readServer(block, [host], here, { origins, options, notes }))
  }
  visit(directives, OPEN)
  return servers
}

function readUpstream(
  { args, block = [], place }: Directive,
  origins: Map<string, string>,
  notes: NoteTaker,
): void {
  const servers = block.filter(({ name }) => name === 'server').map(one => one.args[0] ?? '')
  const [first] = servers
  if (first === undefined || args[0] === undefined) return
  if (servers.length > 1)
    notes.lost(
      place,
      `of the servers of upstream ${args[0]} only ${first} is carried over`,
      'put something that balances in front of them',
    )
  origins.set(args[0], first)
}

function namesOf(block: readonly Directive[], notes: NoteTaker): readonly string[] {
  const names = block.filter(({ name }) => name === 'server_name')
  return names.flatMap(({ args, place }) =>
    args.flatMap(written => {
      const pattern = written.replace(/^\./, '*.').toLowerCase()
      const host = canonicalHost(pattern.replace(/^\*\./, ''))
      const isWide = pattern.startsWith('*.') && host?.includes('.') !== true
      if (host === undefined || pattern === '_' || isWide || written.startsWith('~')) {
        notes.lost(
          place,
          `the server_name ${written} names no host that an app could have`,
          'write an app for each host',
        )
        return []
      }
      if (!pattern.startsWith('*.')) return [host]
      notes.lost(
        place,
        `${written} was for any number of labels in front, and *.${host} is for exactly one`,
        'write an app for each host with more',
      )
      return written.startsWith('.') ? [host, `*.${host}`] : [`*.${host}`]
    }),
  )
}

interface ServerContext {
  readonly origins: ReadonlyMap<string, string>
  readonly options: ImportOptions
  readonly notes: NoteTaker
}

function readServer(
  block: readonly Directive[],
  hosts: readonly string[],
  protection: Protection,
  { origins, options, notes }: ServerContext,
): Server {
  const odd = block.find(({ name, args }) => isOdd(name, args))
  const doubt =
    odd === undefined ? undefined : `"${odd.name}" on line ${odd.place.line} cannot be carried over`
  const locations = block
    .filter(({ name }) => name === 'location')
    .flatMap(one => readLocation(one, protection, origins, notes) ?? [])
    .map((one): Location => ({ ...one, doubt: one.doubt ?? doubt }))
  const targets = locations.flatMap(({ target }) => (typeof target === 'object' ? [target.origin] : []))
  const given = hosts.map(host => options.upstreams.get(host)).find(one => one !== undefined)
  const main = locations.find(({ text, modifier }) => text === '/' && modifier !== '=')?.target
  const origin = given ?? (typeof main === 'object' ? main.origin : mostFrequent(targets))
  return { hosts, locations, origin }
}

function isOdd(name: string, args: readonly string[]): boolean {
  return name === 'if' || name === 'rewrite' || (name === 'include' && !isOfParameters(args[0] ?? ''))
}

function mostFrequent(list: readonly string[]): string | undefined {
  const count = (one: string): number => list.filter(other => other === one).length
  return [...list].sort((a, b) => count(b) - count(a))[0]
}

function appsOf(
  { hosts, locations, origin }: Server,
  options: ImportOptions,
  notes: NoteTaker,
): readonly ImportedApp[] {
  if (locations.length === 0) return []
  for (const location of locations) noteLocation(location, origin, notes)
  const rules = rulesOfLocations(locations, origin, options.loose)
  // Where no location is, nginx serves files of its own.
  return hosts.map(host => ({
    host,
    upstream: options.upstreams.get(host) ?? origin,
    rules,
    fallback: 'closed' as const,
  }))
}

/** nginx takes the first server of a name. */
function distinct(apps: readonly ImportedApp[]): readonly ImportedApp[] {
  return apps.filter((app, index) => apps.findIndex(({ host }) => host === app.host) === index)
}

function noteLocation(location: Location, origin: string | undefined, notes: NoteTaker): void {
  const { place, text, target, doubt } = location
  if (doubt !== undefined)
    notes.lost(
      place,
      `location ${text}: ${doubt}: where it asked for no login, one is asked for`,
      'write routes for it yourself',
    )
  if (leadsToApp(location, origin)) return
  if (target === 'internal') notes.told(place, `location ${text} is internal: nobody reaches it`, 'nothing')
  else
    notes.lost(
      place,
      `location ${text} does not lead to ${origin ?? 'an app'} as it is: its paths are denied`,
      'leave such paths to nginx, or make an app with a host of its own of them',
    )
}

/** The domain that public_url and the apps share, if their hosts differ, and the apps within it. */
function withinOneDomain(
  publicUrl: string,
  apps: readonly ImportedApp[],
  notes: NoteTaker,
): { readonly cookieDomain: string | undefined; readonly apps: readonly ImportedApp[] } {
  const host = new URL(publicUrl).hostname
  if (apps.every(app => app.host === host)) return { cookieDomain: undefined, apps }
  const labels = host.split('.')
  const within = (domain: string): readonly ImportedApp[] =>
    apps.filter(app => `.${app.host}`.endsWith(`.${domain}`))
  const domains = labels.map((_, index) => labels.slice(index).join('.')).filter(one => one.includes('.'))
  const domain = domains.reduce((best, one) => (within(one).length > within(best).length ? one : best), host)
  const kept = within(domain)
  for (const { host: lost } of apps.filter(app => !kept.includes(app)))
    notes.lost(
      TOP,
      `${lost} shares no domain with ${host}: no cookie is for both`,
      'import it by itself, with --public-url',
    )
  return { cookieDomain: kept.every(app => app.host === host) ? undefined : domain, apps: kept }
}
