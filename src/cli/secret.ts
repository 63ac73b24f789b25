import type { Command } from './cli-io.js'
import { parseOptions } from './parse-options.js'

const HELP = `gatehouse secret

Prints a new secret of 256 random bits for the setting "secret". Keep it in a file that only the gateway can read:
  (umask 077; gatehouse secret > secret)
`

/** The command `secret`. */
export const run: Command = (args, io) => {
  const parsed = parseOptions(args, io, HELP, {})
  if (!parsed.ok) return Promise.resolve(parsed.code)
  io.stdout(`${io.random(32).toString('base64url')}\n`)
  return Promise.resolve(0)
}
