import { dirname, resolve } from 'node:path'
import type { Findings } from './findings.js'
import type { Path } from './read-yaml.js'

/** What the loader takes from outside. */
export interface ConfigIo {
  /** Gives the text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds since the epoch: decides which `until` has passed. */
  readonly now: number
  /**
   * Leaves out secrets and certificates that stand outside of the file, for questions about the policy alone: they
   * are neither read nor missed. Default false.
   */
  readonly withoutSecrets?: boolean | undefined
}

/** What every section needs to read its part of the file. */
export interface Reading {
  readonly findings: Findings
  readonly io: ConfigIo
  /** The configuration file: relative names are looked for beside it. */
  readonly file: string
}

/** Makes a file name of the configuration absolute. */
export function beside(file: string, name: string): string {
  return resolve(dirname(resolve(file)), name)
}

/** Reads a file that the configuration names; undefined when it cannot be read, which is then reported. */
export function readNamedFile(reading: Reading, path: Path, name: string): string | undefined {
  if (reading.io.withoutSecrets === true) return undefined
  const full = beside(reading.file, name)
  try {
    return reading.io.readFile(full)
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    const cure = 'correct the name, or let the gateway read the file'
    reading.findings.error(path, `the file ${full} cannot be read${why}`, cure)
    return undefined
  }
}
