import type { Command } from './cli-io.js'
import { parseOptions } from './parse-options.js'
import { SECRET_HELP } from './secret/help.js'
import { reseal } from './secret/reseal.js'

/** The command `secret`. */
export const run: Command = (args, io) => {
  const [subcommand, ...rest] = args
  if (subcommand === 'reseal') return reseal(rest, io)
  const parsed = parseOptions(args, io, SECRET_HELP, {})
  if (!parsed.ok) return Promise.resolve(parsed.code)
  io.stdout(`${io.random(32).toString('base64url')}\n`)
  return Promise.resolve(0)
}
