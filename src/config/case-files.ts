import { unreadableFile, type Problem } from '../documents/problem.js'
import { findingsOf } from './findings.js'
import type { PolicyCase } from './policy-case.js'
import { readCaseList } from './read-case-list.js'
import { readYaml } from './read-yaml.js'
import type { ConfigIo } from './reading.js'
import { reportSchemaProblems } from './schema-problems.js'
import { casesFileSchema, casesSchema, createCaseCheck, readCases } from './sections/cases.js'
import { isBlock } from './settings.js'

/** The cases of a file, or everything that is wrong with it. */
export type ReadCaseFile =
  | { readonly ok: true; readonly cases: readonly PolicyCase[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Far more characters than the 10,000 cases that run in a second. */
const GREATEST_SIZE = 16 * 1024 * 1024

/** Where the cases of a configuration are looked for besides in it: `gateway.tests.yaml` beside `gateway.yaml`. */
export function caseFileBeside(configFile: string): string {
  return configFile.replace(/(?:\.ya?ml)?$/, '.tests.yaml')
}

/**
 * Reads a file of cases: a list, or `tests:` with one.
 * @param origin that of `public_url`, which a URL that is only a path belongs to
 * @param absent what a file that is not there gives
 */
export function readCaseFile(
  file: string,
  io: ConfigIo,
  origin: string,
  absent: 'a problem' | 'no cases' = 'a problem',
): ReadCaseFile {
  let text
  try {
    text = io.readFile(file)
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (absent === 'no cases' && isAbsent) return { ok: true, cases: [] }
    return { ok: false, problems: [unreadableFile(file, error, 'correct the name of the file of cases')] }
  }
  const list = text.length <= GREATEST_SIZE ? readCaseList(file, text) : undefined
  const read =
    list === undefined ? readYaml(file, text, GREATEST_SIZE) : { ok: true as const, document: list }
  if (!read.ok) return read
  const findings = findingsOf(read.document)
  const { value } = read.document
  const [raw, path] = isBlock(value) ? [value.tests, ['tests']] : [value, []]
  if (value === null) findings.error([], 'the file is empty', 'write "tests:" and below it a list of cases')
  else if (!isListOfCases(raw) || (isBlock(value) && Object.keys(value).length > 1))
    reportSchemaProblems(findings, isBlock(value) ? casesFileSchema : casesSchema, value)
  const cases = readCases({ findings, io, file }, path, raw, origin)
  const problems = findings.problems()
  return problems.some(({ severity }) => severity === 'error') ? { ok: false, problems } : { ok: true, cases }
}

/** Whether a list fits its schema; finding what does not takes much longer. */
function isListOfCases(raw: unknown): boolean {
  return Array.isArray(raw) && raw.length > 0 && raw.every(createCaseCheck(raw.length))
}
