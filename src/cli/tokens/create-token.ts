import type { GatewayConfig } from '../../config/gateway-config.js'
import { milliseconds } from '../../config/sections/duration.js'
import { AUTHENTICATE_SCOPE, type ApiTokenFault, type ApiTokenOwner } from '../../credentials/api-token.js'
import { nearestWord } from '../../documents/nearest-word.js'
import { parsePathPattern } from '../../access/path-pattern.js'
import type { CliIo } from '../cli-io.js'
import { CONFIG_OPTION, readConfig } from '../deployment.js'
import { openOperatorAudit } from '../operator-audit.js'
import { parseOptions } from '../parse-options.js'
import { findUser, readUsers, tellProblems } from '../read-users.js'
import { TOKENS_HELP } from './help.js'
import { withApiTokens } from './live-tokens.js'

/** `tokens create NAME`: the token alone on the standard output. */
export async function create(args: readonly string[], io: CliIo): Promise<number> {
  const options = {
    ...CONFIG_OPTION,
    scope: { type: 'string', multiple: true },
    user: { type: 'string' },
    app: { type: 'string', multiple: true },
    path: { type: 'string', multiple: true },
    expires: { type: 'string', default: '90d' },
  } as const
  const parsed = parseOptions(args, io, TOKENS_HELP, options, [1, 1])
  if (!parsed.ok) return parsed.code
  const { scope: scopes = [], user, app: apps, path: paths, expires } = parsed.values
  if (scopes.length === 0) {
    io.stderr(`A token without a scope opens nothing: add --scope.\n\n${TOKENS_HELP}`)
    return 2
  }
  if (!DURATION.test(expires)) {
    io.stderr(`--expires is a time such as 12h or 30d, not ${JSON.stringify(expires)}.\n`)
    return 2
  }
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const [name = ''] = parsed.positionals
  const owner = ownerOf(user, name, config, io)
  if (owner === undefined || !knowsAll(apps ?? [], paths ?? [], config, io)) return 1
  const expiresAt = io.now() + milliseconds(expires)
  const operator = openOperatorAudit(config, io)
  await operator.ready()
  const made = await withApiTokens(config, io, tokens =>
    tokens.create({ name, owner, scopes, apps, paths, expiresAt }),
  )
  if (made.outcome !== 'created') {
    await operator.close()
    io.stderr(`${made.outcome === 'too_many' ? TOO_MANY : FAULTS[made.fault]}\n`)
    return 1
  }
  const { token, record } = made
  const detail = { command: 'tokens create', name, scopes: record.scopes.join(' ') }
  const subject = owner.kind === 'user' ? owner.subject : undefined
  operator.audit({
    event: 'operator.command',
    subject,
    address: 'local',
    session: record.reference,
    detail,
  })
  await operator.close()
  for (const scope of record.scopes) if (!isNamed(scope, config)) io.stderr(warningOf(scope))
  const until = new Date(expiresAt).toISOString()
  io.stderr(`The token ${name} (reference ${record.reference}) is good until ${until}. Shown this once:\n`)
  io.stdout(`${token}\n`)
  return 0
}

const DURATION = /^[1-9][0-9]{0,4}[smhd]$/

const FAULTS: Readonly<Record<ApiTokenFault, string>> = {
  name:
    'A machine has a name of 1 to 64 lower-case letters, digits, ".", "_" and "-"; ' +
    'the token of a user has one of 1 to 64 visible characters.',
  scopes:
    'A scope has 1 to 64 letters, digits and ":", ".", "_", "-", such as export:read; a token has at most 32. ' +
    `"${AUTHENTICATE_SCOPE}" is for machines only.`,
  apps: 'A token is for at most 32 apps.',
  paths: 'A token is for at most 32 paths, of at most 1024 characters each.',
  expiry: 'A token lives at most 366 days.',
}
const TOO_MANY = 'There are 100 tokens of this owner already. "gatehouse tokens revoke" ends one.'

/** Whose the token is to be; undefined when it cannot be, and why was told. */
function ownerOf(
  user: string | undefined,
  name: string,
  config: GatewayConfig,
  io: CliIo,
): ApiTokenOwner | undefined {
  const { file } = config.users
  if (user !== undefined) {
    const found = findUser(file, user, io)
    return found && { kind: 'user', subject: found.person.subject }
  }
  const read = readUsers(file, io)
  if (!read.ok) {
    tellProblems(read.problems, io)
    return undefined
  }
  if (!read.users.has(name)) return { kind: 'machine' }
  io.stderr(`${JSON.stringify(name)} is a user, and no machine may be taken for one: add --user ${name}.\n`)
  return undefined
}

function knowsAll(
  apps: readonly string[],
  paths: readonly string[],
  config: GatewayConfig,
  { stderr }: CliIo,
): boolean {
  const known = config.apps.map(({ policy }) => policy.name)
  for (const app of apps) {
    if (known.includes(app)) continue
    const near = nearestWord(app, known)
    const hint = near === undefined ? `There are: ${known.join(', ')}.` : `Did you mean "${near}"?`
    stderr(`There is no app ${JSON.stringify(app)}. ${hint}\n`)
    return false
  }
  for (const path of paths) {
    const pattern = parsePathPattern(path)
    if (pattern.ok) continue
    stderr(`--path ${JSON.stringify(path)}: ${pattern.fault.message}; ${pattern.fault.cure}.\n`)
    return false
  }
  return true
}

function isNamed(scope: string, { apps }: GatewayConfig): boolean {
  return (
    scope === AUTHENTICATE_SCOPE ||
    apps.some(({ policy }) => policy.routes.some(route => route.tokens?.includes(scope) === true))
  )
}

function warningOf(scope: string): string {
  return `No route names the scope ${JSON.stringify(scope)} yet: it opens nothing before one says "tokens: [${scope}]".\n`
}
