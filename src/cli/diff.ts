import { dirname, join, resolve } from 'node:path'
import type { Identity } from '../access/identity.js'
import type { Place } from '../access/route.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import { loadConfig } from '../config/load-config.js'
import { formatProblem } from '../documents/problem.js'
import { diffPolicies } from '../policy/diff/diff-policies.js'
import { countOf, formatDiff, urlOf } from '../policy/diff/format-diff.js'
import type { DecidingRoute, PolicyDiff, Witness } from '../policy/diff/policy-diff.js'
import type { CliIo, Command } from './cli-io.js'
import { parseOptions } from './parse-options.js'
import { shortName } from './short-name.js'

const HELP = `gatehouse diff OLD NEW [--fail-on opened|closed|any] [--json]

Says which requests became more open, more closed, or got another upstream between two configuration files, and for
whom: computed from the policies themselves, each difference with an example that both have judged. Secrets and
certificates that the files name are not needed. "-" is the standard input:
  git show HEAD:gateway.yaml | gatehouse diff - gateway.yaml
  --fail-on opened   exit code 1 when something became more open, or when that cannot be told for certain;
                     closed and any likewise
Exit code 0: compared. 1: a file has errors, or what --fail-on says. 2: this command was not understood.
`

const STANDARD_INPUT = 'standard input'

/** The command `diff`. */
export const run: Command = async (args, io) => {
  const options = { 'fail-on': { type: 'string' }, json: { type: 'boolean' } } as const
  const parsed = parseOptions(args, io, HELP, options, [2, 2])
  if (!parsed.ok) return parsed.code
  const [old = '', next = ''] = parsed.positionals
  const failOn = parsed.values['fail-on']
  const notUnderstood = (why: string): number => {
    io.stderr(`${why}\n\n${HELP}`)
    return 2
  }
  if (failOn !== undefined && !['opened', 'closed', 'any'].includes(failOn))
    return notUnderstood('--fail-on is one of opened, closed, any.')
  if (old === '-' && next === '-') return notUnderstood('Only one of the two can be the standard input.')
  const now = io.now()
  const before = await readSide(old, next, io, now)
  const after = await readSide(next, old, io, now)
  if (before === undefined || after === undefined) return 1
  const diff = diffPolicies(before, after, now)
  if (parsed.values.json === true) io.stdout(`${JSON.stringify(asJson(diff, io.cwd), undefined, 2)}\n`)
  else {
    const colours = io.isTTY && (io.env.NO_COLOR ?? '') === ''
    const nameOf = ({ file, line }: Place): string => `${shortName(io.cwd, file)}:${line}`
    io.stdout(formatDiff(diff, { colours, nameOf, now }))
  }
  return fails(diff, failOn) ? 1 : 0
}

/** Reads one file, or tells every error of it and gives undefined. The standard input lies beside the other file. */
async function readSide(
  name: string,
  other: string,
  io: CliIo,
  now: number,
): Promise<GatewayConfig | undefined> {
  const isInput = name === '-'
  const file = isInput ? join(dirname(resolve(io.cwd, other)), STANDARD_INPUT) : resolve(io.cwd, name)
  const input = isInput ? await readInput(io) : undefined
  const readFile = (path: string): string =>
    path === file && input !== undefined ? input : io.readFile(path)
  const loaded = loadConfig(file, { readFile, env: io.env, now, withoutSecrets: true })
  if (loaded.ok) return loaded.config
  for (const problem of loaded.problems) {
    if (problem.severity === 'error')
      io.stderr(`${formatProblem({ ...problem, file: shortName(io.cwd, problem.file) })}\n\n`)
  }
  return undefined
}

async function readInput(io: CliIo): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of io.openFile('-').open()) pieces.push(Buffer.from(piece as Uint8Array))
  return Buffer.concat(pieces).toString('utf8')
}

/** A doubt fails too: what is not certain must not pass for a proof. */
function fails(diff: PolicyDiff, failOn: string | undefined): boolean {
  if (failOn === undefined) return false
  if (diff.doubts.length > 0) return true
  if (failOn === 'opened' || failOn === 'closed') return countOf(diff, failOn) > 0
  return diff.differences.length > 0 || diff.upstreams.length > 0
}

function asJson(diff: PolicyDiff, cwd: string) {
  const side = ({ place, app, pattern, demands }: DecidingRoute) => ({
    app,
    pattern,
    demands,
    place: place && { ...place, file: shortName(cwd, place.file) },
  })
  return {
    opened: countOf(diff, 'opened'),
    closed: countOf(diff, 'closed'),
    changed: countOf(diff, 'changed'),
    certain: diff.doubts.length === 0,
    ...diff,
    differences: diff.differences.map(difference => ({
      ...difference,
      before: side(difference.before),
      after: side(difference.after),
      changes: difference.changes.map(change => ({ ...change, witness: witnessAsJson(change.witness) })),
    })),
    upstreams: diff.upstreams.map(change => ({ ...change, witness: witnessAsJson(change.witness) })),
  }
}

function witnessAsJson({ asked, caller, as, at }: Witness) {
  return {
    method: asked.method,
    url: urlOf(asked),
    preflight: asked.asksPreflight,
    address: asked.address,
    at: new Date(at).toISOString(),
    as,
    caller: caller === undefined ? null : callerAsJson(caller, at),
  }
}

function callerAsJson({ person, proofs, hasSecondFactor, rememberedDevice, apiToken }: Identity, at: number) {
  return {
    user: person.subject,
    groups: person.groups,
    mfa: person.mfa,
    hasSecondFactor,
    rememberedDevice: rememberedDevice === true,
    proofs: proofs.map(proof => ({ method: proof.method, ageSeconds: (at - proof.at) / 1000 })),
    apiToken,
  }
}
