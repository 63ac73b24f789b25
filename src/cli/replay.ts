import { resolve } from 'node:path'
import { canonicalHost } from '../access/host.js'
import { compilePolicy } from '../config/compile-policy.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import { formatReplay } from '../policy/replay/format-replay.js'
import type { ReplaySide } from '../policy/replay/judge-twice.js'
import { readLogTime } from '../policy/replay/log-time.js'
import { createReplay } from '../policy/replay/replay.js'
import type { CliIo, Command } from './cli-io.js'
import { CONFIG_OPTION, readConfig } from './deployment.js'
import { parseOptions } from './parse-options.js'
import { readUsers, tellProblems } from './read-users.js'
import { type OpenedLog, readLogs } from './replay/read-logs.js'
import { shortName } from './short-name.js'

const HELP = `gatehouse replay ACCESS_LOG… --against NEW.yaml [--config gateway.yaml] [--host HOST] [--at TIME]
                 [--limit 20] [--json]

Judges every request of access logs by two policies, the one in use and a new one, and tells what would become
different. Understood are the logs of nginx ("combined" and JSON), Apache ("common", "combined", "vhost_combined"),
Caddy, Traefik and the gateway; the format is found line by line. "-" is the standard input, ".gz" is decompressed.
  --against NEW    the configuration that is to be tried
  --host HOST      the host of lines that name none; otherwise that of "public_url"
  --at TIME        judge every line as if it were this time (2027-04-01T12:00Z); otherwise the time of the line
  --limit N        show so many differences
Ctrl-C ends it with what was counted so far.
Exit code 0: both decide every line alike. 1: something differs, or could not be read to its end, or no line could
be judged. 2: this command was not understood.
`

const OPTIONS = {
  ...CONFIG_OPTION,
  against: { type: 'string' },
  host: { type: 'string' },
  at: { type: 'string' },
  limit: { type: 'string', default: '20' },
  json: { type: 'boolean' },
} as const

/** The command `replay`. */
export const run: Command = async (args, io) => {
  const parsed = parseOptions(args, io, HELP, OPTIONS, [1, Infinity])
  if (!parsed.ok) return parsed.code
  const { against, config: oldFile, host: writtenHost, at: writtenAt, limit, json } = parsed.values
  const notUnderstood = (why: string): number => {
    io.stderr(`${why}\n\n${HELP}`)
    return 2
  }
  if (against === undefined) return notUnderstood('--against NEW.yaml is missing.')
  if (!/^[0-9]{1,9}$/.test(limit)) return notUnderstood('--limit is a number.')
  const host = writtenHost === undefined ? undefined : canonicalHost(writtenHost)
  if (writtenHost !== undefined && host === undefined) return notUnderstood('--host is the name of one host.')
  const at = readLogTime(writtenAt)
  if (writtenAt !== undefined && at === undefined)
    return notUnderstood('--at is a time such as 2027-04-01T12:00Z.')

  const old = readSide(oldFile, io)
  const next = readSide(against, io)
  if (old === undefined || next === undefined) return 1
  const usedHost = host ?? old.config.publicUrl.host
  const replay = createReplay({ old: old.side, next: next.side, host: usedHost, at, now: io.now() })
  const logs = parsed.positionals.map((name): OpenedLog => openLog(name, io))
  const { broken, stopped } = await readLogs(logs, replay, io)
  const report = replay.report()
  const short = (file: string): string => shortName(io.cwd, file)
  if (json === true) {
    const files = { old: describe(old.config, short), next: describe(next.config, short) }
    io.stdout(
      `${JSON.stringify({ files, host: usedHost, stopped, broken, ...report }, shortPlaces(short), 2)}\n`,
    )
  } else {
    const from = host === undefined ? '"public_url"' : '--host'
    io.stdout(
      formatReplay(report, {
        oldFile: short(old.config.file),
        nextFile: short(next.config.file),
        host: usedHost,
        hostComesFrom: hasApp(old.side, usedHost) ? from : `${from}; no app has it, so say with --host which`,
        limit: Number(limit),
        shortName: short,
      }),
    )
    if (stopped) io.stdout('Stopped before the end: the rest was not looked at.\n')
  }
  for (const { file, why } of broken) io.stderr(`${file} was not read to its end: ${why}\n`)
  const isWhole = !stopped && broken.length === 0
  return isWhole && report.counts.judged > 0 && report.differences.length === 0 ? 0 : 1
}

function readSide(
  file: string,
  io: CliIo,
): { readonly config: GatewayConfig; readonly side: ReplaySide } | undefined {
  const config = readConfig(file, io)
  if (config === undefined) return undefined
  const read = readUsers(config.users.file, io)
  if (read.ok) return { config, side: { policy: compilePolicy(config), users: read.users } }
  tellProblems(read.problems, io)
  return undefined
}

function openLog(name: string, io: CliIo): OpenedLog {
  const opened = io.openFile(name === '-' ? name : resolve(io.cwd, name))
  return { name: name === '-' ? '(standard input)' : name, isCompressed: name.endsWith('.gz'), ...opened }
}

function hasApp({ policy }: ReplaySide, host: string): boolean {
  const request = { method: 'GET', host, path: '/', encodedPath: '/', query: '', preflight: false }
  return policy.routes.find(request, '') !== undefined
}

function describe({ file, hash }: GatewayConfig, short: (file: string) => string): object {
  return { file: short(file), hash }
}

/** Writes the files of places as a person would write them here. */
function shortPlaces(short: (file: string) => string): (key: string, value: unknown) => unknown {
  return (key, value) => (key === 'file' && typeof value === 'string' ? short(value) : value)
}
