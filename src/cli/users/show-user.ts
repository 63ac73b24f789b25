import type { CliIo } from '../cli-io.js'
import { CONFIG_OPTION, hasStore, readConfig } from '../deployment.js'
import { withServices } from '../live-services.js'
import { parseOptions } from '../parse-options.js'
import { findUser } from '../read-users.js'
import { formatStory } from './format-story.js'
import { USERS_HELP } from './help.js'
import { knownOf, personOf, type UserStory } from './user-story.js'

/** `users show NAME`. */
export async function show(args: readonly string[], io: CliIo): Promise<number> {
  const options = { ...CONFIG_OPTION, json: { type: 'boolean' } } as const
  const parsed = parseOptions(args, io, USERS_HELP, options, [1, 1])
  if (!parsed.ok) return parsed.code
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const user = findUser(config.users.file, parsed.positionals[0] ?? '', io)
  if (user === undefined) return 1
  const known = hasStore(config)
    ? await withServices(config, io, services => knownOf(user, services))
    : undefined
  const story: UserStory = { ...personOf(user), ...known }
  io.stdout(parsed.values.json === true ? `${JSON.stringify(story, undefined, 2)}\n` : formatStory(story))
  return 0
}
