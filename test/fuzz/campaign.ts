import type { CorpusEntry } from './corpus.js'

/** How long and with which dice it is fuzzed. */
export interface Campaign {
  /** A 32-bit number; the same one makes the same inputs. */
  readonly seed: number
  /** How long new inputs are made, once the corpus has been sent. */
  readonly seconds: number
  /** Is told after every input how far it is. */
  readonly progress: (line: string) => void
}

/** What came of it. */
export interface Report {
  readonly executions: number
  /** Each with the input that showed it. None is the aim. */
  readonly faults: readonly string[]
  /** Inputs that were answered as none before. */
  readonly found: readonly CorpusEntry[]
  readonly note: string
}
