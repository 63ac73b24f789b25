import { type AuditPublicKey, createAuditKeys, readPublicKey } from '../../audit/audit-keys.js'
import { headFile, parseHead } from '../../audit/chain-head.js'
import { type ChainFault, type ChainReport, createChainCheck } from '../../audit/check-chain.js'
import type { CliIo } from '../cli-io.js'
import { CONFIG_OPTION, readConfig, secretsOf } from '../deployment.js'
import { parseOptions } from '../parse-options.js'
import { shortName } from '../short-name.js'
import { AUDIT_HELP } from './help.js'
import { findLogFiles, type LogFile, readLines } from './log-files.js'

/** Of a log that is quite another, so many faults are told. */
const MOST_TOLD = 50
/** Milliseconds between two states of the progress. */
const BETWEEN = 200
const ERASE_LINE = '\r\u001b[K'

/** `audit verify`. */
export async function verify(args: readonly string[], io: CliIo): Promise<number> {
  const options = {
    ...CONFIG_OPTION,
    key: { type: 'string', multiple: true },
    json: { type: 'boolean' },
  } as const
  const parsed = parseOptions(args, io, AUDIT_HELP, options, [0, 1000])
  if (!parsed.ok) return parsed.code
  const { key: pinned = [], json = false, config: configFile } = parsed.values
  const pins = pinned.map(readPublicKey)
  if (pins.includes(undefined)) {
    io.stderr('--key is not a key: 43 characters, as "gatehouse audit key" prints them.\n')
    return 2
  }
  // Whoever has a key and the files needs no configuration.
  const needsConfig = parsed.positionals.length === 0 || pinned.length === 0
  const config = needsConfig ? readConfig(configFile, io) : undefined
  if (needsConfig && config === undefined) return 1
  const files = await findLogFiles(parsed.positionals, config?.audit.file, io)
  if (files.length === 0) {
    io.stderr('There is no log: name a FILE, or add "audit: { file: audit.jsonl }" to the configuration.\n')
    return 1
  }
  const own = config && createAuditKeys(secretsOf(config))
  const keys = pinned.length > 0 ? (pins as readonly AuditPublicKey[]) : (own?.publicKeys ?? [])
  const last = files.at(-1)?.file ?? ''
  const readHead = () => {
    try {
      return own && parseHead(io.readFile(headFile(last)), own)
    } catch {
      return undefined
    }
  }
  const faults: ChainFault[] = []
  const before = readHead()
  const check = createChainCheck({ keys, before, onFault: fault => void faults.push(fault) })
  await readAll(files, io, (file, bytes, line, isWhole) => check.take(bytes, file, line, isWhole))
  const report = check.end(readHead())
  if (json)
    io.stdout(
      `${JSON.stringify({ ...report, whole: faults.length === 0, proves_end: before !== undefined, faults })}\n`,
    )
  else tellReport(faults, report, before !== undefined, io)
  return faults.length === 0 ? 0 : 1
}

async function readAll(
  files: readonly LogFile[],
  io: CliIo,
  take: (file: string, bytes: Buffer, line: number, isWhole: boolean) => void,
): Promise<void> {
  const all = files.reduce((sum, { bytes }) => sum + bytes, 0)
  let read = 0
  let shownAt = io.now()
  const begun = shownAt
  const progress = (bytes: number): void => {
    read += bytes
    if (!io.errorIsTTY || io.now() - shownAt < BETWEEN) return
    shownAt = io.now()
    io.stderr(`${ERASE_LINE}${Math.floor((100 * read) / Math.max(1, all))} % of ${all} bytes`)
  }
  for (const { file } of files)
    await readLines(file, io, (bytes, line, isWhole) => take(file, bytes, line, isWhole), progress)
  if (shownAt !== begun) io.stderr(ERASE_LINE)
}

/** A number and its noun. */
function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function tellReport(faults: readonly ChainFault[], report: ChainReport, provesEnd: boolean, io: CliIo): void {
  for (const { kind, file, line, seq, message } of faults.slice(0, MOST_TOLD))
    io.stdout(`${shortName(io.cwd, file)}:${line}: ${kind}: line ${seq} of the log: ${message}\n`)
  if (faults.length > MOST_TOLD) io.stdout(`… and ${faults.length - MOST_TOLD} more\n`)
  const { lines, checkpoints, first, last, until, unsigned, recovered } = report
  if (faults.length > 0) io.stdout(`The log does not hold: ${counted(faults.length, 'fault')}.\n`)
  else
    io.stdout(
      `The log holds: ${counted(lines, 'line')} and ${counted(checkpoints, 'checkpoint')}, until ${until ?? 'never'}.\n`,
    )
  if (first > 1)
    io.stdout(`It begins with line ${first}: lines 1 to ${first - 1} are in no file that was read.\n`)
  if (recovered > 0)
    io.stdout(`${counted(recovered, 'time')} a writer was ended while it wrote, and the next one said so.\n`)
  if (!provesEnd && last > 0)
    io.stdout(
      `The record beside the log is missing: lines after ${last} could be cut off, and the last ${unsigned} are not signed.\n`,
    )
}
