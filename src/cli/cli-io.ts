import type { Readable } from 'node:stream'
import type { Clock } from '../clock.js'
import type { FindRights } from '../config/lint/exposed-files.js'
import type { Crew } from './serve/crew.js'

/** A file that is there, to be read piece by piece. */
export interface OpenedFile {
  /** Its size; undefined where nobody knows. */
  readonly bytes: number | undefined
  /** Begins to read it. */
  readonly open: () => Readable
}

/** What a command takes from the process it runs in, so that a test can run it in another. */
export interface CliIo {
  /** Writes to the standard output, as it is: callers end their own lines. */
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Gives the text of a file; throws what Node throws when it cannot be read. */
  readonly readFile: (path: string) => string
  /** Finds a file that is to be read piece by piece; `-` is the standard input. Throws what Node throws. */
  readonly openFile: (path: string) => OpenedFile
  /** Looks who may do what with a file. */
  readonly rightsOf: FindRights
  /** Writes a file that does not exist yet, and makes its directory; `mode` as in `0o600`. Throws when it exists. */
  readonly writeFile: (path: string, text: string, mode: number) => void
  /** Asks a person for a line, or takes the next one of the standard input. */
  readonly ask: (question: string) => Promise<string>
  /** The same for a password: what is typed is not shown. */
  readonly askSecret: (question: string) => Promise<string>
  /** Resolves when the process is told to stop (SIGINT or SIGTERM). */
  readonly untilStopped: () => Promise<void>
  /** Tells of SIGHUP from then on, which would end the process otherwise. */
  readonly onHangup: (listener: () => void) => void
  /** Tells from then on what nobody caught, and the process goes on, which would end otherwise. */
  readonly onUncaught: (listener: (error: unknown) => void) => void
  /** The processes that serve one address together. */
  readonly crew: Crew
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  /** Whether a person sees the standard output. */
  readonly isTTY: boolean
  /** Whether a person sees the standard error. */
  readonly errorIsTTY: boolean
  /** Whether a person answers `ask`: the standard input is a terminal. */
  readonly asksPerson: boolean
  /** The directory that relative names are beside. */
  readonly cwd: string
}

/** A command: its arguments without its own name → the exit code: 0 done or yes, 1 no, 2 not understood. */
export type Command = (args: readonly string[], io: CliIo) => Promise<number>
