import { resolve } from 'node:path'
import { caseFileBeside, readCaseFile } from '../../config/case-files.js'
import type { GatewayConfig } from '../../config/gateway-config.js'
import type { PolicyCase } from '../../config/policy-case.js'
import { nearestWord } from '../../documents/nearest-word.js'
import type { Problem } from '../../documents/problem.js'
import { sourceText } from '../../documents/source-text.js'
import { type CasePeople, isFromUsersFile, userOf } from '../../policy/cases/case-identity.js'
import type { CliIo } from '../cli-io.js'
import { readUsers } from '../read-users.js'

/** Every case there is with those whom they name, and what is wrong with them. */
export interface GatheredCases {
  readonly cases: readonly PolicyCase[]
  readonly people: CasePeople
  /** Nothing is run where one of these is an error. */
  readonly problems: readonly Problem[]
}

/**
 * Gathers the cases of the configuration, of the file beside it and of further files, and the users file if a case
 * needs it.
 * @param more names of further files, as written
 * @param tellFile called before each file is read
 */
export function gatherCases(
  config: GatewayConfig,
  more: readonly string[],
  io: CliIo,
  tellFile: (file: string) => void,
): GatheredCases {
  const cases = [...config.tests]
  const problems: Problem[] = []
  const beside = caseFileBeside(config.file)
  const configIo = { readFile: io.readFile, env: io.env, now: io.now() }
  for (const file of new Set([beside, ...more.map(name => resolve(io.cwd, name))])) {
    tellFile(file)
    const absent =
      file === beside && !more.some(name => resolve(io.cwd, name) === file) ? 'no cases' : 'a problem'
    const read = readCaseFile(file, configIo, config.publicUrl.origin, absent)
    if (read.ok) cases.push(...read.cases)
    else problems.push(...read.problems)
  }
  const { questionsCount } = config.mfa
  const none: CasePeople = { users: new Map(), questionsCount }
  if (!cases.some(({ caller }) => caller !== undefined && isFromUsersFile(caller)))
    return { cases, people: none, problems }
  const read = readUsers(config.users.file, io)
  if (!read.ok) return { cases, people: none, problems: [...problems, ...read.problems] }
  return {
    cases,
    people: { users: read.users, questionsCount },
    problems: [...problems, ...strangers(cases, read.users, io)],
  }
}

/**
 * Users whom the users file does not know, each once. By the name alone that is an error: nothing is known of them.
 * In a block it is a warning, because the case may well be about a stranger.
 */
function strangers(cases: readonly PolicyCase[], users: CasePeople['users'], io: CliIo): readonly Problem[] {
  const told = new Set<string>()
  return cases.flatMap(({ caller, place }): Problem[] => {
    const name = caller?.user
    if (caller === undefined || name === undefined || !isFromUsersFile(caller)) return []
    const key = `${String(caller.isNameOnly)} ${name}`
    if (userOf(caller, users) !== undefined || told.has(key)) return []
    told.add(key)
    const near = nearestWord(name, [...users.keys()])
    const guess = near === undefined ? '' : `. Did you mean ${JSON.stringify(near)}?`
    const found = `there is no user ${JSON.stringify(name)} in the users file`
    const source = sourceText(place.file, io.readFile(place.file))
    const block = `{ user: ${name}, groups: […] }`
    return [
      caller.isNameOnly
        ? source.problem(
            'error',
            place,
            found + guess,
            `write a user of the file, or describe one: as: ${block}`,
          )
        : source.problem(
            'warning',
            place,
            `${found}, so this is somebody without groups${guess}`,
            `write the groups, as in ${block}`,
          ),
    ]
  })
}
