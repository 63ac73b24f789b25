import Type from 'typebox'
import type { GatewayConfig } from '../gateway-config.js'
import { beside, type Reading } from '../reading.js'
import { block, isBlock, soundSettings, text } from '../settings.js'
import { readRedis, redisSchema } from './redis.js'
import { redisUrlSchema } from './redis-address.js'

/** The settings of `store`. */
export const storeSchema = block(
  'Where the gateway remembers sessions, factors and keys. One of embedded and redis.',
  {
    embedded: Type.Optional(
      text({
        description: 'Directory of the embedded store, relative to this file. Nothing else is needed.',
        default: './data',
        examples: ['/var/lib/gatehouse'],
      }),
    ),
    redis: Type.Optional(
      Type.Union([redisUrlSchema, redisSchema], {
        description:
          'Redis 6.2 or later, or Valkey, for gateways on several machines: its address, or details. Needs "secret".',
        examples: ['redis://127.0.0.1:6379', { url: 'rediss://redis:6380', password: '${REDIS_PASSWORD}' }],
      }),
    ),
  },
)

const PATH = ['store', 'redis']

/**
 * Reads `store`.
 * @param hasSecret whether the file has `secret`: with Redis there is no place to keep a generated one
 * @returns undefined when Redis is meant and cannot be told from the file, which has been reported
 */
export function readStore(
  reading: Reading,
  raw: unknown,
  hasSecret: boolean,
): GatewayConfig['store'] | undefined {
  const { findings } = reading
  const written = soundSettings(storeSchema, raw)
  if (!isBlock(raw) || !Object.hasOwn(raw, 'redis'))
    return { embedded: beside(reading.file, written.embedded ?? './data') }
  if (Object.hasOwn(raw, 'embedded'))
    findings.error(
      ['store', 'embedded'],
      'the store is either embedded or in redis',
      'keep one of them',
      'key',
    )
  if (!hasSecret)
    findings.error(
      PATH,
      'with Redis, "secret" is needed: every gateway must have the same, and it must not lie beside what it seals',
      'make one with "gatehouse secret", and write secret: ${GATEHOUSE_SECRET} or secret: { file: NAME }',
      'key',
    )
  const redis = readRedis(reading, written.redis)
  return redis === undefined ? undefined : { redis }
}
