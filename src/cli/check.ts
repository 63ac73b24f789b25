import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { GatewayConfig } from '../config/gateway-config.js'
import { loadConfig } from '../config/load-config.js'
import { formatProblem, unreadableFile, type Problem } from '../config/problem.js'
import { sourceText } from '../config/source-text.js'
import { readUsersFile } from '../users/users-file.js'
import type { CliIo } from './cli-io.js'

const HELP = `gatehouse check [--config gateway.yaml] [--json]

Reads the configuration and the files it names, and prints every error and warning with its place and cure.
Exit code 0: no errors. 1: errors. 2: this command was not understood.
`

/** The command `check`. Gives the exit code. */
export function run(args: readonly string[], io: CliIo): Promise<number> {
  return Promise.resolve(check(args, io))
}

function check(args: readonly string[], io: CliIo): number {
  let options
  try {
    options = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string', default: 'gateway.yaml' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    io.stderr(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    return 2
  }
  if (options.help) {
    io.stdout(HELP)
    return 0
  }
  const file = resolve(io.cwd, options.config)
  const loaded = loadConfig(file, { readFile: io.readFile, env: io.env, now: io.now() })
  const users = loaded.ok ? checkUsers(loaded.config.users.file, io) : undefined
  const problems = [...(loaded.ok ? loaded.warnings : loaded.problems), ...(users?.problems ?? [])]
  const shown = problems.map(problem => ({ ...problem, file: shortName(io.cwd, problem.file) }))
  const errors = shown.filter(problem => problem.severity === 'error').length
  if (options.json) {
    io.stdout(`${JSON.stringify({ ok: errors === 0, problems: shown }, undefined, 2)}\n`)
    return errors === 0 ? 0 : 1
  }
  for (const problem of shown) io.stdout(`${formatProblem(problem)}\n\n`)
  const total = `${count(errors, 'error')}, ${count(shown.length - errors, 'warning')}.`
  if (loaded.ok && errors === 0) {
    const found = `${protectedBy(loaded.config)}, for ${count(users?.count ?? 0, 'user')}`
    io.stdout(`${shortName(io.cwd, file)} is sound: it protects ${found}. ${total}\n`)
    return 0
  }
  io.stdout(`${total} The gateway does not start with an error.\n`)
  return 1
}

/** Reads the users file, which the configuration only names. */
function checkUsers(
  file: string,
  io: CliIo,
): { readonly count: number; readonly problems: readonly Problem[] } {
  let text
  try {
    text = io.readFile(file)
  } catch (error) {
    return { count: 0, problems: [unreadableFile(file, error, 'make it with "gatehouse users add"')] }
  }
  const read = readUsersFile(text, file)
  if (read.ok) return { count: read.users.size, problems: [] }
  const source = sourceText(file, text)
  const problems = read.faults.map(fault => source.problem('error', fault, fault.message, fault.cure))
  return { count: 0, problems }
}

function protectedBy(config: GatewayConfig): string {
  const routes = config.apps.reduce((sum, app) => sum + app.policy.routes.length, 0)
  return `${count(config.apps.length, 'app')} with ${count(routes, 'route')}`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

/** Names below the current directory are shown as a person would write them. */
function shortName(cwd: string, file: string): string {
  const name = relative(cwd, file)
  return name.startsWith('..') ? file : name
}
