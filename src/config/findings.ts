import type { Place } from '../access/route.js'
import { byPlace, type Problem } from './problem.js'
import type { Path, YamlDocument } from './read-yaml.js'

/** Collects what is wrong with a file, so that all of it is told at once. */
export interface Findings {
  error(path: Path, message: string, cure: string, part?: 'key' | 'value'): void
  warning(path: Path, message: string, cure: string): void
  /** Where a value stands, for messages that point at two places. */
  place(path: Path): Place
  /** Everything found so far, in the order of the file. */
  problems(): readonly Problem[]
}

/** Begins an empty collection for one file. */
export function findingsOf(document: YamlDocument): Findings {
  const found: Problem[] = [...document.problems]
  const add = (
    severity: Problem['severity'],
    path: Path,
    message: string,
    cure: string,
    part: 'key' | 'value',
  ) => void found.push(document.source.problem(severity, document.placeOf(path, part), message, cure))
  return {
    error: (path, message, cure, part = 'value') => add('error', path, message, cure, part),
    warning: (path, message, cure) => add('warning', path, message, cure, 'value'),
    place: path => ({ file: document.source.file, ...document.placeOf(path, 'value') }),
    problems: () => [...found].sort(byPlace),
  }
}
