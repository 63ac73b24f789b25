import { randomBytes } from 'node:crypto'
import { createReadStream, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { CliIo } from '../../src/cli/cli-io.js'

/** A command's surroundings in a test, and what it wrote into them. */
export interface TestIo extends CliIo {
  readonly written: { out: string; err: string }
  /** The questions that were asked, in order. */
  readonly asked: string[]
}

/** What a test says of them. */
export interface TestIoOptions {
  /** The lines of the standard input, or what a person answers. Then nothing. */
  readonly lines?: readonly string[]
  /** Whether a person is there: both ends are a terminal. */
  readonly person?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Who may do what with a file. Default: nothing is known. */
  readonly rightsOf?: CliIo['rightsOf']
}

/** Runs commands inside the test's process, on real files below a directory. */
export function testIo(
  cwd: string,
  { lines = [], person = false, env = {}, rightsOf = () => undefined }: TestIoOptions = {},
): TestIo {
  const written = { out: '', err: '' }
  const asked: string[] = []
  const rest = [...lines]
  const ask = (question: string): Promise<string> => {
    asked.push(question)
    return Promise.resolve(rest.shift() ?? '')
  }
  return {
    written,
    asked,
    stdout: text => {
      written.out += text
    },
    stderr: text => {
      written.err += text
    },
    readFile: path => readFileSync(path, 'utf8'),
    openFile: path => ({ bytes: statSync(path).size, open: () => createReadStream(path) }),
    rightsOf,
    writeFile: (path, text, mode) => {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text, { mode, flag: 'wx' })
    },
    ask,
    askSecret: ask,
    untilStopped: () => Promise.resolve(),
    onHangup: () => undefined,
    onUncaught: () => undefined,
    crew: {
      number: undefined,
      processors: 1,
      start: () => {
        throw new Error('no other process is started here')
      },
      tell: () => undefined,
      onAsked: () => undefined,
    },
    env,
    now: () => Date.UTC(2027, 0, 15, 8),
    random: randomBytes,
    isTTY: person,
    errorIsTTY: person,
    asksPerson: person,
    cwd,
  }
}
