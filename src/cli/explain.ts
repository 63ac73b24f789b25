import type { GatewayConfig } from '../config/gateway-config.js'
import type { Identity } from '../access/identity.js'
import type { CliIo, Command } from './cli-io.js'
import { CONFIG_OPTION, readConfig } from './deployment.js'
import { loggedIn, type MfaAge, readAsked, readMfaAge } from './explain/asked-request.js'
import { explain } from './explain/explanation.js'
import { formatExplanation } from './explain/format-explanation.js'
import { parseOptions } from './parse-options.js'
import { findUser } from './read-users.js'
import { shortName } from './short-name.js'

const HELP = `gatehouse explain METHOD URL [--as USER] [--mfa-age 6m | --mfa-age none] [--from IP] [--json]
                  [--config gateway.yaml]

Says what becomes of a request and why: every route with its place, the decision, what a browser and an API client
get, and what the app would see. Nothing is sent. A URL that is only a path is one of "public_url".
  --as USER        a user of the users file who has just shown password and second factor; otherwise nobody
  --mfa-age 6m     that login was so long ago; none: only the password was shown, just now
  --from IP        the client's address; otherwise one that belongs to nobody
Exit code 0: allowed. 1: anything else. 2: this command was not understood.
`

/** The command `explain`. */
export const run: Command = (args, io) => Promise.resolve(runNow(args, io))

function runNow(args: readonly string[], io: CliIo): number {
  const options = {
    ...CONFIG_OPTION,
    as: { type: 'string' },
    'mfa-age': { type: 'string' },
    from: { type: 'string' },
    json: { type: 'boolean' },
  } as const
  const parsed = parseOptions(args, io, HELP, options, [2, 2])
  if (!parsed.ok) return parsed.code
  const { as, from, json, 'mfa-age': writtenAge } = parsed.values
  const notUnderstood = (why: string): number => {
    io.stderr(`${why}\n\n${HELP}`)
    return 2
  }
  const age = readMfaAge(writtenAge)
  if (age === undefined) return notUnderstood('--mfa-age is a time such as 90s, 6m, 12h or 30d, or "none".')
  if (writtenAge !== undefined && as === undefined) return notUnderstood('--mfa-age needs --as USER.')
  const config = readConfig(parsed.values.config, io)
  if (config === undefined) return 1
  const [method = '', url = ''] = parsed.positionals
  const read = readAsked(method, url, from, config.publicUrl.origin)
  if (!read.ok) return notUnderstood(read.why)
  const caller = as === undefined ? NOBODY : readCaller(as, { age, written: writtenAge ?? '0s' }, config, io)
  if (caller === undefined) return 1
  const explanation = explain(withShortNames(config, io.cwd), read.asked, caller.identity, io.now())
  if (json === true)
    io.stdout(
      `${JSON.stringify({ allowed: explanation.outcome === 'allow', ...explanation }, undefined, 2)}\n`,
    )
  else {
    const title = `${method} ${url} ${caller.says}, from ${read.asked.address}`
    io.stdout(formatExplanation(explanation, { colours: io.isTTY && (io.env.NO_COLOR ?? '') === '', title }))
  }
  return explanation.outcome === 'allow' ? 0 : 1
}

interface ExplainedCaller {
  readonly identity: Identity | undefined
  readonly says: string
}

const NOBODY: ExplainedCaller = { identity: undefined, says: 'by nobody' }

function readCaller(
  name: string,
  { age, written }: { readonly age: MfaAge; readonly written: string },
  config: GatewayConfig,
  io: CliIo,
): ExplainedCaller | undefined {
  const user = findUser(config.users.file, name, io)
  if (user === undefined) return undefined
  const { subject, mfa } = user.person
  if (user.disabled) return { identity: undefined, says: `by ${subject}, who is disabled and so is nobody` }
  const shown = mfa === 'disabled' || age === 'none' ? 'the password alone' : 'password and second factor'
  const when = age === 'none' || age === 0 ? 'just now' : `${written} ago`
  return { identity: loggedIn(user, age, io.now()), says: `by ${subject}, who showed ${shown} ${when}` }
}

/** Every place of the policy with its file as a person would write it here. */
function withShortNames(config: GatewayConfig, cwd: string): GatewayConfig {
  const apps = config.apps.map(app => ({
    ...app,
    policy: {
      ...app.policy,
      routes: app.policy.routes.map(route => ({
        ...route,
        place: route.place && { ...route.place, file: shortName(cwd, route.place.file) },
      })),
    },
  }))
  return { ...config, apps }
}
