import { readMembers } from '../../audit/chain-line.js'
import { milliseconds } from '../../config/sections/duration.js'
import { canonicalUserName } from '../../users/user-name.js'
import type { CliIo } from '../cli-io.js'
import { CONFIG_OPTION, readConfig } from '../deployment.js'
import { parseOptions } from '../parse-options.js'
import { table } from '../table.js'
import { AUDIT_HELP } from './help.js'
import { findLogFiles, readLines } from './log-files.js'

/** A table has at most so many rows: the last ones. */
const MOST_ROWS = 10_000
const DURATION = /^[1-9][0-9]{0,4}[smhd]$/

/** `audit show`. */
export async function show(args: readonly string[], io: CliIo): Promise<number> {
  const options = {
    ...CONFIG_OPTION,
    user: { type: 'string' },
    since: { type: 'string' },
    event: { type: 'string' },
    json: { type: 'boolean' },
  } as const
  const parsed = parseOptions(args, io, AUDIT_HELP, options, [0, 1000])
  if (!parsed.ok) return parsed.code
  const { user, since, event, json = false } = parsed.values
  if (since !== undefined && !DURATION.test(since)) {
    io.stderr(`--since is a time such as 12h or 30d, not ${JSON.stringify(since)}.\n`)
    return 2
  }
  const config = parsed.positionals.length === 0 ? readConfig(parsed.values.config, io) : undefined
  if (parsed.positionals.length === 0 && config === undefined) return 1
  const files = await findLogFiles(parsed.positionals, config?.audit.file, io)
  if (files.length === 0) {
    io.stderr('There is no log: name a FILE, or add "audit: { file: audit.jsonl }" to the configuration.\n')
    return 1
  }
  const subject = user === undefined ? undefined : (canonicalUserName(user) ?? user)
  const from = since === undefined ? '' : new Date(io.now() - milliseconds(since)).toISOString()
  let rows: string[][] = []
  let left = 0
  for (const { file } of files)
    await readLines(file, io, bytes => {
      const text = bytes.toString()
      const members = readMembers(text)
      if (members === undefined || !fits(members, { subject, from, event })) return
      if (json) io.stdout(`${text}\n`)
      else rows.push(rowOf(members))
      if (rows.length >= 2 * MOST_ROWS) {
        left += rows.length - MOST_ROWS
        rows = rows.slice(-MOST_ROWS)
      }
    })
  if (json) return 0
  left += Math.max(0, rows.length - MOST_ROWS)
  if (rows.length === 0) io.stdout('Nothing.\n')
  else
    io.stdout(table([['TIME (UTC)', 'EVENT', 'USER', 'ADDRESS', 'WHY', 'MORE'], ...rows.slice(-MOST_ROWS)]))
  if (left > 0) io.stderr(`${left} earlier lines are not shown; --json shows all.\n`)
  return 0
}

interface Wanted {
  readonly subject: string | undefined
  readonly from: string
  readonly event: string | undefined
}

function fits(members: Readonly<Record<string, unknown>>, { subject, from, event }: Wanted): boolean {
  return (
    (subject === undefined || members.subject === subject) &&
    (event === undefined || members.audit === event) &&
    (from === '' || (typeof members.at === 'string' && members.at >= from))
  )
}

function rowOf({
  at,
  audit,
  subject,
  address,
  reason,
  session,
  detail,
}: Readonly<Record<string, unknown>>): string[] {
  const facts = typeof detail === 'object' && detail !== null ? Object.entries(detail) : []
  const more = facts.map(([key, value]) => `${key}=${String(value)}`)
  return [
    word(at).slice(0, 19).replace('T', ' '),
    word(audit),
    word(subject),
    word(address),
    word(reason),
    printable([word(session) === '' ? '' : `session=${word(session)}`, ...more].filter(Boolean).join(' ')),
  ]
}

function word(value: unknown): string {
  return typeof value === 'string' ? printable(value) : ''
}

/** What came from a client does not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}
