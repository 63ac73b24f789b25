import type { GatewayConfig } from '../config/gateway-config.js'
import { loadConfig } from '../config/load-config.js'
import { createGateway } from '../gateway.js'
import { awaitRedis } from './await-redis.js'
import type { CliIo, Command } from './cli-io.js'
import { cacheOf, CONFIG_OPTION, openStore, readConfig } from './deployment.js'
import { parseOptions } from './parse-options.js'
import { openLogLines } from './serve/log-lines.js'
import { runWorkers } from './serve/run-workers.js'

const HELP = `gatehouse serve [--config gateway.yaml] [--workers auto|N]

Runs the gateway until SIGTERM or SIGINT; then it says that it is not ready and serves on for as long as "shutdown_delay"
says (default: not at all), takes no new requests, finishes those under way for as long as "shutdown_timeout" says, and
ends. Logs one line of JSON for what matters, or readable lines on a terminal.
A change of gateway.yaml or of the users file holds within a second, and at SIGHUP; a broken file changes nothing and is
told. What cannot change while the gateway runs says that it needs a restart.
With Redis as the store, it waits for Redis before it listens, and says so.

--workers N     N processes serve the same address, and one more supervises them: it replaces one that ends, and serves
                the metrics of all. auto: as many as there are processors for this process. Default: 1, and no other.

Exit code 0: ended as told. 1: the configuration has errors, or the address or the store cannot be opened.
2: this command was not understood.
`

const OPTIONS = { ...CONFIG_OPTION, workers: { type: 'string', default: '1' } } as const

/** More processes than any machine has processors for are a slip of the hand. */
const MOST_WORKERS = 256

/** The command `serve`. */
export const run: Command = async (args, io) => {
  const parsed = parseOptions(args, io, HELP, OPTIONS)
  if (!parsed.ok) return parsed.code
  const count = parsed.values.workers === 'auto' ? io.crew.processors : wholeNumber(parsed.values.workers)
  if (count === undefined) {
    io.stderr(`--workers takes auto or a number from 1 to ${String(MOST_WORKERS)}.\n\n${HELP}`)
    return 2
  }
  const isWorker = io.crew.number !== undefined
  const config = readConfig(parsed.values.config, io, !isWorker)
  if (config === undefined) return 1
  return isWorker || count === 1 ? runGateway(config, io) : runWorkers(config, count, io)
}

/** Runs a gateway in this process until it is told to stop: alone, or as one of several workers. */
async function runGateway(config: GatewayConfig, io: CliIo): Promise<number> {
  const { crew } = io
  const opened = openStore(config, io)
  if (opened.redis !== undefined && !(await awaitRedis(opened.redis, io))) {
    await opened.store.close()
    return 1
  }
  const gateway = await createGateway({
    config,
    store: opened.store,
    cache: cacheOf(opened.redis, config.store.redis, io),
    secrets: opened.secrets,
    now: io.now,
    random: io.random,
    environment: io.env,
    reread: () => loadConfig(config.file, { readFile: io.readFile, env: io.env, now: io.now() }),
    readShadow: file => loadConfig(file, { readFile: io.readFile, env: io.env, now: io.now() }),
    log: openLogLines(io),
    worker: crew.number,
  })
  const stopped = io.untilStopped()
  io.onHangup(() => {
    gateway.reload()
  })
  // The end of the process would be the end of everybody's requests (OWASP ASVS 5.0, 16.5.4).
  io.onUncaught(error => {
    gateway.tellUncaught(error)
  })
  crew.onAsked(() => {
    void gateway.metrics().then(metrics => {
      crew.tell({ says: 'metrics', metrics })
    })
  })
  const at = await gateway.listen()
  if (crew.number === undefined)
    io.stderr(`Gatehouse listens on ${at.host}:${String(at.port)} for ${config.publicUrl.origin}\n`)
  else crew.tell({ says: 'listening', at })
  await stopped
  await gateway.close()
  return 0
}

function wholeNumber(written: string): number | undefined {
  const number = /^[1-9][0-9]{0,2}$/.test(written) ? Number(written) : MOST_WORKERS + 1
  return number <= MOST_WORKERS ? number : undefined
}
