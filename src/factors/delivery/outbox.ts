import type { Message, Messenger } from './messenger.js'

export interface OutboxOptions {
  readonly messenger: Messenger
  /** Told what was not delivered and why. The error has nothing of the message's text. */
  readonly onFault: (error: Error, channel: Messenger['channel']) => void
  /** How many messages may wait; further ones are dropped and told. Default 200. */
  readonly capacity?: number
  /** How many are under way at once. Default 4. */
  readonly atOnce?: number
  /** Milliseconds that `close()` waits. Default 5 s. */
  readonly patience?: number
}

/** Messages on their way to one messenger. Nobody waits for them. */
export interface Outbox {
  /** Takes a message and returns at once: the work begins after the caller's turn, and no error comes back. */
  post(message: Message): void
  /** Takes nothing more, waits for what is under way, but not longer than `patience`, and closes the messenger. */
  close(): Promise<void>
}

const CAPACITY = 200
const AT_ONCE = 4
const PATIENCE = 5000

/** Makes the outbox of a messenger, which is its own from then on. A message that fails is not tried again. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { messenger, onFault, capacity = CAPACITY, atOnce = AT_ONCE, patience = PATIENCE } = options
  const waiting: Message[] = []
  let underWay = 0
  let closing: Promise<void> | undefined
  let drained: () => void = () => undefined

  const fault = (why: string): void => onFault(new Error(why), messenger.channel)

  async function deliver(message: Message): Promise<void> {
    try {
      await messenger.send(message)
    } catch (error) {
      onFault(error instanceof Error ? error : new Error('A message failed.'), messenger.channel)
    }
    underWay -= 1
    next()
  }

  function next(): void {
    while (underWay < atOnce) {
      const message = waiting.shift()
      if (message === undefined) break
      underWay += 1
      void deliver(message)
    }
    if (underWay === 0) drained()
  }

  async function finish(): Promise<void> {
    const inTime = await within(patience, async () => {
      await new Promise<void>(resolve => {
        drained = resolve
        next()
      })
      await messenger.close()
    })
    if (inTime) return
    const givenUp = waiting.splice(0).length + underWay
    fault(`Not all was delivered before the end. Messages given up: ${givenUp}.`)
  }

  return {
    post: message => {
      if (closing !== undefined) return fault('A message was dropped: nothing is sent any more.')
      if (waiting.length >= capacity) return fault(`A message was dropped: ${capacity} are waiting already.`)
      waiting.push(message)
      setImmediate(next)
    },
    close: () => (closing ??= finish()),
  }
}

/** True when the work was done in time; it goes on unseen otherwise. */
async function within(milliseconds: number, work: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  const done = work().then(() => true)
  const inTime = await Promise.race([done, late])
  clearTimeout(timer)
  return inTime
}
