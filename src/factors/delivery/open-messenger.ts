import type { Clock } from '../../clock.js'
import { createCommandMessenger } from './command-messenger.js'
import { createFileMessenger } from './file-messenger.js'
import type { CommandOptions, FileOptions, MailOptions, Messenger, SmsOptions } from './messenger.js'
import { createSmtpMessenger } from './smtp-messenger.js'
import { createWebhookMessenger } from './webhook-messenger.js'

/** What messengers need from outside. */
export interface MessengerSurroundings {
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  /** What programs that send messages get as their environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The messenger for mail that the operator chose. It connects when there is something to send. */
export function openMailMessenger(
  { from, via }: MailOptions,
  surroundings: MessengerSurroundings,
): Messenger {
  return 'smtp' in via ? createSmtpMessenger({ from, smtp: via.smtp }) : openLocal('email', via, surroundings)
}

/** The messenger for text messages that the operator chose. It connects when there is something to send. */
export function openSmsMessenger({ via }: SmsOptions, surroundings: MessengerSurroundings): Messenger {
  return 'webhook' in via
    ? createWebhookMessenger({ webhook: via.webhook, ...surroundings })
    : openLocal('sms', via, surroundings)
}

function openLocal(
  channel: Messenger['channel'],
  options: CommandOptions | FileOptions,
  { environment }: MessengerSurroundings,
): Messenger {
  return 'file' in options
    ? createFileMessenger({ channel, options })
    : createCommandMessenger({ channel, options, environment })
}
