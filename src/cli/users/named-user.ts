import type { GatewayConfig } from '../../config/gateway-config.js'
import type { UserRecord } from '../../users/users-file.js'
import type { CliIo } from '../cli-io.js'
import { CONFIG_OPTION, readConfig } from '../deployment.js'
import { parseOptions } from '../parse-options.js'
import { findUser } from '../read-users.js'
import { USERS_HELP } from './help.js'

/** The user whom a subcommand is about, or the exit code with which it ends. */
export type NamedUser =
  | {
      readonly ok: true
      readonly config: GatewayConfig
      readonly user: UserRecord
      /** The canonical name. */
      readonly subject: string
    }
  | { readonly ok: false; readonly code: number }

/**
 * Reads the arguments of a subcommand that is about one user of the file.
 * @param question asked before something that cannot be taken back, unless `--yes` is there
 */
export async function readNamedUser(
  args: readonly string[],
  io: CliIo,
  question?: (subject: string) => string,
): Promise<NamedUser> {
  const options = { ...CONFIG_OPTION, yes: { type: 'boolean', short: 'y' } } as const
  const parsed = parseOptions(args, io, USERS_HELP, options, [1, 1])
  if (!parsed.ok) return parsed
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return { ok: false, code: 1 }
  const user = findUser(config.users.file, parsed.positionals[0] ?? '', io)
  if (user === undefined) return { ok: false, code: 1 }
  const { subject } = user.person
  if (question !== undefined && parsed.values.yes !== true) {
    const refused = await confirm(question(subject), io)
    if (refused !== undefined) return { ok: false, code: refused }
  }
  return { ok: true, config, user, subject }
}

/** Undefined to go on, or the exit code. */
async function confirm(question: string, io: CliIo): Promise<number | undefined> {
  if (!io.asksPerson) {
    io.stderr(`${question} Nobody is there to ask: add --yes.\n`)
    return 2
  }
  if (/^y(es)?$/i.test((await io.ask(`${question} [y/N] `)).trim())) return undefined
  io.stderr('Nothing was changed.\n')
  return 1
}
