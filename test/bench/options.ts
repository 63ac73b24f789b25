import { parseArgs } from 'node:util'

/** What the person at the keyboard may choose: `npm run bench -- --rounds 9 --only gateway`. */
export interface BenchOptions {
  /** How often each subject is measured; the table tells medians. Default 7. */
  readonly rounds: number
  /** Length of one measurement. Default 3. */
  readonly seconds: number
  /** Connections that always have one request under way. Default 32. */
  readonly connections: number
  /** Names of the subjects to measure; undefined: all that are here. */
  readonly only: readonly string[] | undefined
}

/** Reads the words after `npm run bench --`. Throws on an option that it does not know. */
export function readOptions(words: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '3' },
      connections: { type: 'string', default: '32' },
      only: { type: 'string' },
    },
  })
  return {
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    connections: positive('connections', values.connections),
    only: values.only?.split(','),
  }
}

function positive(name: string, text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${name} wants a number above zero, not "${text}"`)
  return number
}
