import type { Clock } from '../clock.js'

/** What a command takes from the process it runs in, so that a test can run it in another. */
export interface CliIo {
  /** Writes to the standard output, as it is: callers end their own lines. */
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Gives the text of a file; throws what Node throws when it cannot be read. */
  readonly readFile: (path: string) => string
  /** Writes a file that does not exist yet; `mode` as in `0o600`. Throws when it exists. */
  readonly writeFile: (path: string, text: string, mode: number) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: Clock
  /** Whether a person sees the standard output. */
  readonly isTTY: boolean
  /** The directory that relative names are beside. */
  readonly cwd: string
}
