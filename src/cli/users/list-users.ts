import type { GatewayConfig } from '../../config/gateway-config.js'
import type { UserRecord } from '../../users/users-file.js'
import type { CliIo } from '../cli-io.js'
import { CONFIG_OPTION, hasStore, readConfig } from '../deployment.js'
import { withServices } from '../live-services.js'
import { parseOptions } from '../parse-options.js'
import { readUsers, tellProblems } from '../read-users.js'
import { table } from '../table.js'
import { USERS_HELP } from './help.js'

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

async function enrolledAmong(
  users: readonly UserRecord[],
  config: GatewayConfig,
  io: CliIo,
): Promise<ReadonlySet<string>> {
  const enrolled = new Set<string>()
  if (!hasStore(config)) return enrolled
  await withServices(config, io, async ({ readyFactors }) => {
    for (const user of users) if ((await readyFactors(user)).enrolled) enrolled.add(user.person.subject)
  })
  return enrolled
}
