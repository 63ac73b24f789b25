import { existsSync } from 'node:fs'
import type { GatewayConfig } from '../../config/gateway-config.js'
import { resetSecondFactors } from '../../login/reset-second-factors.js'
import { createServices, type Services } from '../../services.js'
import type { Store } from '../../store/store.js'
import { openFileDirectory } from '../../users/file-directory.js'
import type { CliIo } from '../cli-io.js'
import { CONFIG_OPTION, openStore, readConfig } from '../deployment.js'
import { parseOptions } from '../parse-options.js'
import { readUsers, tellProblems } from '../read-users.js'
import type { UserRecord } from '../../users/users-file.js'
import { USERS_HELP } from './help.js'
import { readNamedUser } from './named-user.js'

/** What the gateway knows of people, open also while it runs. */
interface LiveServices extends Services {
  readonly store: Store
  readonly audit: () => void
}

/** `users list`. */
export async function list(args: readonly string[], io: CliIo): Promise<number> {
  const options = { ...CONFIG_OPTION, json: { type: 'boolean' } } as const
  const parsed = parseOptions(args, io, USERS_HELP, options)
  if (!parsed.ok) return parsed.code
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const read = readUsers(config.users.file, io)
  if (!read.ok) {
    tellProblems(read.problems, io)
    return 1
  }
  const users = [...read.users.values()]
  const enrolled = await enrolledAmong(users, config, io)
  const rows = users.map(({ person, disabled }) => ({
    name: person.subject,
    displayname: person.displayName,
    email: person.email,
    groups: person.groups,
    mfa: person.mfa,
    enrolled: enrolled.has(person.subject),
    disabled,
  }))
  if (parsed.values.json === true) {
    io.stdout(`${JSON.stringify(rows, undefined, 2)}\n`)
    return 0
  }
  const cells = rows.map(row => [
    row.name,
    row.displayname,
    row.groups.join(', '),
    row.mfa === 'disabled' ? 'disabled' : row.enrolled ? 'set up' : 'not yet',
    row.disabled ? 'disabled' : '',
  ])
  io.stdout(table([['USER', 'NAME', 'GROUPS', 'SECOND FACTOR', ''], ...cells]))
  return 0
}

/** `users unlock NAME`. */
export async function unlock(args: readonly string[], io: CliIo): Promise<number> {
  const named = await readNamedUser(args, io)
  if (!named.ok) return named.code
  const { config, subject } = named
  await withServices(config, io, ({ lockout }) => lockout.unlock(subject))
  io.stdout(`${subject} may try again: wrong passwords and codes are forgotten.\n`)
  return 0
}

/** `users ticket NAME`: the ticket alone on the standard output. */
export async function ticket(args: readonly string[], io: CliIo): Promise<number> {
  const named = await readNamedUser(args, io)
  if (!named.ok) return named.code
  const { config, subject, user } = named
  if (user.person.mfa === 'disabled') {
    io.stderr(`The users file says "mfa: disabled" for ${subject}: remove that, and then make the ticket.\n`)
    return 1
  }
  const made = await withServices(config, io, async ({ totp, tickets }) =>
    (await totp.enrolled(subject)) ? undefined : tickets.create(subject),
  )
  if (made === undefined) {
    io.stderr(
      `${subject} has a second factor. If it is lost, "gatehouse users reset-mfa ${subject}" comes first.\n`,
    )
    return 1
  }
  io.stderr(`With this ticket ${subject} sets up a second factor at the next login, within 24 hours:\n`)
  io.stdout(`${made}\n`)
  return 0
}

/** `users reset-mfa NAME`. */
export async function resetMfa(args: readonly string[], io: CliIo): Promise<number> {
  const question = (subject: string): string =>
    `Remove every second factor of ${subject} and end all sessions of ${subject}?`
  const named = await readNamedUser(args, io, question)
  if (!named.ok) return named.code
  const { config, subject } = named
  const had = await withServices(config, io, services => resetSecondFactors(subject, services))
  io.stdout(
    `${had ? `The second factors of ${subject} are removed` : `${subject} had no second factor`}; ` +
      `all sessions are ended. To set up a new one, ${subject} needs a ticket: gatehouse users ticket ${subject}\n`,
  )
  return 0
}

/** Ends every session of a user, and says how many in a sentence. A store that was never opened has none. */
export async function endSessions(subject: string, config: GatewayConfig, io: CliIo): Promise<string> {
  const ended = existsSync(config.store.embedded)
    ? await withServices(config, io, ({ sessions }) => sessions.endAll(subject))
    : 0
  if (ended === 0) return 'There was no session to end.'
  return ended === 1 ? 'One session is ended.' : `${ended} sessions are ended.`
}

async function enrolledAmong(
  users: readonly UserRecord[],
  config: GatewayConfig,
  io: CliIo,
): Promise<ReadonlySet<string>> {
  const enrolled = new Set<string>()
  if (!existsSync(config.store.embedded)) return enrolled
  await withServices(config, io, async ({ totp }) => {
    for (const { person } of users) if (await totp.enrolled(person.subject)) enrolled.add(person.subject)
  })
  return enrolled
}

async function withServices<R>(
  config: GatewayConfig,
  io: CliIo,
  work: (services: LiveServices) => Promise<R>,
): Promise<R> {
  const audit = (): void => undefined
  const ignore = (): void => undefined
  const directory = openFileDirectory({ file: config.users.file, onChange: ignore, onFault: ignore })
  const { store, secrets } = openStore(config, io)
  try {
    const { now, random } = io
    const opens = (): boolean => false
    return await work({
      ...createServices({ config, store, secrets, directory, now, random, audit, opens }),
      store,
      audit,
    })
  } finally {
    directory.close()
    await store.close()
  }
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map(line => `${line}\n`)
    .join('')
}
