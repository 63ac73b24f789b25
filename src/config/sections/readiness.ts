import Type from 'typebox'
import type { AppConfig, GatewayConfig } from '../gateway-config.js'
import type { Reading } from '../reading.js'
import { block, soundSettings } from '../settings.js'

export const readinessSchema = block('What the gateway needs to say that it is ready.', {
  upstreams: Type.Optional(
    Type.Boolean({
      description:
        'Whether it is not ready while every address of an app fails its health checks. An app without "health" at its ' +
        'upstream is not looked at. For one app beside its gateway: with several, one that is down takes all away.',
      default: false,
    }),
  ),
})

/** Reads `health`; what it asks for must be known of one app at least. */
export function readReadiness(
  reading: Reading,
  raw: unknown,
  apps: readonly Pick<AppConfig, 'upstream'>[],
): GatewayConfig['health'] {
  const { upstreams = false } = soundSettings(readinessSchema, raw)
  if (upstreams && apps.every(({ upstream }) => upstream?.health === undefined))
    reading.findings.error(
      ['health', 'upstreams'],
      'no upstream is asked whether it is well',
      'write "upstream: { url: http://…, health: { path: /healthz } }", or leave this out',
    )
  return { upstreams }
}
