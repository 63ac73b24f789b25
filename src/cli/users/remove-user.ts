import type { GatewayConfig } from '../../config/gateway-config.js'
import { forgetUser } from '../../login/forget-user.js'
import { canonicalUserName } from '../../users/user-name.js'
import { removeUser } from '../../users/users-file-edit.js'
import type { CliIo } from '../cli-io.js'
import { confirm } from '../confirm.js'
import { CONFIG_OPTION, hasStore, readConfig } from '../deployment.js'
import { withServices } from '../live-services.js'
import { operatorCommand } from '../operator-command.js'
import { parseOptions } from '../parse-options.js'
import { findUser, readUsers, tellProblems } from '../read-users.js'
import { changeUsersFile } from './change-users-file.js'
import { USERS_HELP } from './help.js'

/** `users remove NAME`: also for a name that only the store knows any more. */
export async function remove(args: readonly string[], io: CliIo): Promise<number> {
  const options = { ...CONFIG_OPTION, yes: { type: 'boolean', short: 'y' } } as const
  const parsed = parseOptions(args, io, USERS_HELP, options, [1, 1])
  if (!parsed.ok) return parsed.code
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const [typed = ''] = parsed.positionals
  const subject = canonicalUserName(typed)
  return operatorCommand(config, io, { command: 'users remove', subject }, async audit => {
    const { file } = config.users
    const read = readUsers(file, io)
    if (!read.ok) {
      tellProblems(read.problems, io)
      return 1
    }
    const listed = subject !== undefined && read.users.has(subject)
    if (subject === undefined || !(listed || (await isRemembered(subject, config, io)))) {
      findUser(file, typed, io)
      return 1
    }
    const question = `Remove ${subject} from the users file, and forget everything about ${subject}?`
    const refused = parsed.values.yes === true ? undefined : await confirm(question, io)
    if (refused !== undefined) return refused
    // The file first: from then on a running gateway knows nobody of this name, and begins nothing new.
    if (listed && !changeUsersFile(file, text => removeUser(text, subject), subject, io)) return 1
    const gone = hasStore(config)
      ? await withServices(
          config,
          io,
          ({ store, sessions, lockout, factors }) =>
            forgetUser(subject, { store, sessions, lockout, factors: factors.kept }),
          audit,
        )
      : { sessions: 0, others: 0 }
    const from = listed ? `removed from ${file}` : 'forgotten; the users file had nobody of that name'
    io.stdout(
      `${subject} is ${from}. Sessions that are ended: ${gone.sessions}. Other records that are gone: ${gone.others}.\n`,
    )
    return 0
  })
}

/** Whether the store has anything of somebody of that name. */
async function isRemembered(subject: string, config: GatewayConfig, io: CliIo): Promise<boolean> {
  if (!hasStore(config)) return false
  return withServices(config, io, async ({ store }) => {
    for (const kind of ['account', 'activity', 'api_token', 'session'] as const)
      if ((await store.listByOwner(kind, subject)).length > 0) return true
    return false
  })
}
