import { prettyFactory } from 'pino-pretty'
import { createGateway } from '../gateway.js'
import type { Command } from './cli-io.js'
import { CONFIG_OPTION, openStore, readConfig } from './deployment.js'
import { parseOptions } from './parse-options.js'

const HELP = `gatehouse serve [--config gateway.yaml]

Runs the gateway until SIGTERM or SIGINT; then it takes no new requests, finishes those under way for as long as
"shutdown_timeout" says, and ends. Logs one line of JSON for what matters, or readable lines on a terminal.
A change of the users file holds at once; a change of gateway.yaml needs a restart.
Exit code 0: ended as told. 1: the configuration has errors, or the address or the store cannot be opened.
2: this command was not understood.
`

/** The command `serve`. */
export const run: Command = async (args, io) => {
  const parsed = parseOptions(args, io, HELP, CONFIG_OPTION)
  if (!parsed.ok) return parsed.code
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const pretty = io.isTTY ? prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss' }) : undefined
  const log = (line: string): void => io.stdout(pretty === undefined ? `${line}\n` : pretty(line))
  const gateway = await createGateway({
    config,
    ...openStore(config, io),
    now: io.now,
    random: io.random,
    log,
  })
  const stopped = io.untilStopped()
  io.onHangup(() => {
    io.stderr('SIGHUP: gateway.yaml is read at the start only; restart the gateway to apply a change\n')
  })
  const { host, port } = await gateway.listen()
  io.stderr(`Gatehouse listens on ${host}:${String(port)} for ${config.publicUrl.origin}\n`)
  await stopped
  await gateway.close()
  return 0
}
