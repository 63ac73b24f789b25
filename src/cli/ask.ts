import { createInterface } from 'node:readline'
import type { Interface } from 'node:readline'
import { Writable } from 'node:stream'

/** Lines of the standard input that nobody has asked for yet. */
let lines: AsyncIterator<string> | undefined
let muted = false

/** Asks a person for a line, or takes the next one of the standard input. Without any: an empty line. */
export async function ask(question: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(question)
  lines ??= openInput()[Symbol.asyncIterator]()
  const next = await lines.next()
  return next.done === true ? '' : next.value
}

/** The same without showing what is typed. */
export async function askSecret(question: string): Promise<string> {
  muted = true
  try {
    return await ask(question)
  } finally {
    muted = false
    if (process.stdin.isTTY) process.stderr.write('\n')
  }
}

/** Lets the process end: nothing more is asked. */
export function closeInput(): void {
  input?.close()
}

let input: Interface | undefined

function openInput(): Interface {
  const echo = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!muted) process.stderr.write(chunk)
      done()
    },
  })
  input = createInterface({ input: process.stdin, output: echo, terminal: process.stdin.isTTY })
  return input
}
