import type { ChildProcess } from 'node:child_process'
import type { Target } from './load/target.js'

/** What is measured: the processes whose time counts, with their children, and where the load goes. */
export interface Subject {
  readonly children: readonly ChildProcess[]
  readonly target: Target
  /** Milliseconds from the start of its last process until that answered. */
  readonly startedWithin: number
}
