import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
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
}

/** Runs commands inside the test's process, on real files below a directory. */
export function testIo(cwd: string, { lines = [], person = false, env = {} }: TestIoOptions = {}): TestIo {
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
    writeFile: (path, text, mode) => writeFileSync(path, text, { mode, flag: 'wx' }),
    ask,
    askSecret: ask,
    untilStopped: () => Promise.resolve(),
    onHangup: () => undefined,
    env,
    now: () => Date.UTC(2027, 0, 15, 8),
    random: randomBytes,
    isTTY: person,
    asksPerson: person,
    cwd,
  }
}
