import { resolve } from 'node:path'
import type { GatewayConfig } from '../config/gateway-config.js'
import { formatProblem } from '../documents/problem.js'
import { formatAnnotation } from './check/annotations.js'
import { inspect, type Inspection } from './check/inspection.js'
import type { CliIo, Command } from './cli-io.js'
import { CONFIG_OPTION } from './deployment.js'
import { parseOptions } from './parse-options.js'
import { shortName } from './short-name.js'

const FORMATS = ['text', 'json', 'github'] as const
type Format = (typeof FORMATS)[number]

const HELP = `gatehouse check [--config gateway.yaml] [--strict] [--json | --format text|json|github]

Reads the configuration and the files it names, and prints every error and warning with its place and cure. The gateway
does not start with an error: a route that is never reached, a setting that is not understood. A warning is about what
works and is probably not meant: a route that opens a part of a stricter one below it, anybody may change things, a
bypass without end or near it, a user or group that nobody has, an app that no case of "tests" asks, a file with
secrets that others on the machine may read. Warnings of the policy come once there are no errors.
  --strict          warnings count as errors
  --format github   annotations for GitHub Actions, shown beside the lines of a pull request
  --format json     { "ok": …, "problems": [{ severity, file, line, column, message, cure, related, … }] }
  --json            the same
Exit code 0: no errors. 1: errors; with --strict also warnings. 2: this command was not understood.
`

/** The command `check`. */
export const run: Command = (args, io) => Promise.resolve(check(args, io))

function check(args: readonly string[], io: CliIo): number {
  const options = {
    ...CONFIG_OPTION,
    strict: { type: 'boolean' },
    json: { type: 'boolean' },
    format: { type: 'string' },
  } as const
  const parsed = parseOptions(args, io, HELP, options)
  if (!parsed.ok) return parsed.code
  const { json, strict, format: written = json === true ? 'json' : 'text' } = parsed.values
  const format = FORMATS.find(one => one === written)
  if (format === undefined || (json === true && format !== 'json')) {
    io.stderr(`--format is one of ${FORMATS.join(', ')}; --json means --format json.\n\n${HELP}`)
    return 2
  }
  const file = resolve(io.cwd, parsed.values.config)
  const inspection = inspect(file, io)
  const ok = !inspection.problems.some(({ severity }) => severity === 'error' || strict === true)
  io.stdout(report(inspection, { format, ok, strict: strict === true, file: shortName(io.cwd, file) }))
  return ok ? 0 : 1
}

interface Reported {
  readonly format: Format
  readonly ok: boolean
  readonly strict: boolean
  readonly file: string
}

function report(inspection: Inspection, reported: Reported): string {
  const { problems } = inspection
  switch (reported.format) {
    case 'json':
      return `${JSON.stringify({ ok: reported.ok, problems }, undefined, 2)}\n`
    case 'github':
      return `${problems.map(one => formatAnnotation(one, 'check')).join('')}${conclusion(inspection, reported)}\n`
    case 'text':
      return `${problems.map(problem => `${formatProblem(problem)}\n\n`).join('')}${conclusion(inspection, reported)}\n`
  }
}

function conclusion({ problems, config, users }: Inspection, { ok, strict, file }: Reported): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const total = `${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}`
  if (config === undefined || users === undefined)
    return `${total}. The gateway does not start with an error.`
  if (errors > 0) return `${total}. The gateway starts, but not with what is broken beside ${file}.`
  const found = `it protects ${protectedBy(config)}, for ${count(users, 'user')}`
  if (!ok) return `${file} works: ${found}. ${total}, and with --strict a warning counts as an error.`
  return `${file} is sound: ${found}. ${total}${strict ? ' (--strict)' : ''}.`
}

function protectedBy(config: GatewayConfig): string {
  const routes = config.apps.reduce((sum, app) => sum + app.policy.routes.length, 0)
  return `${count(config.apps.length, 'app')} with ${count(routes, 'route')}`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
