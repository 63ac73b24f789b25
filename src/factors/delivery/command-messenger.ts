import { spawn } from 'node:child_process'
import { createMessenger } from './create-messenger.js'
import type { CommandOptions, Message, Messenger } from './messenger.js'

export interface CommandMessengerOptions {
  readonly channel: Messenger['channel']
  readonly options: CommandOptions
  /** What the program gets besides `GATEHOUSE_TO` and `GATEHOUSE_SUBJECT`; its `PATH` is where it is looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Runs a program for each message, without a shell: the receiver in `GATEHOUSE_TO`, the subject in
 * `GATEHOUSE_SUBJECT`, the plain text on standard input, where no process list shows it. Status 0 is success. What
 * the program prints goes nowhere.
 */
export function createCommandMessenger(parts: CommandMessengerOptions): Messenger {
  const { channel, options, environment } = parts
  const [program = '', ...args] = options.command
  const deliver = ({ to, subject, text }: Message): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        env: { ...environment, GATEHOUSE_TO: to, GATEHOUSE_SUBJECT: subject },
        stdio: ['pipe', 'ignore', 'ignore'],
        timeout: options.timeout,
        killSignal: 'SIGKILL',
      })
      const fail = (why: string): void => reject(new Error(`The program for messages, ${program}, ${why}.`))
      child.once('error', (error: NodeJS.ErrnoException) =>
        fail(`could not be run: ${error.code ?? error.name}`),
      )
      child.once('exit', (status, signal) => {
        child.stdin.destroy()
        if (status === 0) resolve()
        else fail(status === null ? `was ended by ${signal ?? 'a signal'}` : `ended with status ${status}`)
      })
      // A program that does not read its input says by its status whether that is well.
      child.stdin.on('error', () => undefined)
      child.stdin.end(text)
    })
  return createMessenger({ channel, deliver })
}
