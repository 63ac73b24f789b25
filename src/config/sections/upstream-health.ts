import Type from 'typebox'
import type { HealthCheckOptions } from '../../gate/health-checks.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { block, isBlock, soundSettings, text } from '../settings.js'
import { boundedMilliseconds, duration } from './duration.js'

export const healthSchema = block(
  'Asks every address whether it is well. One that is not gets no requests while another one is well.',
  {
    path: text(
      { description: 'The address that is asked. 200 to 399 is a good answer.', examples: ['/healthz'] },
      '^/[!-"$-~]*$',
      'write a path that begins with "/", such as /healthz',
    ),
    every: Type.Optional(duration('From one check to the next.', '10s')),
    timeout: Type.Optional(duration('Until the answer must be there.', '2s')),
    unhealthy_after: Type.Optional(checks('So many bad checks in a row take an address out.', 3)),
    healthy_after: Type.Optional(checks('So many good checks in a row bring it back.', 2)),
  },
)

function checks(description: string, usual: number) {
  return Type.Integer({ description, default: usual, minimum: 1, maximum: 100 })
}

/** Reads `health` of an upstream; undefined when there is none or it is wrong. */
export function readHealth(reading: Reading, path: Path, written: unknown): HealthCheckOptions | undefined {
  if (!isBlock(written)) return undefined
  const health = soundSettings(healthSchema, written)
  const bounded = (key: 'every' | 'timeout', usual: string): number | undefined =>
    boundedMilliseconds(reading, [...path, key], health[key] ?? usual, { least: '1s', most: '1h' })
  const every = bounded('every', '10s')
  const timeout = bounded('timeout', '2s')
  if (health.path === undefined || every === undefined || timeout === undefined) return undefined
  return {
    path: health.path,
    every,
    timeout,
    unhealthyAfter: health.unhealthy_after ?? 3,
    healthyAfter: health.healthy_after ?? 2,
  }
}
