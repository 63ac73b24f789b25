import { compilePolicy } from '../config/compile-policy.js'
import { formatProblem } from '../documents/problem.js'
import { coverageOf } from '../policy/cases/coverage.js'
import { type CaseResult, runCase } from '../policy/cases/run-cases.js'
import { createExplain } from '../policy/explain/explanation.js'
import { formatAnnotation } from './check/annotations.js'
import type { CliIo, Command } from './cli-io.js'
import { CONFIG_OPTION, readConfig } from './deployment.js'
import { parseOptions } from './parse-options.js'
import { shortName } from './short-name.js'
import { withShortPlaces } from './short-places.js'
import { formatCoverage, percentOf } from './test/format-coverage.js'
import { formatFailures, jsonOf, problemOf } from './test/format-results.js'
import { gatherCases } from './test/gather-cases.js'

const HELP = `gatehouse test [FILE…] [--coverage] [--min PERCENT] [--json | --format text|json|github]
               [--config gateway.yaml]

Runs the cases of the policy: those below "tests:" in the configuration, those of gateway.tests.yaml beside it, and
those of each FILE. A case is a request, who asks, and what must become of it:

  tests:
    - { get: https://wiki.example.com/assets/a.js, as: anonymous, expect: allow }
    - { get: /admin/x, as: { user: alice, groups: [ops], mfa_age: 6m }, expect: step_up }

Nothing is sent, and no gateway need run.
  --coverage       also tells which routes no case touches, and which conditions no case tries from both sides
  --min PERCENT    the same, and less than so much coverage is a failure
  --format github  failures as annotations for GitHub Actions, shown beside the lines of a pull request
Exit code 0: every case passed, or there is none. 1: a case failed, or something is wrong with the files.
2: this command was not understood.
`

const OPTIONS = {
  ...CONFIG_OPTION,
  coverage: { type: 'boolean' },
  min: { type: 'string' },
  json: { type: 'boolean' },
  format: { type: 'string' },
} as const

const FORMATS = ['text', 'json', 'github']

/** The command `test`. */
export const run: Command = (args, io) => Promise.resolve(runNow(args, io))

function runNow(args: readonly string[], io: CliIo): number {
  const parsed = parseOptions(args, io, HELP, OPTIONS, [0, Infinity])
  if (!parsed.ok) return parsed.code
  const { coverage: wantsCoverage, min, json, format = json === true ? 'json' : 'text' } = parsed.values
  if (!FORMATS.includes(format) || (json === true && format !== 'json')) {
    io.stderr(`--format is one of ${FORMATS.join(', ')}; --json means --format json.\n\n${HELP}`)
    return 2
  }
  if (min !== undefined && !/^(?:100|[1-9]?[0-9])$/.test(min)) {
    io.stderr(`--min is a whole number from 0 to 100, not "${min}".\n\n${HELP}`)
    return 2
  }
  const loaded = readConfig(parsed.values.config, io)
  if (loaded === undefined) return 1
  const config = withShortPlaces(loaded, io.cwd)
  const progress = createProgress(io)
  const { cases, people, problems } = gatherCases(config, parsed.positionals, io, file => {
    progress.tell(`Reading ${shortName(io.cwd, file)} …`)
  })
  progress.clear()
  for (const problem of problems)
    io.stderr(`${formatProblem({ ...problem, file: shortName(io.cwd, problem.file) })}\n\n`)
  if (problems.some(({ severity }) => severity === 'error')) return 1

  const policy = compilePolicy(config)
  const explain = createExplain(config, policy)
  const caseRun = { ...people, policy, explain, now: io.now() }
  const results = cases.map((one, index): CaseResult => {
    if (index % STEP === 0 && index > 0) progress.tell(`${index} of ${cases.length} cases …`)
    return runCase(one, caseRun)
  })
  progress.clear()
  const failures = results.filter(({ faults }) => faults.length > 0)
  const coverage =
    wantsCoverage === true || min !== undefined
      ? coverageOf(
          config.apps.map(app => app.policy),
          results,
        )
      : undefined
  const isTooLittle = coverage !== undefined && percentOf(coverage) < Number(min ?? 0)
  const code = failures.length > 0 || isTooLittle ? 1 : 0
  const style = { cwd: io.cwd, colours: io.isTTY && (io.env.NO_COLOR ?? '') === '' }
  if (format === 'json') {
    io.stdout(
      `${JSON.stringify(jsonOf({ results, failures, coverage, code }, explain, style), undefined, 2)}\n`,
    )
    return code
  }
  io.stdout(
    format === 'github'
      ? failures.map(failure => formatAnnotation(problemOf(failure, style), 'test')).join('')
      : formatFailures(failures, explain, style),
  )
  if (cases.length === 0) io.stderr(NO_CASES)
  io.stdout(`${results.length - failures.length} passed, ${failures.length} failed\n`)
  if (coverage !== undefined) io.stdout(`\n${formatCoverage(coverage)}`)
  if (isTooLittle) io.stdout(`That is less than ${min ?? ''} %.\n`)
  return code
}

const NO_CASES = `There are no cases. Write some below "tests:" in the configuration, or in gateway.tests.yaml beside it:
"gatehouse test --help" shows how.
`

/** After how many cases a person is told how far it is. */
const STEP = 5000

interface Progress {
  tell(text: string): void
  clear(): void
}

/** One line on a terminal that is written over; nothing elsewhere. */
function createProgress({ isTTY, stderr }: CliIo): Progress {
  let isTold = false
  return {
    tell: text => {
      if (isTTY) stderr(`\r\u001b[K${text}`)
      isTold = isTTY
    },
    clear: () => {
      if (isTold) stderr('\r\u001b[K')
      isTold = false
    },
  }
}
