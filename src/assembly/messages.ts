import type { GatewayConfig } from '../config/gateway-config.js'
import type { Message } from '../factors/delivery/messenger.js'
import {
  type MessengerSurroundings,
  openMailMessenger,
  openSmsMessenger,
} from '../factors/delivery/open-messenger.js'
import { createOutbox, type Outbox } from '../factors/delivery/outbox.js'

export interface MessagesOptions extends MessengerSurroundings {
  readonly config: Pick<GatewayConfig, 'mail' | 'sms'>
  /** Told what was not delivered and why. */
  readonly onFault: (error: Error, channel: 'email' | 'sms') => void
}

/** The ways to send something to people, as far as the operator gave any. */
export interface Messages {
  /** Takes a mail and returns at once. Undefined where no mail is sent. */
  readonly mail: ((message: Message) => void) | undefined
  /** Takes a text message and returns at once. Undefined where none is sent. */
  readonly sms: ((message: Message) => void) | undefined
  /** Waits a moment for what is under way. */
  close(): Promise<void>
}

/** Opens the ways that the configuration names. Nothing connects before there is something to send. */
export function openMessages({ config, onFault, ...surroundings }: MessagesOptions): Messages {
  const { mail, sms } = config
  const mails = mail && createOutbox({ messenger: openMailMessenger(mail, surroundings), onFault })
  const texts = sms && createOutbox({ messenger: openSmsMessenger(sms, surroundings), onFault })
  const post = (outbox: Outbox | undefined) => outbox && ((message: Message) => outbox.post(message))
  return {
    mail: post(mails),
    sms: post(texts),
    close: async () => {
      await Promise.all([mails?.close(), texts?.close()])
    },
  }
}
