import { canonicalHost } from '../../../access/host.js'
import { readYaml } from '../../../config/read-yaml.js'
import type { LineColumn } from '../../../documents/source-text.js'
import { type SourceText, sourceText } from '../../../documents/source-text.js'
import { readRange } from '../address-range.js'
import {
  type ImportedSettings,
  type ImportOptions,
  type ImportResult,
  type NoteTaker,
  notesOn,
  unread,
} from '../imported.js'
import { noteOptions } from './option-notes.js'
import {
  type ProxyOption,
  type ProxyUpstream,
  readAlpha,
  readCfg,
  readFlags,
  upstreamOf,
  wordsOf,
} from './proxy-options.js'
import { judgeAsProxy, leads, type ProxyRules, rulesOfProxy, type SkipRoute } from './skip-rules.js'

const TOP: LineColumn = { line: 1, column: 1 }

/**
 * Reads what oauth2-proxy was started with: a .cfg, the upstreams of an alpha configuration, or a file of flags.
 * @param flags given on the command line besides; they have no place
 */
export function importOauth2Proxy(
  file: string,
  text: string,
  flags: readonly string[],
  importOptions: ImportOptions,
): ImportResult {
  const source = sourceText(file, text)
  const notes = notesOn(source)
  const given = readFlags(flags.map(one => ({ text: one, place: TOP })))
  const yaml = readYaml(file, text)
  if (!yaml.ok && /^upstreamConfig:/m.test(text)) return unread(...yaml.problems)
  const alpha = yaml.ok ? readAlpha(yaml.document) : undefined
  const read = alpha === undefined ? readText(source) : { options: [], unknown: [] }
  const options = [...read.options, ...given.options]
  // The second one may be a secret, which notes would tell, or a restriction, without which more would be open.
  const glued = options.find(({ value }) => /--[a-z][a-z0-9-]+=/.test(value))
  if (glued !== undefined)
    return unread(
      source.problem('error', glued.place, 'two flags stand together here', 'put a space between them'),
    )
  for (const place of [...read.unknown, ...given.unknown])
    notes.lost(place, 'this is no option of oauth2-proxy', 'see whether it matters')
  const fail = (message: string, cure: string): ImportResult =>
    unread(source.problem('error', TOP, message, cure))
  if (options.length === 0 && alpha === undefined)
    return fail(
      'there are no options of oauth2-proxy',
      'give its .cfg, its alpha configuration, or its flags behind "--"',
    )
  const values = (name: string): readonly ProxyOption[] => options.filter(one => one.name === name)
  const redirect = values('redirect-url').at(-1)?.value
  const address = importOptions.publicUrl ?? redirect
  const host =
    address !== undefined && URL.canParse(address) ? canonicalHost(new URL(address).host) : undefined
  if (address === undefined || host === undefined)
    return fail('it is not said where people reach it', 'give --public-url https://…')
  const publicUrl = new URL(address).origin

  const upstreams = [...(alpha ?? []), ...values('upstream').flatMap(upstreamOf)]
  const origin = importOptions.upstreams.get(host) ?? originOf(upstreams)
  const hearsPaths = isOn(values('reverse-proxy'))
  const isAskedAbout = origin === undefined && isOnlyAsked(upstreams, hearsPaths)
  const rules = isAskedAbout
    ? readRules(hearsPaths ? values : withoutPaths(values, notes), EVERYWHERE, ASKED, notes)
    : readRules(values, upstreams, origin, notes)
  noteUpstreams(rules, notes)
  noteOptions(options, notes)
  if (isAskedAbout) noteAsked(host, notes)
  else if (origin === undefined)
    notes.lost(TOP, 'it is not said where the app listens', `give --upstream ${host}=http://…`)
  const app = {
    host,
    upstream: origin,
    isAskedAbout,
    rules: rulesOfProxy(rules, importOptions.loose),
    fallback: 'closed' as const,
  }
  const settings = readSettings(values, publicUrl, host, notes)
  const imported = {
    product: 'oauth2-proxy',
    settings,
    apps: [app],
    notes: notes.notes,
    decide: judgeAsProxy(rules),
  }
  return { ok: true, imported }
}

function readText(source: SourceText): ReturnType<typeof readCfg> {
  const isCfg =
    /^[ \t]*[a-z][a-z0-9_]*[ \t]*=/m.test(source.text) && !/^[\s\S]{0,200}?(?:^|\s)--[a-z]/.test(source.text)
  return isCfg ? readCfg(source) : readFlags(wordsOf(source))
}

/** Stands for the app where only the proxy that asks knows where it is. */
const ASKED = 'asked'
const EVERYWHERE: readonly ProxyUpstream[] = [{ place: TOP, path: '/', origin: ASKED, rewrites: false }]

/** Whether it was there for the questions of another proxy alone, and forwarded nothing. */
function isOnlyAsked(upstreams: readonly ProxyUpstream[], hearsPaths: boolean): boolean {
  return upstreams.length === 0
    ? hearsPaths
    : upstreams.every(({ path, isStatic }) => path === '/' && isStatic === true)
}

/** Without reverse_proxy no question told it a path: a route without a login was never one of the apps. */
function withoutPaths(
  values: (name: string) => readonly ProxyOption[],
  notes: NoteTaker,
): (name: string) => readonly ProxyOption[] {
  const isPath = (name: string): boolean => name === 'skip-auth-route' || name === 'skip-auth-regex'
  for (const { place } of ['skip-auth-route', 'skip-auth-regex'].flatMap(values))
    notes.lost(
      place,
      'without reverse_proxy this route opened nothing where another proxy asked, and opens nothing here',
      'write a public route if it is to be open',
    )
  return name => (isPath(name) ? [] : values(name))
}

