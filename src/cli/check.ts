import { resolve } from 'node:path'
import type { GatewayConfig } from '../config/gateway-config.js'
import { loadConfig } from '../config/load-config.js'
import { formatProblem } from '../documents/problem.js'
import type { CliIo } from './cli-io.js'
import { CONFIG_OPTION } from './deployment.js'
import { parseOptions } from './parse-options.js'
import { readUsers } from './read-users.js'
import { shortName } from './short-name.js'

const HELP = `gatehouse check [--config gateway.yaml] [--json]

Reads the configuration and the files it names, and prints every error and warning with its place and cure.
Exit code 0: no errors. 1: errors. 2: this command was not understood.
`

/** The command `check`. Gives the exit code. */
export function run(args: readonly string[], io: CliIo): Promise<number> {
  return Promise.resolve(check(args, io))
}

function check(args: readonly string[], io: CliIo): number {
  const parsed = parseOptions(args, io, HELP, { ...CONFIG_OPTION, json: { type: 'boolean' } })
  if (!parsed.ok) return parsed.code
  const asJson = parsed.values.json === true
  const file = resolve(io.cwd, parsed.values.config)
  const loaded = loadConfig(file, { readFile: io.readFile, env: io.env, now: io.now() })
  const users = loaded.ok ? readUsers(loaded.config.users.file, io) : undefined
  const problems = [
    ...(loaded.ok ? loaded.warnings : loaded.problems),
    ...(users?.ok === false ? users.problems : []),
  ]
  const shown = problems.map(problem => ({ ...problem, file: shortName(io.cwd, problem.file) }))
  const errors = shown.filter(problem => problem.severity === 'error').length
  if (asJson) {
    io.stdout(`${JSON.stringify({ ok: errors === 0, problems: shown }, undefined, 2)}\n`)
    return errors === 0 ? 0 : 1
  }
  for (const problem of shown) io.stdout(`${formatProblem(problem)}\n\n`)
  const total = `${count(errors, 'error')}, ${count(shown.length - errors, 'warning')}.`
  if (loaded.ok && errors === 0) {
    const found = `${protectedBy(loaded.config)}, for ${count(users?.ok === true ? users.users.size : 0, 'user')}`
    io.stdout(`${shortName(io.cwd, file)} is sound: it protects ${found}. ${total}\n`)
    return 0
  }
  io.stdout(`${total} The gateway does not start with an error.\n`)
  return 1
}

function protectedBy(config: GatewayConfig): string {
  const routes = config.apps.reduce((sum, app) => sum + app.policy.routes.length, 0)
  return `${count(config.apps.length, 'app')} with ${count(routes, 'route')}`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
