import { setTimeout as sleep } from 'node:timers/promises'
import type { TestRedis } from '../harness/redis.js'

/** What a gateway holds at one moment. */
export interface Holding {
  /** Bytes that JavaScript uses after everything was collected that nobody holds, and bytes outside of its heap. */
  readonly heap: number
  readonly external: number
  /** Bytes of the process in memory. Freed memory stays there for a time: told, and not judged. */
  readonly resident: number
  /** Open files and sockets of the process. */
  readonly files: number
  /** What keeps its event loop going: sockets, timers, listeners. */
  readonly resources: number
  /** Keys of the store that stay until something removes them. */
  readonly keys: number
  /** Keys that end by themselves. */
  readonly passingKeys: number
}

/**
 * What a gateway has to be started with: it collects all garbage at SIGUSR2. Twice, because what the first time only
 * detaches goes with the second.
 */
export const COLLECTING: readonly string[] = [
  '--expose-gc',
  '--import',
  `data:text/javascript,${encodeURIComponent("process.on('SIGUSR2', () => { gc(); setTimeout(gc, 200).unref() })")}`,
]

/** How long the second collection takes to be over, in milliseconds. */
const COLLECTED_AFTER = 1_500

/** Has everything collected, and measures. `port` is that of the metrics. */
export async function measure(
  gateway: { readonly signal: (signal: NodeJS.Signals) => void },
  port: number,
  redis: TestRedis,
): Promise<Holding> {
  gateway.signal('SIGUSR2')
  await sleep(COLLECTED_AFTER)
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } })
  const text = await answer.text()
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN)
  const keyspace = await redis.ask('info', 'keyspace')
  const count = (name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(keyspace)?.[1] ?? 0)
  return {
    heap: value('nodejs_heap_size_used_bytes'),
    external: value('nodejs_external_memory_bytes'),
    resident: value('process_resident_memory_bytes'),
    files: value('process_open_fds'),
    resources: value('nodejs_active_resources_total'),
    keys: count('keys') - count('expires'),
    passingKeys: count('expires'),
  }
}

/** Of what is judged, what is more than `part` above its base, with both figures. */
export function grown(base: Holding, end: Holding, part: number): readonly string[] {
  const judged = ['heap', 'external', 'files', 'resources', 'keys'] as const
  return judged
    .filter(name => !(end[name] <= base[name] * (1 + part)))
    .map(name => `${name}: ${base[name]} at first, ${end[name]} at last`)
}
