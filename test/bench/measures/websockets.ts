import { ROUND_TRIP, ROUND_TRIPS } from '../columns.js'
import { loadWebSockets } from '../load/websocket-load.js'
import type { BenchOptions } from '../options.js'
import type { Reading } from '../scenario.js'
import type { Subject } from '../subject.js'
import { cpuOf } from './requests.js'

/** Messages of so many bytes that come back, one under way on each connection. */
export function measureWebSockets(bytes: number) {
  return async (subject: Subject, { connections, seconds }: BenchOptions): Promise<Reading> => {
    const before = cpuOf(subject)
    const { requests, seconds: took } = await loadWebSockets(subject.target, bytes, connections, seconds)
    return { [ROUND_TRIP.key]: (cpuOf(subject) - before) / requests, [ROUND_TRIPS.key]: requests / took }
  }
}
