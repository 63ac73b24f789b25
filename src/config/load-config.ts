import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import Value from 'typebox/value'
import { reportStepUps, reportWaysIn, warnOfWeakFactors } from './factor-rules.js'
import { findingsOf } from './findings.js'
import type { GatewayConfig, PublicUrl } from './gateway-config.js'
import { reportCookieReach, reportSharedNames, reportUnheardProxies } from './host-rules.js'
import { unreadableFile, type Problem } from '../documents/problem.js'
import { type FindRights, warnOfExposedFiles } from './lint/exposed-files.js'
import { lintBeside, lintPolicy, type FactsBeside } from './lint/lint-policy.js'
import { reportFallThrough, reportUnreachable } from './reachability.js'
import { readYaml } from './read-yaml.js'
import { beside, type ConfigIo, type Reading } from './reading.js'
import { reportSchemaProblems } from './schema-problems.js'
import { gatewaySchema, logSchema, usersSchema } from './schema.js'
import { reportIdentityRules } from './sections/app-changes.js'
import { appKeys, readApp, type ReadApp } from './sections/app.js'
import { readAccessLog } from './sections/access-log.js'
import { readAudit } from './sections/audit.js'
import { readCases } from './sections/cases.js'
import { milliseconds } from './sections/duration.js'
import { headerNamesSchema, headerPresetSchema, readHeaders } from './sections/headers.js'
import { readLimits } from './sections/limits.js'
import { readListen, readTls, tlsSchema } from './sections/listen.js'
import { readLoginMethods } from './sections/login.js'
import { readMail } from './sections/mail.js'
import { readMetrics } from './sections/metrics.js'
import { readMfa } from './sections/mfa.js'
import { readNetworks } from './sections/networks.js'
import { readPublicUrl } from './sections/public-url.js'
import { readReadiness } from './sections/readiness.js'
import { readSecrets, reportOtherUse } from './sections/secret.js'
import { readSession, sessionSchema } from './sections/session.js'
import { readShadow } from './sections/shadow.js'
import { readSms } from './sections/sms.js'
import { readStore } from './sections/store.js'
import { readTokens, reportSharedAudiences } from './sections/tokens.js'
import { readTracing } from './sections/tracing.js'
import { isBlock, soundSettings } from './settings.js'

/** A configuration without errors, or everything that is wrong with it, in the order of the file. */
export type LoadedConfig = Loaded & {
  /** Every file that was read, or that could not be: a change of any one may change the outcome. */
  readonly files: readonly string[]
  /** Differs between two readings exactly when one of these files does. */
  readonly fingerprint: string
}

