import { loadText } from '../config/broken-file.js'
import type { PolicyCase } from '../../src/config/policy-case.js'
import { compilePolicy } from '../../src/config/compile-policy.js'
import type { GatewayConfig } from '../../src/config/gateway-config.js'
import { formatProblem } from '../../src/documents/problem.js'
import type { CaseRun } from '../../src/policy/cases/run-cases.js'
import { createExplain } from '../../src/policy/explain/explanation.js'
import type { UserRecord } from '../../src/users/users-file.js'

/** The moment at which the cases are run: after every `until` of these tests that has passed. */
const NOW = Date.parse('2026-11-22T12:00:00Z')

/** A users file of one entry each; nobody logs in with it. */
export function usersOf(...people: readonly Partial<UserRecord['person'] & { disabled: boolean }>[]) {
  return new Map(
    people.map(({ disabled = false, subject = 'alice', ...rest }): [string, UserRecord] => [
      subject,
      {
        person: { subject, displayName: subject, email: undefined, groups: [], mfa: 'enabled', ...rest },
        passwordHash: '',
        passwordVersion: '',
        disabled,
        phone: undefined,
      },
    ]),
  )
}

/** Everything that cases of a configuration are run on. */
export interface CaseBench {
  readonly config: GatewayConfig
  readonly cases: readonly PolicyCase[]
  readonly run: CaseRun
}

/** Loads a configuration with its cases, each one flow mapping without its braces. */
export function caseBench(
  policy: string,
  cases: readonly string[],
  rest: Partial<Pick<CaseRun, 'users' | 'questionsCount' | 'now'>> = {},
): CaseBench {
  const tests = cases.map(one => `  - { ${one} }\n`).join('')
  const loaded = loadText(`${policy}\n${tests === '' ? '' : `tests:\n${tests}`}`)
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  const { config } = loaded
  const compiled = compilePolicy(config)
  const run = {
    policy: compiled,
    explain: createExplain(config, compiled),
    users: usersOf(),
    questionsCount: false,
    now: NOW,
  }
  return { config, cases: config.tests, run: { ...run, ...rest } }
}
