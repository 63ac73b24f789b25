import { appendFile } from 'node:fs/promises'
import { createMessenger } from './create-messenger.js'
import type { FileOptions, Messenger } from './messenger.js'

export interface FileMessengerOptions {
  readonly channel: Messenger['channel']
  readonly options: FileOptions
}

/**
 * Appends each message to a file as one line of JSON: `{"channel":…,"to":…,"subject":…,"text":…}`. A file that is not
 * there is made for its owner only. For trying out: whoever reads it can log in.
 */
export function createFileMessenger({ channel, options }: FileMessengerOptions): Messenger {
  return createMessenger({
    channel,
    deliver: async ({ to, subject, text }) => {
      const line = `${JSON.stringify({ channel, to, subject, text })}\n`
      await appendFile(options.file, line, { mode: 0o600 })
    },
  })
}
