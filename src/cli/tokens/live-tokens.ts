import type { GatewayConfig } from '../../config/gateway-config.js'
import type { ApiToken } from '../../credentials/api-token.js'
import { type ApiTokens, createApiTokens } from '../../credentials/api-tokens.js'
import type { CliIo } from '../cli-io.js'
import { CONFIG_OPTION, hasStore, openStore, readConfig } from '../deployment.js'
import { openOperatorAudit } from '../operator-audit.js'
import { parseOptions } from '../parse-options.js'
import { table } from '../table.js'
import { TOKENS_HELP } from './help.js'

/** `tokens list`. */
export async function list(args: readonly string[], io: CliIo): Promise<number> {
  const options = { ...CONFIG_OPTION, json: { type: 'boolean' } } as const
  const parsed = parseOptions(args, io, TOKENS_HELP, options)
  if (!parsed.ok) return parsed.code
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const tokens = hasStore(config) ? await withApiTokens(config, io, all => all.list()) : []
  if (parsed.values.json === true) {
    io.stdout(`${JSON.stringify(tokens.map(rowOf), undefined, 2)}\n`)
    return 0
  }
  const cells = tokens
    .map(rowOf)
    .map(row => [
      row.reference,
      row.name,
      row.user ?? '(machine)',
      row.scopes.join(' '),
      [...(row.apps ?? []), ...(row.paths ?? [])].join(' '),
      row.expires.slice(0, 10),
      row.last_used?.slice(0, 16).replace('T', ' ') ?? 'never',
    ])
  io.stdout(
    table([['REFERENCE', 'NAME', 'USER', 'SCOPES', 'ONLY FOR', 'UNTIL', 'LAST USED (UTC)'], ...cells]),
  )
  return 0
}

/** `tokens revoke REFERENCE`. */
export async function revoke(args: readonly string[], io: CliIo): Promise<number> {
  const parsed = parseOptions(args, io, TOKENS_HELP, CONFIG_OPTION, [1, 1])
  if (!parsed.ok) return parsed.code
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const [reference = ''] = parsed.positionals
  const operator = openOperatorAudit(config, io)
  await operator.ready()
  const token = hasStore(config)
    ? await withApiTokens(config, io, tokens => tokens.revoke(reference))
    : undefined
  if (token === undefined) {
    await operator.close()
    // Not told again: it may be the token itself.
    io.stderr('There is no token of that reference. "gatehouse tokens list" shows the references.\n')
    return 1
  }
  operator.audit({
    event: 'operator.command',
    subject: token.owner.kind === 'user' ? token.owner.subject : undefined,
    address: 'local',
    session: reference,
    detail: { command: 'tokens revoke', name: token.name },
  })
  await operator.close()
  io.stdout(`The token ${token.name} is revoked: a running gateway knows within a second.\n`)
  return 0
}

/** Works on the tokens in the store of a configuration, also while a gateway has it open. */
export async function withApiTokens<R>(
  config: GatewayConfig,
  io: CliIo,
  work: (tokens: ApiTokens) => Promise<R>,
): Promise<R> {
  const { store } = openStore(config, io)
  try {
    return await work(createApiTokens({ store, now: io.now, random: io.random }))
  } finally {
    await store.close()
  }
}

/** A token for people and programs. Moments are UTC, ISO 8601. */
function rowOf({ reference, name, owner, scopes, apps, paths, ...at }: ApiToken) {
  return {
    reference,
    name,
    user: owner.kind === 'user' ? owner.subject : null,
    scopes,
    apps: apps ?? null,
    paths: paths ?? null,
    created: new Date(at.createdAt).toISOString(),
    expires: new Date(at.expiresAt).toISOString(),
    last_used: at.lastUsedAt === undefined ? null : new Date(at.lastUsedAt).toISOString(),
  }
}
