import type { RedisConnection } from './redis-connection.js'
import { redisChannel } from './redis-store.js'

/** What other processes change, as it happens. */
export interface RedisChanges {
  /** Whether every change is heard of. Nothing that was read before may be believed while it is false. */
  readonly isHeard: () => boolean
  /** Tells the key of each record that was written or deleted, by whomever. */
  readonly onChange: (listener: (key: string) => void) => void
  /** Tells that changes may have been missed. */
  readonly onSilence: (listener: () => void) => void
  readonly close: () => void
}

export interface RedisChangesOptions {
  readonly connection: RedisConnection
  /** What every key of the store begins with. */
  readonly prefix: string
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

/** How often the way over the channel is tried, in milliseconds. */
const BEAT_EVERY = 100
/** After so many tries that were not heard, it is silent. */
const MOST_UNHEARD = 3
const NAME_BYTES = 9

/**
 * Listens to the changes of a store over pub/sub, which tells nobody that a message was lost. So the process sends
 * itself a beat ten times a second, by the connection that its writes go over: when three in a row are not heard, or
 * the connection of the listener is closed, the channel counts as silent.
 */
export function followRedisChanges({ connection, prefix, random }: RedisChangesOptions): RedisChanges {
  const changes = redisChannel(prefix)
  const beats = `${prefix}beat:${random(NAME_BYTES).toString('base64url')}`
  const listeners: ((key: string) => void)[] = []
  const silenceListeners: (() => void)[] = []
  const subscriber = connection.subscriber()
  let sent = 0
  let heard = 0
  let isHeard = false

  function judge(): void {
    const now = heard > 0 && sent - heard <= MOST_UNHEARD && subscriber.status === 'ready'
    if (isHeard && !now) for (const listener of silenceListeners) listener()
    isHeard = now
  }

  subscriber.on('message', (channel: string, message: string) => {
    if (channel === changes) for (const listener of listeners) listener(message)
    else {
      heard = Math.max(heard, Number(message))
      judge()
    }
  })
  subscriber.on('close', () => {
    heard = 0
    judge()
  })
  const subscribe = (): void => {
    subscriber.subscribe(changes, beats).catch(() => undefined)
  }
  subscriber.on('ready', subscribe)
  if (subscriber.status === 'ready') subscribe()
  const timer = setInterval(() => {
    sent += 1
    judge()
    if (connection.isUp()) connection.client.publish(beats, String(sent)).catch(() => undefined)
  }, BEAT_EVERY)
  timer.unref()

  return {
    isHeard: () => isHeard,
    onChange: listener => void listeners.push(listener),
    onSilence: listener => void silenceListeners.push(listener),
    close: () => clearInterval(timer),
  }
}
