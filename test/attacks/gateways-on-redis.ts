import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createCachedStore } from '../../src/store/cached-store.js'
import { refuseWhenEmptied } from '../../src/store/emptied-store.js'
import { followRedisChanges } from '../../src/store/redis-changes.js'
import { connectRedis } from '../../src/store/redis-connection.js'
import { createRedisStore } from '../../src/store/redis-store.js'
import { describeRedis, type RedisPlace } from '../../src/store/redis-target.js'
import { startGateway, type TestGateway } from '../harness/gateway.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'
import { eventually, redisTarget } from '../harness/redis.js'
import {
  A_CODE,
  type AllWays,
  allWaysUsers,
  allWaysYaml,
  type Ask,
  createAsk,
  LONG_PASSWORD,
  messagesIn,
  SESSION_COOKIE,
} from './all-ways-gateway.js'

/** How Alice logs in. */
export const KNOWN = { username: 'alice', password: LONG_PASSWORD }

/** One of several gateways on one Redis. */
export interface RedisGateway {
  readonly gateway: TestGateway
  readonly ask: Ask
  readonly message: AllWays['message']
  /** Lets so much time pass, everywhere, that another code may be sent. */
  readonly later: () => void
}

/** In milliseconds. */
const SENT_AGAIN_AFTER = 3_601_000

/** How the gateways are started. */
interface RedisGatewaysOptions {
  readonly count?: number
  /** How long a command may take, in milliseconds. Default 3000: the machine is busy. */
  readonly timeout?: number
  /** How many replicas must have a write. Default: none. */
  readonly replicas?: number
  /** Default: a new secret. */
  readonly secrets?: readonly string[]
}

/** Starts gateways on which every way in is switched on, as on machines of their own, on one Redis. */
export async function startOnRedis(t: Test, place: RedisPlace, options: RedisGatewaysOptions = {}) {
  const {
    count = 2,
    timeout = 3_000,
    replicas = 0,
    secrets = [randomBytes(32).toString('base64url')],
  } = options
  const upstream = await startRecordingUpstream(t)
  const users = await allWaysUsers()
  const gateways: RedisGateway[] = []
  const later = (): void => {
    for (const { gateway } of gateways) gateway.clock.advance(SENT_AGAIN_AFTER)
  }
  const heard: (() => boolean)[] = []
  let message: AllWays['message'] | undefined
  for (let index = 0; index < count; index++) {
    const target = { ...redisTarget(place, 'gatehouse:'), timeout, replicas }
    // Each writes the same files into the folder of the test, so they share the file of messages.
    const gateway = await startGateway(t, {
      yaml: allWaysYaml(upstream.url),
      users,
      tls: false,
      secrets,
      store: now => {
        const connection = connectRedis(target)
        const { prefix, cacheFor } = target
        const records = { connection, name: describeRedis(target), prefix, now, random: randomBytes }
        const store = refuseWhenEmptied({ store: createRedisStore(records), random: randomBytes })
        const changes = followRedisChanges({ connection, prefix, random: randomBytes })
        heard.push(() => changes.isHeard())
        return createCachedStore({ store, changes, prefix, life: cacheFor, now })
      },
    })
    message ??= messagesIn(join(gateway.usersFile, '..', 'messages.jsonl'))
    gateways.push({ gateway, ask: createAsk(gateway.port), message, later })
  }
  await eventually(() => Promise.resolve(heard.every(isHeard => isHeard())))
  const [here, there = here] = gateways
  if (here === undefined || there === undefined) throw new Error('there is no gateway')
  return { here, there, secrets }
}

/** A login of Alice up to the code that was sent to her. */
export async function beginBySms(
  { ask, message, later }: RedisGateway,
  mode: 'session' | 'token' = 'session',
) {
  later()
  const { json, cookie, status } = await ask('/auth/login', { json: { ...KNOWN, mode } })
  if (status !== 202) throw new Error(`the login was answered ${status}`)
  const cookies: Record<string, string> =
    mode === 'session' ? { [SESSION_COOKIE]: cookie(SESSION_COOKIE) } : {}
  const { challenge } = json
  await ask('/auth/mfa/challenge', { json: { challenge, factor: 'sms' }, cookies })
  return { json: { challenge, factor: 'sms', code: await message('sms', A_CODE) }, cookies }
}

/** A whole login of Alice with a cookie. */
export async function logInBySms(at: RedisGateway): Promise<Readonly<Record<string, string>>> {
  const verified = await at.ask('/auth/mfa/verify', await beginBySms(at))
  if (verified.status !== 200) throw new Error(`the code was answered ${verified.status}`)
  return { [SESSION_COOKIE]: verified.cookie(SESSION_COOKIE) }
}
