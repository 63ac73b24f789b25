import { parseArgs } from 'node:util'

/** What the person at the keyboard may choose: `npm run bench -- --rounds 9 --only gateway`. */
export interface BenchOptions {
  /** How often the two that are compared are started anew; three at least for a ratio. Default 5; 3 for the guard. */
  readonly starts: number
  /** How often each is measured after a start. Default: what the scenario says. */
  readonly rounds: number | undefined
  /** Length of one measurement, in seconds. Default: what the scenario says. */
  readonly seconds: number | undefined
  /** How long each subject is measured before that counts, in seconds; longer while it gets faster. Default 2. */
  readonly warmUp: number
  /** Connections that always have one request under way. Default 32. */
  readonly connections: number
  /** Requests a second for p50 and p99. Default 1000. */
  readonly rate: number
  /** Sessions in the fullest store. Default 1,000,000. */
  readonly sessions: number
  /** Idle connections. Default 10,000. */
  readonly idle: number
  /** Logins a second in a flood. Default 500. */
  readonly flood: number
  /** Names of the subjects to measure; undefined: all that are here. */
  readonly only: readonly string[] | undefined
}

/** What `npm run bench` is to do. */
export type BenchTask =
  | { readonly kind: 'help' }
  | { readonly kind: 'list' }
  /** @param scenarios their names; undefined: every one */
  | {
      readonly kind: 'run'
      readonly scenarios: readonly string[] | undefined
      readonly options: BenchOptions
    }
  /** Compares with what was recorded, or records. */
  | { readonly kind: 'guard' | 'record'; readonly options: BenchOptions }

/** What is run when nothing is said. */
const USUAL_SCENARIOS = 'peers,latency'

export const HELP = `npm run bench -- [OPTION]…

Measures the gateway beside its peers, in interleaved rounds: CPU per request, requests a second, and more.
  --scenario a,b     these scenarios (default: ${USUAL_SCENARIOS}), or all
  --list             tells the scenarios and their subjects
  --only a,b         these subjects alone
  --starts 5         how often both are started anew; three at least for a ratio
  --rounds 40        how often each is measured after a start, in turn
  --seconds 0.1      how long each time; some scenarios take longer and fewer rounds
  --warm-up 2        how long each is measured before that, in seconds; longer while it gets faster
  --connections 32   with one request under way on each
  --rate 1000        requests a second for p50 and p99
  --sessions 1000000 sessions in the fullest store of the scenario "sessions"
  --idle 10000       connections of the scenario "idle"
  --flood 500        logins a second of the scenario "flood"
  --guard            measures shortly whether the gateway got slower than test/bench/baseline.json says: exit code 1
  --record           writes that file
`

/** Reads the words after `npm run bench --`. Throws on an option that it does not know. */
export function readTask(words: readonly string[]): BenchTask {
  const { values } = parseArgs({
    args: [...words],
    options: {
      help: { type: 'boolean' },
      list: { type: 'boolean' },
      guard: { type: 'boolean' },
      record: { type: 'boolean' },
      scenario: { type: 'string', default: USUAL_SCENARIOS },
      starts: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string', default: '2' },
      connections: { type: 'string', default: '32' },
      rate: { type: 'string', default: '1000' },
      sessions: { type: 'string', default: '1000000' },
      idle: { type: 'string', default: '10000' },
      flood: { type: 'string', default: '500' },
      only: { type: 'string' },
    },
  })
  if (values.help === true) return { kind: 'help' }
  if (values.list === true) return { kind: 'list' }
  const options = {
    starts: positive('starts', values.starts ?? (values.guard === true ? '3' : '5')),
    rounds: values.rounds === undefined ? undefined : positive('rounds', values.rounds),
    seconds: values.seconds === undefined ? undefined : positive('seconds', values.seconds),
    warmUp: positive('warm-up', values['warm-up']),
    connections: positive('connections', values.connections),
    rate: positive('rate', values.rate),
    sessions: positive('sessions', values.sessions),
    idle: positive('idle', values.idle),
    flood: positive('flood', values.flood),
    only: values.only?.split(','),
  }
  if (values.record === true) return { kind: 'record', options }
  if (values.guard === true) return { kind: 'guard', options }
  const scenarios = values.scenario === 'all' ? undefined : values.scenario.split(',')
  return { kind: 'run', scenarios, options }
}

function positive(name: string, text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${name} wants a number above zero, not "${text}"`)
  return number
}
