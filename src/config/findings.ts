import type { Place } from '../access/route.js'
import { byPlace, type Problem } from '../documents/problem.js'
import type { Path, YamlDocument } from './read-yaml.js'

/** More of one kind help nobody, and take long to put together. */
const MOST_OF_A_KIND = 500

/** Collects what is wrong with a file, so that all of it is told at once. */
export interface Findings {
  error(path: Path, message: string, cure: string, part?: 'key' | 'value'): void
  warning(path: Path, message: string, cure: string): void
  /** Where a value stands, for messages that point at two places. */
  place(path: Path): Place
  /** Whether so many errors were found that no more are kept. */
  isFull(): boolean
  /** Everything found so far, in the order of the file. */
  problems(): readonly Problem[]
}

/** Begins an empty collection for one file. */
export function findingsOf(document: YamlDocument): Findings {
  const found = [...document.problems]
  const count = { error: found.length, warning: 0 }
  const add = (
    severity: Problem['severity'],
    path: Path,
    message: string,
    cure: string,
    part: 'key' | 'value',
  ): void => {
    // Counted apart: an error is never lost among warnings.
    if (count[severity] >= MOST_OF_A_KIND) return
    count[severity] += 1
    found.push(document.source.problem(severity, document.placeOf(path, part), message, cure))
  }
  return {
    error: (path, message, cure, part = 'value') => {
      add('error', path, message, cure, part)
    },
    warning: (path, message, cure) => {
      add('warning', path, message, cure, 'value')
    },
    place: path => ({ file: document.source.file, ...document.placeOf(path, 'value') }),
    isFull: () => count.error >= MOST_OF_A_KIND,
    problems: () => [...found].sort(byPlace),
  }
}
