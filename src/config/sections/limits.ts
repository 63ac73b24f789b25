import Type, { type Static } from 'typebox'
import type { GatewayConfig } from '../gateway-config.js'
import type { Reading } from '../reading.js'
import { block, soundSettings } from '../settings.js'
import { boundedMilliseconds, duration } from './duration.js'

const PER_USER = 100
const PER_ADDRESS = 500
const MOST = 100_000

export const limitsSchema = block('How much one client may hold open at once, in each process.', {
  streams_per_user: Type.Optional(
    Type.Integer({
      description:
        'Most open WebSockets and event streams of one user. One more is answered 429; those that are open stay.',
      default: PER_USER,
      minimum: 1,
      maximum: MOST,
    }),
  ),
  streams_per_address: Type.Optional(
    Type.Integer({
      description:
        'The same by client address (IPv6: by its /64), whoever opens them. An office behind one address shares this ' +
        'number; behind a proxy that "trusted_proxies" does not name, everybody does.',
      default: PER_ADDRESS,
      minimum: 1,
      maximum: MOST,
    }),
  ),
  stalled_after: Type.Optional(
    duration(
      'A client is cut off that sends nothing of a body that it has begun, or takes nothing of what waits for it, for ' +
        'this long. A body may take as long as it likes, and a quiet WebSocket or event stream is not stalled.',
      '60s',
    ),
  ),
})

/** Reads `limits`. */
export function readLimits(reading: Reading, raw: unknown): GatewayConfig['limits'] {
  const written: Partial<Static<typeof limitsSchema>> = soundSettings(limitsSchema, raw)
  const path = ['limits', 'stalled_after']
  const bounds = { least: '1s', most: '1h' }
  return {
    perUser: written.streams_per_user ?? PER_USER,
    perAddress: written.streams_per_address ?? PER_ADDRESS,
    stalledAfter: boundedMilliseconds(reading, path, written.stalled_after ?? '60s', bounds) ?? 60_000,
  }
}