function noteAsked(host: string, notes: NoteTaker): void {
  notes.told(
    TOP,
    'your proxy goes on forwarding, and asks the gateway in place of oauth2-proxy: forward_auth is written',
    'write into trusted_proxies from where it asks; at /oauth2/auth it has to add X-Original-URL and X-Original-Method. ' +
      `To let the gateway forward: --upstream ${host}=http://…`,
  )
  notes.lost(
    TOP,
    `only your proxy knows for which hosts it asks: the routes are written for ${host}`,
    'copy the app for each other host',
  )
}

/** The upstream of everything, or else the first. */
function originOf(upstreams: readonly ProxyUpstream[]): string | undefined {
  const usable = upstreams.filter(one => one.origin !== undefined && !one.rewrites)
  return (usable.find(one => one.path === '/') ?? usable[0])?.origin
}

function readRules(
  values: (name: string) => readonly ProxyOption[],
  upstreams: readonly ProxyUpstream[],
  origin: string | undefined,
  notes: NoteTaker,
): ProxyRules {
  const skips = [
    ...values('skip-auth-route').flatMap(one => readSkip(one, notes)),
    ...values('skip-auth-regex').map(({ value, place }): SkipRoute => ({
      place,
      method: undefined,
      regex: value,
      negated: false,
    })),
  ]
  for (const { place } of skips.filter(skip => skip.negated).slice(0, -1))
    notes.lost(
      place,
      'of the routes with "!=" only the last is carried over',
      'write public routes for what this one opened',
    )
  const trusted = values('trusted-ip').flatMap(({ value, place }) =>
    value.split(',').flatMap(text => {
      const range = readRange(text)
      if (range === undefined)
        notes.lost(place, 'this is no address or network', 'write the network into the routes yourself')
      return range ?? []
    }),
  )
  return {
    upstreams: upstreams.length > 0 ? upstreams : [{ place: TOP, path: '/', origin, rewrites: false }],
    origin,
    skips,
    trusted,
    trustedPlace: values('trusted-ip')[0]?.place ?? TOP,
    skipsPreflight: isOn(values('skip-auth-preflight')),
    groups: [...values('allowed-group'), ...values('allowed-role')].flatMap(({ value }) => value.split(',')),
  }
}

function isOn(options: readonly ProxyOption[]): boolean {
  return options.at(-1)?.value === 'true'
}

/** `METHOD=regex`, `METHOD!=regex`, `!=regex` or a regex alone. */
function readSkip({ value, place }: ProxyOption, notes: NoteTaker): readonly SkipRoute[] {
  const [, method = '', sign = '', rest = ''] = /^([A-Za-z]*)(!?=)([^]*)$/.exec(value) ?? []
  const regex = sign === '' ? value : rest
  const upper = method.toUpperCase()
  if (upper === 'HEAD')
    notes.lost(
      place,
      'this route is for HEAD alone, which is decided as GET here',
      'write a route for GET if it may be open too',
    )
  if (upper === 'GET')
    notes.told(
      place,
      'this route is for GET and not for HEAD: HEAD is decided as GET here',
      'nothing; HEAD shows nothing that GET does not show',
    )
  if (upper === 'HEAD' || upper === 'CONNECT' || upper === 'TRACE') return []
  return [{ place, method: upper === '' ? undefined : upper, regex, negated: sign === '!=' }]
}

function noteUpstreams({ upstreams, origin }: ProxyRules, notes: NoteTaker): void {
  for (const upstream of upstreams) {
    if (leads(upstream, origin)) continue
    const why = upstream.rewrites ? 'changes the path' : 'leads elsewhere'
    notes.lost(
      upstream.place,
      `the upstream of ${upstream.path} ${why}: its paths are denied`,
      'make an app with a host of its own of it, or let something behind the gateway do it',
    )
  }
}

function readSettings(
  values: (name: string) => readonly ProxyOption[],
  publicUrl: string,
  host: string,
  notes: NoteTaker,
): ImportedSettings {
  const domains = values('cookie-domain').flatMap(({ value, place }) =>
    value.split(',').map(text => ({ domain: text.replace(/^\./, '').toLowerCase(), place })),
  )
  const within = domains.filter(({ domain }) => domain.includes('.') && `.${host}`.endsWith(`.${domain}`))
  for (const { place } of domains.filter(one => !within.includes(one)))
    notes.lost(place, 'this cookie domain does not hold the host of public_url', 'run another gateway for it')
  const address = values('http-address')
    .at(-1)
    ?.value.replace(/^https?:\/\//, '')
  const listen =
    address !== undefined && /^(?:[0-9.]+|\[[0-9a-f:]+\]):[0-9]{1,5}$/i.test(address) ? address : undefined
  const wantsRequest = isOn(values('set-xauthrequest'))
  return {
    publicUrl,
    listen,
    usersFile: 'users.yaml',
    // One host needs no domain: then the cookie stays there.
    cookieDomain: within[0]?.domain === host ? undefined : within[0]?.domain,
    headers: wantsRequest ? 'x-auth-request' : 'x-forwarded',
  }
}
