import Type from 'typebox'
import type { GatewayConfig } from '../gateway-config.js'
import { block, choice, isBlock, soundSettings } from '../settings.js'

export const tracingSchema = block(
  'Spans of OpenTelemetry for each request that is decided, and for what the app makes of it. They go where the SDK sends ' +
    'them that the process was started with (NODE_OPTIONS=--import …). Without this there are none.',
  {
    continues: Type.Optional(
      choice(
        {
          description:
            'Whose traceparent is continued. Another one is named by a link, and a trace of its own is begun.',
          default: 'trusted_proxies',
        },
        ['trusted_proxies', 'everyone'],
        [
          'only that of the proxies in trusted_proxies',
          "every client's: whoever sends one decides which trace a request is put into, and whether it is recorded",
        ],
      ),
    ),
  },
)

/** Reads `tracing`. */
export function readTracing(raw: unknown): GatewayConfig['tracing'] {
  if (!isBlock(raw)) return undefined
  const { continues = 'trusted_proxies' } = soundSettings(tracingSchema, raw)
  return { continues }
}
