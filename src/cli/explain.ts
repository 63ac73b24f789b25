import { identityOf } from '../policy/described-caller.js'
import { readAsked } from '../policy/explain/asked-request.js'
import { createExplain } from '../policy/explain/explanation.js'
import { formatExplanation } from '../policy/explain/format-explanation.js'
import type { CliIo, Command } from './cli-io.js'
import { CONFIG_OPTION, readConfig } from './deployment.js'
import { readCaller } from './explain/read-caller.js'
import { readTime } from './explain/read-time.js'
import { parseOptions } from './parse-options.js'
import { withShortPlaces } from './short-places.js'

const HELP = `gatehouse explain METHOD URL [--as USER [--mfa-age 6m | --mfa-age none] [--factor webauthn,totp]
                  [--groups a,b] [--remembered]] [--token-scopes a,b] [--from IP]
                  [--at 2027-04-01T00:00Z] [--preflight] [--json] [--config gateway.yaml]

Says what becomes of a request and why: the decision, what the route asks and what there is, every route that was
read, what a browser and an API client get, and what the app would see. Nothing is sent. A URL that is only a path is
one of "public_url".
  --as USER        a user of the users file who has just shown password and second factor; otherwise nobody
  --mfa-age 6m     that login was so long ago; none: only the password was shown, just now
  --factor LIST    the second factors that were shown (totp, webauthn, backup_code, email, sms, knowledge_question);
                   otherwise totp
  --groups LIST    the user's groups; then USER need not be in the users file
  --remembered     only the password was shown, in a browser that is remembered
  --token-scopes LIST   an API token with these scopes: USER's own, or without --as a machine's
  --from IP        the client's address; otherwise one that belongs to nobody
  --at TIME        that moment instead of now; UTC unless it says otherwise
  --preflight      it carries what a CORS preflight carries
  --json           everything, for programs
Exit code 0: allowed. 1: anything else. 2: this command was not understood.
`

/** The command `explain`. */
export const run: Command = (args, io) => Promise.resolve(runNow(args, io))

function runNow(args: readonly string[], io: CliIo): number {
  const options = {
    ...CONFIG_OPTION,
    as: { type: 'string' },
    'mfa-age': { type: 'string' },
    factor: { type: 'string' },
    groups: { type: 'string' },
    remembered: { type: 'boolean' },
    'token-scopes': { type: 'string' },
    from: { type: 'string' },
    at: { type: 'string' },
    preflight: { type: 'boolean' },
    json: { type: 'boolean' },
  } as const
  const parsed = parseOptions(args, io, HELP, options, [2, 2])
  if (!parsed.ok) return parsed.code
  const { from, json, at: writtenTime, preflight = false, config: file } = parsed.values
  const notUnderstood = (why: string): number => {
    io.stderr(`${why}\n\n${HELP}`)
    return 2
  }
  const now = writtenTime === undefined ? io.now() : readTime(writtenTime)
  if (now === undefined) return notUnderstood('--at is a moment such as 2027-04-01 or 2027-04-01T09:30Z.')
  const config = readConfig(file, io)
  if (config === undefined) return 1
  const [method = '', url = ''] = parsed.positionals
  const read = readAsked(method, url, config.publicUrl.origin, from)
  if (!read.ok) return notUnderstood(read.why)
  const who = readCaller(parsed.values, config.users.file, io)
  if (!who.ok) return who.why === undefined ? who.code : notUnderstood(who.why)

  const asked = { ...read.asked, asksPreflight: preflight }
  const caller = who.caller && identityOf(who.caller, now)
  const explanation = createExplain(withShortPlaces(config, io.cwd))(asked, caller, now)
  const allowed = explanation.outcome === 'allow'
  if (json === true) {
    const time = new Date(now).toISOString()
    const request = { method, url, from: asked.address, preflight, at: time, who: who.says }
    io.stdout(`${JSON.stringify({ allowed, asked: request, ...explanation }, undefined, 2)}\n`)
  } else {
    const when = writtenTime === undefined ? '' : `, at ${new Date(now).toISOString().slice(0, 16)}Z`
    const title = `${method} ${url}\n${who.says}, from ${asked.address}${when}`
    io.stdout(formatExplanation(explanation, { colours: io.isTTY && (io.env.NO_COLOR ?? '') === '', title }))
  }
  return allowed ? 0 : 1
}
