import type { Message, Messenger } from './messenger.js'

export interface MessengerParts {
  readonly channel: Messenger['channel']
  /** Hands over one message. Rejects with an error whose message tells why, without the text. */
  readonly deliver: (message: Message) => Promise<void>
  /** Lets go of connections, once nothing is under way. Default: nothing to let go. */
  readonly release?: () => void
}

/** Builds the contract of a messenger on a function that delivers one message. */
export function createMessenger({ channel, deliver, release }: MessengerParts): Messenger {
  const underWay = new Set<Promise<void>>()
  let closed = false
  return {
    channel,
    send: async message => {
      if (closed) throw new Error('Nothing is sent any more: the messenger was closed.')
      const delivery = deliver(message)
      underWay.add(delivery)
      try {
        await delivery
      } finally {
        underWay.delete(delivery)
      }
    },
    close: async () => {
      closed = true
      await Promise.allSettled(underWay)
      release?.()
    },
  }
}
