import { createAuditKeys } from '../audit/audit-keys.js'
import { AUDIT_HELP } from './audit/help.js'
import { show } from './audit/show.js'
import { verify } from './audit/verify.js'
import type { CliIo, Command } from './cli-io.js'
import { CONFIG_OPTION, readConfig, secretsOf } from './deployment.js'
import { parseOptions } from './parse-options.js'

const SUBCOMMANDS: ReadonlyMap<string, Command> = new Map([
  ['verify', verify],
  ['show', show],
  ['key', key],
])

/** The command `audit`. */
export const run: Command = (args, io) => {
  const [name = '', ...rest] = args
  if (name === '--help' || name === '-h') {
    io.stdout(AUDIT_HELP)
    return Promise.resolve(0)
  }
  const subcommand = SUBCOMMANDS.get(name)
  if (subcommand !== undefined) return subcommand(rest, io)
  io.stderr(
    `${name === '' ? 'Do what with the audit log?' : `"audit ${name}" is not a command.`}\n\n${AUDIT_HELP}`,
  )
  return Promise.resolve(2)
}

/** `audit key`: the public key alone on the standard output. */
function key(args: readonly string[], io: CliIo): Promise<number> {
  const parsed = parseOptions(args, io, AUDIT_HELP, CONFIG_OPTION)
  if (!parsed.ok) return Promise.resolve(parsed.code)
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return Promise.resolve(1)
  io.stdout(`${createAuditKeys(secretsOf(config)).publicKeys[0]?.text ?? ''}\n`)
  return Promise.resolve(0)
}
