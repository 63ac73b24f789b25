import { isIP } from 'node:net'
import { resolve } from 'node:path'
import Value from 'typebox/value'
import { findingsOf } from './findings.js'
import type { GatewayConfig, PublicUrl } from './gateway-config.js'
import { reportCookieReach, reportSharedNames } from './host-rules.js'
import { unreadableFile, type Problem } from '../documents/problem.js'
import { reportFallThrough, reportUnreachable } from './reachability.js'
import { readYaml } from './read-yaml.js'
import { beside, type ConfigIo, type Reading } from './reading.js'
import { reportSchemaProblems } from './schema-problems.js'
import { gatewaySchema, logSchema, mfaSchema, storeSchema, usersSchema } from './schema.js'
import { appKeys, readApp, type ReadApp } from './sections/app.js'
import { milliseconds } from './sections/duration.js'
import { headerNamesSchema, headerPresetSchema, readHeaders } from './sections/headers.js'
import { readListen, readTls, tlsSchema } from './sections/listen.js'
import { readNetworks } from './sections/networks.js'
import { readPublicUrl } from './sections/public-url.js'
import { readSecrets } from './sections/secret.js'
import { readSession, sessionSchema } from './sections/session.js'
import { isBlock, soundSettings } from './settings.js'

/** A configuration without errors, or everything that is wrong with it, in the order of the file. */
export type LoadedConfig =
  | {
      readonly ok: true
      readonly config: GatewayConfig
      /** The file as it was read: two loads differ exactly when this does. */
      readonly text: string
      readonly warnings: readonly Problem[]
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
  let text
  try {
    text = io.readFile(file)
  } catch (error) {
    return { ok: false, problems: [unreadableFile(file, error, NO_FILE)] }
  }
  const yaml = readYaml(file, text)
  if (!yaml.ok) return yaml
  const findings = findingsOf(yaml.document)
  const config = readConfig({ findings, io, file }, yaml.document.value)
  const problems = findings.problems()
  if (config === undefined || problems.some(problem => problem.severity === 'error'))
    return { ok: false, problems }
  return { ok: true, config, text, warnings: problems }
}

/** Undefined only when something has been reported. */
function readConfig(reading: Reading, raw: unknown): GatewayConfig | undefined {
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
  const listen = readListen(reading, written.listen)
  const session = readSession(reading, soundSettings(sessionSchema, parts.session))
  const mfa = soundSettings(mfaSchema, parts.mfa)
  const log = soundSettings(logSchema, parts.log)
  const users = soundSettings(usersSchema, parts.users)
  const store = soundSettings(storeSchema, parts.store)
  const authPath = written.auth_path ?? '/auth'
  const apps = readApps(reading, parts, { listen, publicUrl })
  reportSharedNames(findings, apps)
  if (publicUrl !== undefined) reportCookieReach(findings, publicUrl, session.domain, apps)
  for (const app of apps) {
    reportUnreachable(findings, app.routes, app.host === publicUrl?.host ? authPath : undefined)
    reportFallThrough(findings, app.routes)
  }

  const shutdown = milliseconds(written.shutdown_timeout ?? '10s')
  if (shutdown > LONGEST_SHUTDOWN)
    findings.error(['shutdown_timeout'], 'it is at most one hour', 'write 1h or less')
  const preset = Value.Check(headerPresetSchema, parts.headers) ? parts.headers : undefined
  const rest = {
    tls: readTls(reading, soundSettings(tlsSchema, parts.tls)),
    trustedProxies: readNetworks(reading, ['trusted_proxies'], written.trusted_proxies, {
      ipv4: 8,
      ipv6: 7,
      why: 'holds strangers: anybody there could claim any address and host',
    }),
    secrets: readSecrets(reading, written.secret),
    identityHeaders: readHeaders(reading, preset, soundSettings(headerNamesSchema, parts.headers)),
  }
  if (publicUrl === undefined || listen === undefined || users.file === undefined) return undefined
  return {
    file: resolve(reading.file),
    publicUrl,
    authPath,
    listen,
    ...rest,
    store: { embedded: beside(reading.file, store.embedded ?? './data') },
    users: { file: beside(reading.file, users.file) },
    session,
    mfa: { enrolment: mfa.enrolment ?? 'first_login', issuer: mfa.issuer ?? publicUrl.host },
    log: { level: log.level ?? 'info', access: log.access ?? false },
    shutdown,
    apps: apps.map(app => app.config),
  }
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
