import { setTimeout as pause } from 'node:timers/promises'
import { checkRedis, type RedisCheck } from '../store/redis-check.js'
import { describeRedisFault, type RedisConnection } from '../store/redis-connection.js'
import type { CliIo } from './cli-io.js'

/** After how long a wait is told first, how often it is told again, and how often Redis is asked, in milliseconds. */
const TELL_AFTER = 1_000
const TELL_EVERY = 30_000
const ASK_EVERY = 250

/**
 * Waits until Redis is there, as long as it takes, and says that it waits: at once, and every 30 seconds. Then it looks
 * whether Redis can keep what it is given, and tells what is wrong.
 * @returns false when Redis must not be used as it is
 */
export async function awaitRedis(
  redis: RedisConnection,
  io: Pick<CliIo, 'stderr' | 'now'>,
): Promise<boolean> {
  let tellAt = io.now() + TELL_AFTER
  for (;;) {
    const outcome = await look(redis)
    if (typeof outcome !== 'string') {
      for (const line of [...outcome.faults, ...outcome.warnings]) io.stderr(`${line}\n`)
      return outcome.faults.length === 0
    }
    if (io.now() >= tellAt) {
      io.stderr(`The gateway waits for Redis, and does not listen until it is there: ${outcome}\n`)
      tellAt = io.now() + TELL_EVERY
    }
    await pause(ASK_EVERY)
  }
}

/** What is wrong with Redis, or why it cannot be asked. */
async function look(redis: RedisConnection): Promise<RedisCheck | string> {
  if (!redis.isUp()) return redis.lastFault() ?? 'it does not answer'
  try {
    return await checkRedis(redis)
  } catch (error) {
    return describeRedisFault(error)
  }
}
