import type { Audit } from '../../audit/audit-event.js'
import type { GatewayConfig } from '../../config/gateway-config.js'
import { canonicalUserName } from '../../users/user-name.js'
import type { UserRecord } from '../../users/users-file.js'
import type { CliIo } from '../cli-io.js'
import { confirm } from '../confirm.js'
import { CONFIG_OPTION, readConfig } from '../deployment.js'
import { operatorCommand } from '../operator-command.js'
import { parseOptions } from '../parse-options.js'
import { findUser } from '../read-users.js'
import { USERS_HELP } from './help.js'

/** The user whom a subcommand is about. */
export interface NamedUser {
  readonly config: GatewayConfig
  readonly user: UserRecord
  /** The canonical name. */
  readonly subject: string
  /** The log of the command. */
  readonly audit: Audit
  /** The value of `UserCommand.option`. */
  readonly option: string | undefined
}

/** A subcommand that changes one user of the file. */
export interface UserCommand {
  /** Its name behind `users`. */
  readonly name: string
  /** Asked before something that cannot be taken back, unless `--yes` is there. */
  readonly question?: (subject: string) => string
  /** The name of one more option, and what its value must be one of. */
  readonly option?: { readonly name: string; readonly values: readonly string[] }
  /** Gives the exit code. */
  readonly work: (named: NamedUser) => Promise<number>
}

/** Reads the arguments of such a subcommand, finds its user, and does its work, told by the audit log. */
export async function changeNamedUser(
  args: readonly string[],
  io: CliIo,
  { name, question, option, work }: UserCommand,
): Promise<number> {
  const options = { ...CONFIG_OPTION, yes: { type: 'boolean', short: 'y' } } as const
  const more = option === undefined ? {} : { [option.name]: { type: 'string' } as const }
  const parsed = parseOptions(args, io, USERS_HELP, { ...more, ...options }, [1, 1])
  if (!parsed.ok) return parsed.code
  const written: unknown = option && (parsed.values as Readonly<Record<string, unknown>>)[option.name]
  const value = typeof written === 'string' ? written : undefined
  if (option !== undefined && value !== undefined && !option.values.includes(value)) {
    io.stderr(`--${option.name} is one of ${option.values.join(', ')}.\n\n${USERS_HELP}`)
    return 2
  }
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const [typed = ''] = parsed.positionals
  const told = {
    command: `users ${name}`,
    subject: canonicalUserName(typed),
    ...(value && { detail: { [option?.name ?? '']: value } }),
  }
  return operatorCommand(config, io, told, async audit => {
    const user = findUser(config.users.file, typed, io)
    if (user === undefined) return 1
    const { subject } = user.person
    if (question !== undefined && parsed.values.yes !== true) {
      const refused = await confirm(question(subject), io)
      if (refused !== undefined) return refused
    }
    return work({ config, user, subject, audit, option: value })
  })
}
