import { readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { TestRedis } from '../harness/redis.js'
import type { Fault } from './fault.js'

const SHARED = { store: 'redis', gateways: 2 } as const

/** What FLUSHALL is in the log of Redis. */
const FLUSHALL = Buffer.from('*1\r\n$8\r\nflushall\r\n')

/** Undoes FLUSHALL and what came after it, as the manual of Redis has it: by its log. */
async function restoreEmptied(redis: TestRedis): Promise<void> {
  const folder = (await redis.ask('config', 'get', 'dir')).split('\n')[1] ?? ''
  await redis.kill()
  const logs = join(folder, 'appendonlydir')
  for (const name of readdirSync(logs).filter(file => file.endsWith('.aof'))) {
    const file = join(logs, name)
    const at = Buffer.from(readFileSync(file, 'latin1').toLowerCase(), 'latin1').indexOf(FLUSHALL)
    if (at >= 0) truncateSync(file, at)
  }
  await redis.start()
}

/** What happens to Redis. */
export const REDIS_FAULTS: readonly Fault[] = [
  {
    name: 'Redis: killed and started again',
    plan: SHARED,
    break: ({ redis }) => redis().kill(),
    mend: ({ redis }) => redis().start(),
  },
  {
    name: 'Redis: stopped (SIGSTOP)',
    plan: SHARED,
    break: ({ redis }) => redis().signal('SIGSTOP'),
    mend: ({ redis }) => redis().signal('SIGCONT'),
  },
  {
    name: 'Redis: emptied (FLUSHALL), restored from its log',
    plan: SHARED,
    break: ({ redis }) => redis().ask('flushall'),
    // Sessions that were ended while it was empty are back with the backup: nobody may come in before all are ended.
    mend: async ({ redis, gateway, gateways }) => {
      await Promise.all(gateways.map(({ end }) => end('SIGTERM')))
      await restoreEmptied(redis())
      await gateway.command('sessions', 'revoke', '--all', '--yes')
      await Promise.all(gateways.map(({ start }) => start()))
    },
  },
  {
    name: 'Redis: full',
    plan: SHARED,
    break: ({ redis }) => redis().ask('config', 'set', 'maxmemory', '1'),
    mend: ({ redis }) => redis().ask('config', 'set', 'maxmemory', '0'),
  },
  {
    name: 'Redis: answers 500 ms late',
    plan: SHARED,
    break: ({ link }) => link().delay(500),
    mend: ({ link }) => link().delay(0),
  },
  {
    name: 'Redis: answers 20 ms late',
    plan: SHARED,
    break: ({ link }) => link().delay(20),
    mend: ({ link }) => link().delay(0),
  },
  {
    name: 'Redis: the network swallows everything',
    plan: SHARED,
    break: ({ link }) => link().stall(true),
    mend: ({ link }) => link().stall(false),
  },
  {
    name: 'Redis: connections are reset all the time',
    plan: SHARED,
    break: ({ link }) => link().reset(true),
    mend: ({ link }) => link().reset(false),
  },
  {
    name: 'Redis: takes no writes',
    plan: SHARED,
    break: ({ redis }) => redis().ask('config', 'set', 'min-replicas-to-write', '1'),
    mend: ({ redis }) => redis().ask('config', 'set', 'min-replicas-to-write', '0'),
  },
  {
    name: 'Redis: started again with a policy that evicts',
    plan: SHARED,
    break: async ({ redis }) => {
      await redis().kill()
      await redis().start()
      await redis().ask('config', 'set', 'maxmemory-policy', 'allkeys-lru')
    },
    mend: ({ redis }) => redis().ask('config', 'set', 'maxmemory-policy', 'noeviction'),
  },
  {
    name: 'Sentinel: the master is killed, a replica takes over',
    plan: { store: 'sentinel', gateways: 2 },
    break: ({ redis }) => redis().kill(),
    mend: ({ redis }) => redis().start(),
  },
  {
    name: 'Sentinel: the master is stopped, and comes back after the fail-over',
    plan: { store: 'sentinel', gateways: 2 },
    break: ({ redis }) => redis().signal('SIGSTOP'),
    mend: ({ redis }) => redis().signal('SIGCONT'),
  },
]
