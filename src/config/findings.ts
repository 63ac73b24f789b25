import type { Place } from '../access/route.js'
import { byPlace, type Problem, type RelatedPlace } from '../documents/problem.js'
import type { Path, YamlDocument } from './read-yaml.js'

/** More of one kind help nobody, and take long to put together. */
const MOST_OF_A_KIND = 500

/** Another place of the same file that a problem is about. */
export interface Related {
  readonly path: Path
  /** What stands there, as a short clause. */
  readonly says: string
}

/** Collects what is wrong with a file, so that all of it is told at once. */
export interface Findings {
  error(path: Path, message: string, cure: string, part?: 'key' | 'value', related?: readonly Related[]): void
  warning(path: Path, message: string, cure: string, related?: readonly Related[]): void
  /** Where a value stands, for messages that point at two places. */
  place(path: Path): Place
  /** Whether so many errors were found that no more are kept. */
  isFull(): boolean
  /** Whether there is an error, so that the gateway would not start. */
  hasErrors(): boolean
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
    related: readonly Related[],
  ): void => {
    // Counted apart: an error is never lost among warnings.
    if (count[severity] >= MOST_OF_A_KIND) return
    count[severity] += 1
    const problem = document.source.problem(severity, document.placeOf(path, part), message, cure)
    found.push(related.length === 0 ? problem : { ...problem, related: related.map(relatedPlace) })
  }
  const relatedPlace = ({ path, says }: Related): RelatedPlace => {
    const place = document.placeOf(path, 'value')
    const { file, sourceLine } = document.source.problem('warning', place, says, '')
    return { file, ...place, says, sourceLine }
  }
  return {
    error: (path, message, cure, part = 'value', related = []) => {
      add('error', path, message, cure, part, related)
    },
    warning: (path, message, cure, related = []) => {
      add('warning', path, message, cure, 'value', related)
    },
    place: path => ({ file: document.source.file, ...document.placeOf(path, 'value') }),
    isFull: () => count.error >= MOST_OF_A_KIND,
    hasErrors: () => count.error > 0,
    problems: () => [...found].sort(byPlace),
  }
}
