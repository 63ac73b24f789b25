import type { Registry } from 'prom-client'
import { createCounts, createPairCounts } from './counts.js'
import { addFamily, one } from './families.js'

/** Counts what the audit log is told. */
export interface EventMetrics {
  /**
   * Something happened that the audit log tells.
   * @param event its name, of the audit log's closed list
   * @param reason the word that the log gives with it
   */
  told(event: string, reason: string | undefined): void
}

/** Events that are a step of a login, as step and result. */
const LOGIN_STEPS: ReadonlyMap<string, readonly [step: string, result: string]> = new Map([
  ['login.password_accepted', ['password', 'accepted']],
  ['login.password_refused', ['password', 'refused']],
  ['login.first_factor_accepted', ['first_factor', 'accepted']],
  ['login.first_factor_refused', ['first_factor', 'refused']],
  ['login.second_factor_accepted', ['second_factor', 'accepted']],
  ['login.second_factor_refused', ['second_factor', 'refused']],
])

/** Readings of the configuration by the event that tells of them. */
const RELOADS: ReadonlyMap<string, string> = new Map([
  ['policy.loaded', 'applied'],
  ['policy.rejected', 'rejected'],
])

/** Names of a closed list; so many leave room for those to come. */
const MOST_EVENTS = 200

/** How many lines of the logs were lost since the start. */
export interface LostLines {
  readonly auditLost: () => number
  readonly accessLost: () => number
}

/** Begins to count events, and puts the counts into a registry. */
export function createEventMetrics(register: Registry, { auditLost, accessLost }: LostLines): EventMetrics {
  const events = createCounts(MOST_EVENTS)
  const logins = createPairCounts()
  const throttles = createCounts(MOST_EVENTS)
  const reloads = createCounts()
  // Told at nought too: an alert about what never happened before needs the number before.
  const results = new Map([...RELOADS.values()].map(result => [result, 0]))

  addFamily(register, {
    name: 'gatehouse_audit_events_total',
    help: 'What the audit log was told, by the name of the event.',
    type: 'counter',
    read: () => events.samples('event'),
  })
  addFamily(register, {
    name: 'gatehouse_logins_total',
    help: 'Proofs that somebody gave in a login, by step (password, first_factor, second_factor) and result.',
    type: 'counter',
    read: () => logins.samples('step', 'result'),
  })
  addFamily(register, {
    name: 'gatehouse_throttles_total',
    help: 'Tries that were not looked at because there had been too many, by method.',
    type: 'counter',
    read: () => throttles.samples('method'),
  })
  addFamily(register, {
    name: 'gatehouse_config_reloads_total',
    help: 'Changed configurations that were read, by result: applied or rejected.',
    type: 'counter',
    read: () => {
      const counted = new Map(results)
      for (const { labels, value } of reloads.samples('result')) counted.set(labels.result ?? '', value)
      return [...counted].map(([result, value]) => ({ labels: { result }, value }))
    },
  })
  addFamily(register, {
    name: 'gatehouse_audit_lines_lost_total',
    help: 'Lines of the audit log that could not be written or sent.',
    type: 'counter',
    read: () => one(auditLost()),
  })
  addFamily(register, {
    name: 'gatehouse_access_log_lines_lost_total',
    help: 'Lines of the access log that could not be written, or that would have waited too long.',
    type: 'counter',
    read: () => one(accessLost()),
  })

  return {
    told(event, reason) {
      events.add(event)
      const login = LOGIN_STEPS.get(event)
      if (login !== undefined) logins.add(login[0], login[1])
      if (event === 'login.throttled') throttles.add(reason ?? 'unknown')
      const result = RELOADS.get(event)
      if (result !== undefined) reloads.add(result)
    },
  }
}
