import { Cluster, type Redis } from 'ioredis'
import { REDIS_SCRIPTS, type RedisScripts } from './redis-scripts.js'

/** The scripts after which a record or its entry in an index must not be lost. */
export type RedisWrites = Pick<RedisScripts, 'writeRecord' | 'takeRecord' | 'indexRecord'>

export interface ConfirmedWritesOptions {
  /** Used for nothing else: WAIT holds up whatever comes behind it on the same connection. */
  readonly client: Redis | Cluster
  /** How many replicas must have a write before it counts, at least 1. */
  readonly replicas: number
  /** How long they are waited for, in milliseconds, at least 1 and less than a command may take. */
  readonly within: number
}

/**
 * Writes that count only when replicas have them too. Each goes out in one piece with a WAIT behind it, so both reach
 * the same server by the same connection, also in a cluster: WAIT speaks of what its own connection wrote. The script is
 * sent as its text, because one that is not there by its name would be sent again, behind the WAIT.
 *
 * A write that too few have in time is rejected. The master has it all the same, and nobody knows whether it stays.
 * From then on one write at a time is sent there to see whether the replicas are back, and the others are rejected at
 * once: otherwise each would hold up the next one for the whole time.
 */
export function confirmByReplicas({ client, replicas, within }: ConfirmedWritesOptions): RedisWrites {
  /** What is wrong with the replicas of a server, by its name. */
  const faults = new Map<string, string>()
  const trying = new Set<string>()
  const serverOf = (key: string): string =>
    client instanceof Cluster ? (client.slots[slotOf(key)]?.[0] ?? '') : ''

  async function send(lua: string, key: string, args: readonly (string | number)[]): Promise<unknown> {
    const server = serverOf(key)
    const results = await client
      .pipeline()
      .eval(lua, 1, key, ...args)
      .wait(replicas, within)
      .exec()
    const [[failed, reply] = [], [unsure, count] = []] = results ?? []
    const error = failed ?? unsure
    if (error) throw error
    const have = typeof count === 'number' ? count : 0
    if (have >= replicas) {
      faults.delete(server)
      return reply
    }
    const fault = `${String(have)} of ${String(replicas)} replicas had what was written within ${String(within)} ms`
    faults.set(server, fault)
    throw new Error(fault)
  }

  async function write(lua: string, key: string, args: readonly (string | number)[]): Promise<unknown> {
    const server = serverOf(key)
    const fault = faults.get(server)
    if (fault === undefined) return send(lua, key, args)
    if (trying.has(server)) throw new Error(fault)
    trying.add(server)
    try {
      return await send(lua, key, args)
    } finally {
      trying.delete(server)
    }
  }

  return {
    writeRecord: (key, ...args) => write(REDIS_SCRIPTS.writeRecord.lua, key, args),
    takeRecord: (key, ...args) => write(REDIS_SCRIPTS.takeRecord.lua, key, args),
    indexRecord: (key, ...args) => write(REDIS_SCRIPTS.indexRecord.lua, key, args),
  }
}

/** The slot of a key in a cluster: CRC16 of it, or of what stands in its first braces. */
function slotOf(key: string): number {
  const [, tag = key] = /^[^{]*\{([^}]+)\}/.exec(key) ?? []
  let crc = 0
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff
  }
  return crc % 16_384
}
