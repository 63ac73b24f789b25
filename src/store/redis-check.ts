import { describeRedisFault, type RedisConnection } from './redis-connection.js'

/** What is wrong with a Redis. */
export interface RedisCheck {
  /** Why it must not be used as it is, each with its cure. */
  readonly faults: readonly string[]
  /** What the operator should know all the same. */
  readonly warnings: readonly string[]
}

const LEAST: readonly [number, number] = [6, 2]
const NO_EVICTION = 'noeviction'

/**
 * Looks whether each server can keep what it is given: its version, that it never evicts, and that it writes to a disk.
 * Managed services forbid some of these questions, which is a warning.
 * @throws what the client throws when a server cannot be reached
 */
export async function checkRedis(connection: RedisConnection): Promise<RedisCheck> {
  const faults = new Set<string>()
  const warnings = new Set<string>()
  for (const master of connection.masters()) {
    const allowed = async <Answer>(question: () => Promise<Answer>): Promise<Answer | undefined> => {
      try {
        return await question()
      } catch (error) {
        if (!isForbidden(error)) throw error
        return undefined
      }
    }
    const version = /^redis_version:(\d+)\.(\d+)/m.exec((await allowed(() => master.info('server'))) ?? '')
    const [major, minor] = [Number(version?.[1]), Number(version?.[2])]
    if (version === null) warnings.add('Redis does not tell its version, which must be 6.2 or later.')
    else if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1]))
      faults.add(`Redis ${version[1] ?? ''}.${version[2] ?? ''} is too old. Install 6.2 or later, or Valkey.`)
    const setting = async (name: string): Promise<string | undefined> => {
      const pair = (await allowed(() => master.config('GET', name))) as readonly string[] | undefined
      return pair?.[1]
    }
    if (connection.replicas > 0) {
      const replication = (await allowed(() => master.info('replication'))) ?? ''
      const [, count] = /^connected_slaves:(\d+)/m.exec(replication) ?? []
      if (count !== undefined && Number(count) < connection.replicas)
        warnings.add(
          `A Redis has ${count} replicas of the ${String(connection.replicas)} that must have a write before it counts ` +
            '("replicas"): what is written there is refused until they are connected.',
        )
    }
    const policy = await setting('maxmemory-policy')
    if (policy === undefined)
      warnings.add(
        `It cannot be checked that Redis evicts nothing (CONFIG GET is forbidden): maxmemory-policy must be ${NO_EVICTION}.`,
      )
    else if (policy !== NO_EVICTION)
      faults.add(
        `Redis would throw away sessions, factors and codes that were used when its memory is full (maxmemory-policy ${policy}). ` +
          `Set it in redis.conf: maxmemory-policy ${NO_EVICTION}`,
      )
    if ((await setting('appendonly')) === 'no' && (await setting('save')) === '')
      warnings.add(
        'Redis keeps nothing on a disk: after its restart every factor is gone, and nobody can log in until the ' +
          'gateways are restarted too. Set in redis.conf: appendonly yes',
      )
  }
  return { faults: [...faults], warnings: [...warnings] }
}

/** Whether the answer was that this question must not be asked. */
function isForbidden(error: unknown): boolean {
  return /^(NOPERM|ERR unknown|ERR unsupported|ERR Unknown)/.test(describeRedisFault(error))
}
