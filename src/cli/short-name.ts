import { relative } from 'node:path'

/** A file's name as a person in `cwd` would write it; absolute where the file is not below `cwd`. */
export function shortName(cwd: string, file: string): string {
  const name = relative(cwd, file)
  return name.startsWith('..') ? file : name
}
