import { canonicalHost } from '../../access/host.js'
import { caseFileBeside, readCaseFile } from '../../config/case-files.js'
import type { GatewayConfig } from '../../config/gateway-config.js'
import { loadConfig } from '../../config/load-config.js'
import type { ConfigIo } from '../../config/reading.js'
import { byPlace, type Problem } from '../../documents/problem.js'
import type { CliIo } from '../cli-io.js'
import { readUsers } from '../read-users.js'
import { shortName } from '../short-name.js'

/** What was found in a configuration and the files beside it. */
export interface Inspection {
  /** Those of the configuration first, then those of the other files, each in the order of its file. */
  readonly problems: readonly Problem[]
  /** Undefined: it has errors. */
  readonly config: GatewayConfig | undefined
  /** How many users there are; undefined: they could not be read. */
  readonly users: number | undefined
}

/**
 * Reads a configuration, the files it names, the users, the cases and the shadow policy beside it, and what does not go together.
 * @param file its absolute name; all names in the problems are as somebody in `io.cwd` would write them
 */
export function inspect(file: string, io: CliIo): Inspection {
  const configIo = { readFile: io.readFile, env: io.env, now: io.now() }
  const loaded = loadConfig(file, configIo)
  if (!loaded.ok)
    return { problems: withShortNames(io.cwd, loaded.problems), config: undefined, users: undefined }
  const { config } = loaded
  const users = readUsers(config.users.file, io)
  const cases = readCaseFile(caseFileBeside(file), configIo, config.publicUrl.origin, 'no cases')
  const tests = [...config.tests, ...(cases.ok ? cases.cases : [])]
  const caseHosts = new Set(tests.flatMap(({ asked }) => canonicalHost(asked.authority) ?? []))
  const beside = loaded.warningsBeside({ users: users.ok ? users.users : undefined, caseHosts })
  const problems = [
    ...[...loaded.warnings, ...beside, ...loaded.exposedFiles(io.rightsOf)].sort(byPlace),
    ...(users.ok ? [] : users.problems),
    ...(cases.ok ? [] : cases.problems),
    ...shadowProblems(config.shadow, configIo),
  ]
  return {
    problems: withShortNames(io.cwd, problems),
    config,
    users: users.ok ? users.users.size : undefined,
  }
}

/** What is wrong with the shadow policy. The gateway starts without one that is broken. */
function shadowProblems(file: string | undefined, io: ConfigIo): readonly Problem[] {
  if (file === undefined) return []
  const loaded = loadConfig(file, io)
  return loaded.ok ? loaded.warnings : loaded.problems
}

function withShortNames(cwd: string, problems: readonly Problem[]): readonly Problem[] {
  const shorten = <T extends { readonly file: string }>(place: T): T => ({
    ...place,
    file: shortName(cwd, place.file),
  })
  return problems.map(problem => ({
    ...shorten(problem),
    ...(problem.related === undefined ? {} : { related: problem.related.map(shorten) }),
  }))
}
