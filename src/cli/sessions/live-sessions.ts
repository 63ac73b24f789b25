import type { GatewayConfig } from '../../config/gateway-config.js'
import type { SessionRecord } from '../../credentials/session-record.js'
import type { Sessions } from '../../credentials/sessions.js'
import { canonicalUserName } from '../../users/user-name.js'
import type { CliIo } from '../cli-io.js'
import { confirm } from '../confirm.js'
import { CONFIG_OPTION, hasStore, readConfig } from '../deployment.js'
import { withServices } from '../live-services.js'
import { operatorCommand } from '../operator-command.js'
import { parseOptions } from '../parse-options.js'
import { table } from '../table.js'
import { SESSIONS_HELP } from './help.js'
import { sessionRow, shortTime } from './session-row.js'

/** `sessions list`. */
export async function list(args: readonly string[], io: CliIo): Promise<number> {
  const options = { ...CONFIG_OPTION, user: { type: 'string' }, json: { type: 'boolean' } } as const
  const parsed = parseOptions(args, io, SESSIONS_HELP, options)
  if (!parsed.ok) return parsed.code
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const { user, json } = parsed.values
  const found = await withSessions(config, io, [], async sessions => {
    if (user !== undefined) return sessions.list(subjectOf(user))
    const all: SessionRecord[] = []
    for await (const session of sessions.listAll()) all.push(session)
    return all
  })
  const rows = [...found].sort((a, b) => b.lastSeenAt - a.lastSeenAt).map(sessionRow)
  if (json === true) {
    io.stdout(`${JSON.stringify(rows, undefined, 2)}\n`)
    return 0
  }
  const cells = rows.map(row => [
    row.reference,
    row.user,
    row.carrier,
    shortTime(row.since),
    shortTime(row.last_seen),
    row.address,
    row.browser,
    row.methods.join(' '),
  ])
  const head = ['REFERENCE', 'USER', 'CARRIER', 'SINCE (UTC)', 'LAST SEEN', 'ADDRESS', 'BROWSER', 'SHOWN']
  io.stdout(table([head, ...cells]))
  return 0
}

/** `sessions revoke`. */
export async function revoke(args: readonly string[], io: CliIo): Promise<number> {
  const options = {
    ...CONFIG_OPTION,
    user: { type: 'string' },
    all: { type: 'boolean' },
    yes: { type: 'boolean', short: 'y' },
  } as const
  const parsed = parseOptions(args, io, SESSIONS_HELP, options, [0, 1])
  if (!parsed.ok) return parsed.code
  const [reference] = parsed.positionals
  const { user, all, yes } = parsed.values
  if ([reference, user, all].filter(one => one !== undefined).length !== 1) {
    io.stderr(`Say which: one REFERENCE, or --user NAME, or --all.\n\n${SESSIONS_HELP}`)
    return 2
  }
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  if (reference !== undefined) return revokeOne(reference, config, io)
  const subject = user === undefined ? undefined : subjectOf(user)
  return operatorCommand(config, io, { command: 'sessions revoke', subject }, async () => {
    const refused =
      yes === true ? undefined : await confirm(`End all sessions of ${subject ?? 'everybody'}?`, io)
    if (refused !== undefined) return refused
    return tellEnded(
      await withSessions(config, io, 0, sessions =>
        subject === undefined ? endEverybodys(sessions) : sessions.endAll(subject),
      ),
      io,
    )
  })
}

async function revokeOne(reference: string, config: GatewayConfig, io: CliIo): Promise<number> {
  const owner = await withSessions(config, io, undefined, async sessions => {
    for await (const session of sessions.listAll())
      if (session.reference === reference) return session.subject
    return undefined
  })
  return operatorCommand(config, io, { command: 'sessions revoke', subject: owner }, async () => {
    const ended =
      owner !== undefined &&
      (await withSessions(config, io, false, sessions => sessions.endByReference(owner, reference)))
    if (ended) return tellEnded(1, io)
    // Not told again: it may be the cookie itself.
    io.stderr('There is no session of that reference. "gatehouse sessions list" shows the references.\n')
    return 1
  })
}

/** Ends those of one user after the other, so that a session that is replaced meanwhile is not missed. */
async function endEverybodys(sessions: Sessions): Promise<number> {
  const subjects = new Set<string>()
  for await (const { subject } of sessions.listAll()) subjects.add(subject)
  let ended = 0
  for (const subject of subjects) ended += await sessions.endAll(subject)
  return ended
}

function tellEnded(ended: number, io: CliIo): number {
  if (ended === 0) io.stderr('There was no session to end.\n')
  else io.stdout(`${ended === 1 ? 'One session is ended.' : `${ended} sessions are ended.`}\n`)
  return ended === 0 ? 1 : 0
}

/** A name that cannot be one has no sessions. */
function subjectOf(name: string): string {
  return canonicalUserName(name) ?? name
}

/** Works on the sessions of the store. A store that was never opened has none, and is not made. */
function withSessions<R>(
  config: GatewayConfig,
  io: CliIo,
  none: R,
  work: (sessions: Sessions) => Promise<R>,
): Promise<R> {
  if (!hasStore(config)) return Promise.resolve(none)
  return withServices(config, io, ({ sessions }) => work(sessions))
}
