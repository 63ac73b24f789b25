import { canonicalHost } from '../../../access/host.js'
import { readYaml, type YamlDocument } from '../../../config/read-yaml.js'
import {
  type ImportedApp,
  type ImportedSettings,
  type ImportOptions,
  type ImportResult,
  type NoteTaker,
  notesOn,
  unread,
} from '../imported.js'
import { type AccessControl, type AutheliaRule, readAccessControl } from './access-rules.js'
import { asBlock } from '../yaml-block.js'
import { LEVELS, noteRule, rulesFor } from './carried-rules.js'
import { judgeAsAuthelia } from './judge-as-authelia.js'
import { noteSettings } from './settings-notes.js'

const TOP = { line: 1, column: 1 }

/** Reads Authelia's configuration.yml. */
export function importAuthelia(file: string, text: string, options: ImportOptions): ImportResult {
  const yaml = readYaml(file, text)
  if (!yaml.ok) return unread(...yaml.problems)
  const { document } = yaml
  if (document.problems.length > 0) return unread(...document.problems)
  const top = asBlock(document.value)
  if (!Object.hasOwn(top, 'access_control')) {
    const cure = 'give the configuration.yml that has the rules of Authelia'
    const problem = document.source.problem('error', TOP, 'there is no "access_control" in this file', cure)
    return unread(problem)
  }
  const notes = notesOn(document.source)
  const control = readAccessControl(document, top.access_control, notes)
  const settings = readSettings(document, top, options, notes)
  noteSettings(document, Object.keys(top), notes)
  for (const rule of control.rules) noteRule(rule, notes)
  const apps = readApps(document, control, settings, options, notes)
  if (apps.length === 0) {
    const cure = 'write rules for the hosts of your apps first, or write gateway.yaml with "gatehouse init"'
    const problem = document.source.problem('error', TOP, 'no rule names the host of an app', cure)
    return unread(problem)
  }
  const imported = {
    product: 'Authelia',
    settings,
    apps,
    notes: notes.notes,
    decide: judgeAsAuthelia(control),
  }
  return { ok: true, imported }
}

function readSettings(
  document: YamlDocument,
  top: Readonly<Record<string, unknown>>,
  options: ImportOptions,
  notes: NoteTaker,
): ImportedSettings {
  const session = asBlock(top.session)
  const cookies = Array.isArray(session.cookies) ? (session.cookies as readonly unknown[]) : []
  const cookie = asBlock(cookies[0])
  const domain = textOf(cookie.domain ?? session.domain)
  if (cookies.length > 1)
    notes.lost(
      document.placeOf(['session', 'cookies', 1], 'value'),
      'only the first cookie domain is carried over: one gateway serves one domain',
      'run another gateway for each of the others',
    )
  const written = options.publicUrl ?? textOf(cookie.authelia_url)
  const publicUrl = originOf(written) ?? `https://auth.${domain ?? 'example.com'}`
  if (originOf(written) === undefined)
    notes.lost(
      document.placeOf(['session'], 'key'),
      `the file does not say where people log in: ${publicUrl} is taken`,
      'give --public-url, or correct public_url',
    )
  return {
    publicUrl,
    usersFile: readUsersFile(document, asBlock(top.authentication_backend), notes),
    cookieDomain: domain?.replace(/^\./, '').toLowerCase(),
    ...readTimes(document, session, cookie, notes),
    issuer: readIssuer(document, asBlock(top.totp), notes),
  }
}

function readUsersFile(
  document: YamlDocument,
  backend: Readonly<Record<string, unknown>>,
  notes: NoteTaker,
): string {
  const path = textOf(asBlock(backend.file).path)
  const place = document.placeOf(['authentication_backend'], 'key')
  if (path === undefined) {
    notes.lost(place, 'there is no file with the users', 'write users.yaml with "gatehouse users add"')
    return 'users.yaml'
  }
  notes.told(
    place,
    `the users file ${path} is taken as it is`,
    'keep it beside gateway.yaml, or write where it is; "gatehouse check" reads it',
  )
  return path
}

function readTimes(
  document: YamlDocument,
  session: Readonly<Record<string, unknown>>,
  cookie: Readonly<Record<string, unknown>>,
  notes: NoteTaker,
): Pick<ImportedSettings, 'idle' | 'absolute'> {
  const place = document.placeOf(['session'], 'key')
  const idle = durationOf(cookie.inactivity ?? session.inactivity)
  const absolute = durationOf(cookie.expiration ?? session.expiration)
  const isSound = idle === undefined || absolute === undefined || secondsOf(idle) <= secondsOf(absolute)
  for (const key of ['inactivity', 'expiration'] as const) {
    const value = cookie[key] ?? session[key]
    if (value !== undefined && (durationOf(value) === undefined || !isSound))
      notes.lost(place, `session.${key} is not carried over`, 'write session: { idle: …, absolute: … }')
  }
  if ((cookie.remember_me ?? session.remember_me) !== undefined)
    notes.told(place, 'no login is remembered beyond its session here', 'nothing')
  // Alone, one of them could be on the wrong side of the other's default.
  return isSound && idle !== undefined && absolute !== undefined ? { idle, absolute } : {}
}

