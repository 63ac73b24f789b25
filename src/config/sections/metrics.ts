import type { GatewayConfig } from '../gateway-config.js'
import type { Reading } from '../reading.js'
import { block, isBlock, soundSettings, text } from '../settings.js'
import { LISTEN_CURE, LISTEN_PATTERN, readListen } from './listen.js'

export const metricsSchema = block('Metrics in the text format of Prometheus. Without it there are none.', {
  listen: text(
    {
      description:
        'Address and port that serve GET /metrics, and nothing else. Not for the world: whoever reaches it reads the ' +
        'names of your routes.',
      examples: ['127.0.0.1:9090'],
    },
    LISTEN_PATTERN,
    LISTEN_CURE,
  ),
})

/** Reads `metrics`; its address must be another than the gateway's own. */
export function readMetrics(
  reading: Reading,
  raw: unknown,
  own: GatewayConfig['listen'] | undefined,
): GatewayConfig['metrics'] {
  if (!isBlock(raw)) return undefined
  const { listen: written } = soundSettings(metricsSchema, raw)
  if (written === undefined) return undefined
  const listen = readListen(reading, ['metrics', 'listen'], written)
  if (listen === undefined) return undefined
  if (listen.port !== 0 && listen.port === own?.port) {
    const cure = 'write another port, such as 127.0.0.1:9090'
    reading.findings.error(['metrics', 'listen'], 'the gateway itself listens on this port', cure)
  }
  return { listen }
}
