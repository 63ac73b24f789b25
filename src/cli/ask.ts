import { createInterface } from 'node:readline'
import type { Interface } from 'node:readline'
import { Writable } from 'node:stream'

/** The standard input while it is read: one reader for all questions, so that no line that came early is lost. */
interface Reader {
  readonly lines: Interface
  /** Whether the terminal shows what is typed. */
  muted: boolean
  next(): Promise<string>
}

let reader: Reader | undefined

/** Asks a person for a line, or takes the next one of the standard input. Without any: an empty line. */
export function ask(question: string): Promise<string> {
  return answerTo(question, false)
}

/** The same without showing what is typed. */
export async function askSecret(question: string): Promise<string> {
  const answer = await answerTo(question, true)
  // The line end that was typed was not shown either.
  if (process.stdin.isTTY) process.stderr.write('\n')
  return answer
}

/** Lets the process end: nothing more is asked. The terminal is as it was before. */
export function closeInput(): void {
  reader?.lines.close()
}

async function answerTo(question: string, secret: boolean): Promise<string> {
  reader ??= openReader()
  if (process.stdin.isTTY) {
    reader.lines.setPrompt(question)
    reader.lines.prompt()
  }
  reader.muted = secret
  try {
    return await reader.next()
  } finally {
    reader.muted = false
  }
}

function openReader(): Reader {
  const echo = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!opened.muted) process.stderr.write(chunk)
      done()
    },
  })
  // Without a history, the up key cannot bring a password back to the screen.
  const lines = createInterface({
    input: process.stdin,
    output: echo,
    terminal: process.stdin.isTTY,
    historySize: 0,
  })
  const waiting: ((line: string) => void)[] = []
  const early: string[] = []
  let ended = false
  lines.on('line', line => {
    const take = waiting.shift()
    if (take === undefined) early.push(line)
    else take(line)
  })
  lines.on('close', () => {
    ended = true
    for (const take of waiting.splice(0)) take('')
  })
  // While a line is edited the terminal sends Ctrl-C as a character; it means what it always means.
  lines.on('SIGINT', () => {
    process.stderr.write('\n')
    // The signal may come a moment later, so the question stays unanswered, and the process alive, until then.
    waiting.length = 0
    lines.close()
    setTimeout(() => process.exit(130), 1_000)
    process.kill(process.pid, 'SIGINT')
  })
  const opened: Reader = {
    lines,
    muted: false,
    next: () => {
      const line = early.shift()
      if (line !== undefined) return Promise.resolve(line)
      if (ended) return Promise.resolve('')
      return new Promise(resolve => waiting.push(resolve))
    },
  }
  return opened
}