function readIssuer(
  document: YamlDocument,
  totp: Readonly<Record<string, unknown>>,
  notes: NoteTaker,
): string | undefined {
  const place = document.placeOf(['totp'], 'key')
  const rest = Object.keys(totp).filter(key => key !== 'issuer')
  if (rest.length > 0)
    notes.told(
      place,
      `totp: ${rest.join(', ')} are not carried over: new authenticators are made with what every app understands`,
      'write mfa: { totp: … } if you need others',
    )
  const issuer = textOf(totp.issuer)
  return issuer !== undefined && /^[^:]*[^:\s][^:]*$/.test(issuer) ? issuer : undefined
}

function readApps(
  document: YamlDocument,
  control: AccessControl,
  settings: ImportedSettings,
  options: ImportOptions,
  notes: NoteTaker,
): readonly ImportedApp[] {
  const publicHost = new URL(settings.publicUrl).hostname
  const hosts = new Set<string>()
  for (const rule of control.rules) {
    if (rule.domainRegexes.length > 0)
      notes.lost(
        rule.place,
        `rule ${rule.number}: a host is written out here, and no regex names it`,
        'write an app for each host that the regex is for; those that other rules name follow this one too',
      )
    for (const host of hostsOf(rule, settings.cookieDomain, notes)) if (host !== publicHost) hosts.add(host)
  }
  if (control.defaultPolicy !== 'deny')
    notes.lost(
      document.placeOf(['access_control', 'default_policy'], 'value'),
      `default_policy ${control.defaultPolicy} is carried over for the hosts that rules name; others are answered 404`,
      'write an app for each other host',
    )
  return [...hosts].map(host => {
    const upstream = options.upstreams.get(host)
    if (upstream === undefined)
      notes.told(
        document.placeOf(['access_control'], 'key'),
        `your proxy goes on forwarding to ${host}, and asks the gateway in place of Authelia: forward_auth is written`,
        `write into trusted_proxies from where it asks, and let it ask at the address of the gateway; the paths ` +
          `/api/authz/… answer as before. To let the gateway forward: --upstream ${host}=http://…`,
      )
    const rules = rulesFor(control.rules, host, options)
    return { host, upstream, isAskedAbout: true, rules, fallback: LEVELS[control.defaultPolicy] }
  })
}

/** The hosts that a rule writes out, as far as one gateway can serve them. */
function hostsOf(rule: AutheliaRule, cookieDomain: string | undefined, notes: NoteTaker): readonly string[] {
  return rule.domains.flatMap(written => {
    const pattern = written.replace(/^\{(?:user|group)\}\./, '*.')
    const host = canonicalHost(pattern.replace(/^\*\./, ''))
    const says = `rule ${rule.number}: ${written}`
    const reach = `.${cookieDomain ?? host ?? ''}`
    if (host === undefined || !`.${host}`.endsWith(reach)) {
      notes.lost(
        rule.place,
        `${says} is no host within the cookie domain`,
        'serve it with a gateway of its own',
      )
      return []
    }
    if (!pattern.startsWith('*.')) return [host]
    if (!host.includes('.')) {
      notes.lost(rule.place, `${says} is far too wide`, 'write an app for each host')
      return []
    }
    notes.lost(
      rule.place,
      `${says} was for any number of labels in front, and *.${host} is for exactly one`,
      'write an app for each host with more; those that rules name are carried over',
    )
    return [`*.${host}`]
  })
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

function originOf(written: string | undefined): string | undefined {
  return written !== undefined && URL.canParse(written) ? new URL(written).origin : undefined
}

const UNITS: readonly (readonly [RegExp, string, number])[] = [
  [/^(?:d|days?)$/, 'd', 86_400],
  [/^(?:h|hours?)$/, 'h', 3600],
  [/^(?:m|minutes?)$/, 'm', 60],
  [/^(?:s|seconds?|)$/, 's', 1],
]

/** A duration such as `1h`, `5 minutes` or a number of seconds, in the form that it has here. */
function durationOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : textOf(value)
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,4}) *([a-z]*)$/.exec(text ?? '') ?? []
  const found = UNITS.find(([words]) => words.test(unit))
  return count === '' || found === undefined ? undefined : `${count}${found[1]}`
}

function secondsOf(duration: string): number {
  return Number(duration.slice(0, -1)) * (UNITS.find(([, unit]) => duration.endsWith(unit))?.[2] ?? 1)
}
