import { ROUND_TRIP, ROUND_TRIPS } from '../columns.js'
import { loadWebSockets } from '../load/websocket-load.js'
import type { Measure } from '../scenario.js'
import type { Subject } from '../subject.js'
import { spanOf } from './requests.js'

/** Messages of so many bytes that come back, one under way on each connection. */
export function measureWebSockets(bytes: number) {
  return (subject: Subject): Measure =>
    async ({ connections, seconds }) => {
      const span = spanOf(subject, seconds)
      const { requests, seconds: took, used } = await loadWebSockets(subject.target, bytes, connections, span)
      return { [ROUND_TRIP.key]: used / requests, [ROUND_TRIPS.key]: requests / took }
    }
}
