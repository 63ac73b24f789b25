import Type, { type Static } from 'typebox'
import type { CommandOptions, FileOptions } from '../../factors/delivery/messenger.js'
import { beside, type Reading } from '../reading.js'
import { block, fileName, isBlock, soundSettings, text } from '../settings.js'
import { boundedMilliseconds, duration } from './duration.js'

const LIMITS = { least: '1s', most: '1m' }
const USUAL_TIMEOUT = '10s'

/** How long the next server or program may take: somebody is waiting for the message. */
export const timeoutSchema = duration('How long it may take, at most 1m.', USUAL_TIMEOUT)

/** The keys of the two ways to send messages without a server. */
export const messengerKeys = {
  command: Type.Optional(
    Type.Array(text({ description: 'The program, or one of its arguments.' }), {
      description:
        'Runs a program for each message: the address is in the environment variable GATEHOUSE_TO, the subject in ' +
        'GATEHOUSE_SUBJECT, the text on its standard input. No shell is involved. A name with a slash is relative to ' +
        'this file, others are looked for in PATH.',
      minItems: 1,
      examples: [['./send-message.sh']],
    }),
  ),
  timeout: Type.Optional(timeoutSchema),
  file: Type.Optional(
    fileName(
      'For trying out: each message is added to this file as one line of JSON, so whoever reads it can log in.',
      'messages.jsonl',
    ),
  ),
}

const keysSchema = block('The ways without a server.', messengerKeys)

/**
 * Reads how messages are sent: over a server, by a program or into a file, of which there is exactly one.
 * @param section `mail` or `sms`
 * @param server the key of the server, and what reads it; undefined is what has been reported
 */
export function readMessenger<Server extends object>(
  reading: Reading,
  section: 'mail' | 'sms',
  raw: unknown,
  server: { readonly key: string; readonly read: (raw: unknown) => Server | undefined },
): Server | CommandOptions | FileOptions | undefined {
  const { findings } = reading
  const parts = isBlock(raw) ? raw : {}
  const ways = [server.key, 'command', 'file']
  const [way, ...more] = Object.keys(parts).filter(key => ways.includes(key))
  if (way === undefined) {
    const message = `"${section}" does not say how messages are sent`
    findings.error([section], message, `add one of ${ways.join(', ')}`)
  }
  for (const key of more) {
    const line = findings.place([section, way ?? '']).line
    const message = `"${section}" sends messages in one way, and has both "${way ?? ''}" (line ${line}) and "${key}"`
    findings.error([section, key], message, 'keep one of them', 'key')
  }
  const written = soundSettings(keysSchema, raw)
  if (parts.timeout !== undefined && parts.command === undefined) {
    const message = `"timeout" is about "command" here, and "${section}" has none`
    const cure = way === server.key ? `move it into "${server.key}"` : 'leave it out'
    findings.error([section, 'timeout'], message, cure, 'key')
  }
  if (written.file !== undefined) {
    findings.warning(
      [section, 'file'],
      'messages go into a file, which is for trying out: whoever reads the file can log in',
      `use "${server.key}" or "command" before real people log in`,
    )
  }
  if (way === server.key) return server.read(parts[server.key])
  if (written.command !== undefined) return readCommand(reading, section, written.command, written.timeout)
  return written.file === undefined ? undefined : { file: beside(reading.file, written.file) }
}

function readCommand(
  reading: Reading,
  section: 'mail' | 'sms',
  [program = '', ...args]: readonly string[],
  timeout: string | undefined,
): CommandOptions {
  const command = [program.includes('/') ? beside(reading.file, program) : program, ...args]
  return { command, timeout: readTimeout(reading, [section, 'timeout'], timeout) }
}

/** Reads a timeout: 1 s to 1 min, as milliseconds. */
export function readTimeout(
  reading: Reading,
  path: readonly string[],
  written: Static<typeof timeoutSchema> | undefined,
): number {
  return boundedMilliseconds(reading, path, written ?? USUAL_TIMEOUT, LIMITS) ?? 10_000
}