type Loaded =
  | {
      readonly ok: true
      readonly config: GatewayConfig
      readonly warnings: readonly Problem[]
      /** Further warnings of this file, which show only next to other files. */
      readonly warningsBeside: (facts: FactsBeside) => readonly Problem[]
      /** Warnings about who may read the files that this one names. */
      readonly exposedFiles: (rightsOf: FindRights) => readonly Problem[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const NO_FILE = 'name the right file with --config, or make one with "gatehouse init"'
const LONGEST_SHUTDOWN = 3_600_000

/**
 * Reads, checks and compiles the configuration file and the files that it names (secrets, certificates; not the
 * users file). Never throws for what is in them.
 * @param file its name; problems call it so
 */
export function loadConfig(file: string, io: ConfigIo): LoadedConfig {
  const read = new Map<string, string>()
  const readFile = (path: string): string => {
    read.set(path, '(it cannot be read)')
    const text = io.readFile(path)
    read.set(path, text)
    return text
  }
  const loaded = loadText(file, { ...io, readFile })
  return { ...loaded, files: [...read.keys()], fingerprint: hashOf(JSON.stringify([...read])) }
}

function loadText(file: string, io: ConfigIo): Loaded {
  let text
  try {
    text = io.readFile(file)
  } catch (error) {
    return { ok: false, problems: [unreadableFile(file, error, NO_FILE)] }
  }
  const yaml = readYaml(file, text)
  if (!yaml.ok) return yaml
  const findings = findingsOf(yaml.document)
  const config = readConfig({ findings, io, file }, yaml.document.value, hashOf(text))
  if (config === undefined || findings.hasErrors()) return { ok: false, problems: findings.problems() }
  lintPolicy(findings, config, yaml.document.value, io.now)
  const warningsBeside = (facts: FactsBeside): readonly Problem[] => {
    const beside = findingsOf(yaml.document)
    lintBeside(beside, config, yaml.document.value, facts)
    return beside.problems()
  }
  const exposedFiles = (rightsOf: FindRights): readonly Problem[] => {
    const exposed = findingsOf(yaml.document)
    warnOfExposedFiles(exposed, config, yaml.document.value, rightsOf)
    return exposed.problems()
  }
  return { ok: true, config, warnings: findings.problems(), warningsBeside, exposedFiles }
}

/** Undefined only when something has been reported. */
function readConfig(reading: Reading, raw: unknown, hash: string): GatewayConfig | undefined {
  const { findings } = reading
  if (raw === null) {
    const cure = 'write at least public_url, upstream and users, as in gateway.example.yaml'
    findings.error([], 'the file is empty', cure)
    return undefined
  }
  reportSchemaProblems(findings, gatewaySchema, raw)
  if (!isBlock(raw)) return undefined
  const parts = raw
  const written = soundSettings(gatewaySchema, raw)

  const publicUrl = readPublicUrl(reading, written.public_url)
  const listen = readListen(reading, ['listen'], written.listen ?? '127.0.0.1:8080')
  const session = readSession(reading, soundSettings(sessionSchema, parts.session))
  const mfa = readMfa(reading, parts.mfa)
  const methods = readLoginMethods(parts.login, mfa.config.factors)
  const tokens = readTokens(reading, parts.tokens, publicUrl?.origin)
  const log = soundSettings(logSchema, parts.log)
  const users = soundSettings(usersSchema, parts.users)
  const store = readStore(reading, parts.store, Object.hasOwn(parts, 'secret'))
  const authPath = written.auth_path ?? '/auth'
  const apps = readApps(reading, parts, { listen, publicUrl })
  reportSharedNames(findings, apps)
  reportUnheardProxies(findings, written.trusted_proxies !== undefined, apps)
  if (publicUrl !== undefined) reportCookieReach(findings, publicUrl, session.domain, apps)
  for (const app of apps) {
    reportUnreachable(findings, app.routes, app.host === publicUrl?.host ? authPath : undefined)
    reportFallThrough(findings, app.routes)
  }
  const waysIn = {
    methods,
    factors: mfa.factors,
    questionsCount: mfa.config.questionsCount,
    channels: { mail: Object.hasOwn(parts, 'mail'), sms: Object.hasOwn(parts, 'sms') },
  }
  reportWaysIn(findings, waysIn)
  warnOfWeakFactors(findings, waysIn)
  reportStepUps(findings, mfa.factors, apps)
  reportSharedAudiences(findings, tokens, apps)

  const shutdown = milliseconds(written.shutdown_timeout ?? '10s')
  if (shutdown > LONGEST_SHUTDOWN)
    findings.error(['shutdown_timeout'], 'it is at most one hour', 'write 1h or less')
  const shutdownDelay = written.shutdown_delay === undefined ? 0 : milliseconds(written.shutdown_delay)
  if (shutdownDelay > LONGEST_SHUTDOWN)
    findings.error(['shutdown_delay'], 'it is at most one hour', 'write 1h or less')
  const appConfigs = apps.map(app => app.config)
  const health = readReadiness(reading, parts.health, appConfigs)
  const tests = readCases(reading, ['tests'], parts.tests, publicUrl?.origin)
  const preset = Value.Check(headerPresetSchema, parts.headers) ? parts.headers : undefined
  const rest = {
    tls: readTls(reading, soundSettings(tlsSchema, parts.tls)),
    trustedProxies: readNetworks(reading, ['trusted_proxies'], written.trusted_proxies, {
      ipv4: 8,
      ipv6: 7,
      why: 'holds strangers: anybody there could claim any address and host',
    }),
    secrets: readSecrets(reading, written.secret),
    mail: readMail(reading, parts.mail),
    sms: readSms(reading, parts.sms),
    metrics: readMetrics(reading, parts.metrics, listen),
    tracing: readTracing(parts.tracing),
    identityHeaders: readHeaders(reading, preset, soundSettings(headerNamesSchema, parts.headers)),
  }
  if (rest.sms !== undefined && 'webhook' in rest.sms.via)
    reportOtherUse(findings, ['sms', 'webhook', 'secret'], rest.sms.via.webhook.secret, rest.secrets)
  reportIdentityRules(findings, apps, rest.identityHeaders)
  if (publicUrl === undefined || listen === undefined || users.file === undefined) return undefined
  if (store === undefined) return undefined
  return {
    file: resolve(reading.file),
    hash,
    publicUrl,
    authPath,
    listen,
    ...rest,
    store,
    users: { file: beside(reading.file, users.file) },
    session,
    login: { methods: methods?.values ?? [] },
    mfa: { ...mfa.config, issuer: mfa.config.issuer ?? publicUrl.host },
    tokens,
    shadow: readShadow(reading, written.shadow),
    explainTo: written.explain_to ?? [],
    audit: readAudit(reading, parts.audit),
    accessLog: readAccessLog(reading, parts.access_log),
    log: { level: log.level ?? 'info' },
    shutdown,
    shutdownDelay,
    limits: readLimits(reading, parts.limits),
    health,
    apps: appConfigs,
    tests,
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** The apps of either form. */
function readApps(
  reading: Reading,
  parts: Readonly<Record<string, unknown>>,
  own: { readonly listen: GatewayConfig['listen'] | undefined; readonly publicUrl: PublicUrl | undefined },
): readonly ReadApp[] {
  const single = Object.keys(appKeys).filter(key => Object.hasOwn(parts, key))
  if (!Object.hasOwn(parts, 'apps')) {
    if (single.length === 0) {
      const cure = 'add "upstream: http://…", the address on which your app listens, or "apps" for several'
      reading.findings.error([], 'nothing is protected: there is no "upstream" and no "apps"', cure)
      return []
    }
    const host = own.publicUrl?.host
    const label = host === undefined || isIP(host) !== 0 || host.startsWith('[') ? 'app' : host.split('.')[0]
    return [readApp(reading, [], parts, own, { name: label ?? 'app', host })]
  }
  for (const key of single) {
    const cure = `move "${key}" into one of the apps, or leave "apps" out if there is only one`
    reading.findings.error([key], `with "apps", "${key}" belongs to an app`, cure, 'key')
  }
  const apps: readonly unknown[] = Array.isArray(parts.apps) ? parts.apps : []
  return apps.map((app, index) => readApp(reading, ['apps', index], app, own))
}
