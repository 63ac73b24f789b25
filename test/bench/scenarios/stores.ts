import { randomBytes } from 'node:crypto'
import { CPU, MEMORY, PER_SECOND } from '../columns.js'
import { measureRequests } from '../measures/requests.js'
import { redisIsHere, startRedis } from '../peers/redis.js'
import { type House, scenario, type SubjectKind } from '../scenario.js'
import type { Subject } from '../subject.js'
import { type Gateway, gatewaySubject, type Settings, startGateway } from '../subjects/gateway.js'
import { carryManySessions } from '../subjects/many-sessions.js'

/** More sessions than a gateway remembers: each request reads the store. */
const COLD = 20_000
/** With Redis as the store, a secret must be given. */
const SECRET_FILE = 'secret'

/** The store behind the gateway, and what remembering saves. */
export const STORES = scenario<Subject>({
  name: 'stores',
  title: 'The embedded store and Redis, one session and more than are remembered',
  columns: [CPU, PER_SECOND, MEMORY],
  measure: measureRequests,
  subjects: [
    gatewaySubject('embedded-warm', 'Gatehouse: embedded store, one session'),
    {
      name: 'embedded-cold',
      title: 'Gatehouse: embedded store, 20 000 sessions in turn',
      start: async house => carryManySessions(await startGateway(house, { name: 'embedded-cold' }), COLD),
    },
    {
      name: 'redis-warm',
      title: 'Gatehouse: Redis, one session',
      isHere: redisIsHere,
      start: house => startOnRedis(house, 'redis-warm'),
    },
    {
      name: 'redis-cold',
      title: 'Gatehouse: Redis, 20 000 sessions in turn',
      isHere: redisIsHere,
      start: async house => carryManySessions(await startOnRedis(house, 'redis-cold'), COLD),
    },
  ],
  comparisons: [
    { of: 'embedded-cold', against: 'embedded-warm', column: CPU },
    { of: 'redis-warm', against: 'embedded-warm', column: CPU },
    { of: 'redis-cold', against: 'embedded-cold', column: CPU },
  ],
})

/** What more sessions in the store cost, whoever asks. */
export const SESSIONS = scenario<Subject>({
  name: 'sessions',
  title: 'One, ten thousand and a million sessions in the embedded store, at most 20 000 of which ask',
  columns: [CPU, PER_SECOND, MEMORY],
  measure: measureRequests,
  subjects: [
    gatewaySubject('one-session', 'Gatehouse: one session'),
    withSessions('some-sessions', 'Gatehouse: 10 000 sessions', () => 10_000),
    withSessions(
      'many-sessions',
      'Gatehouse: 1 000 000 sessions (or as `--sessions` says)',
      house => house.options.sessions,
    ),
  ],
  comparisons: [
    { of: 'some-sessions', against: 'one-session', column: CPU },
    { of: 'many-sessions', against: 'some-sessions', column: CPU },
  ],
})

function withSessions(name: string, title: string, count: (house: House) => number): SubjectKind<Subject> {
  return {
    name,
    title,
    start: async house => carryManySessions(await startGateway(house, { name }), count(house)),
  }
}

async function startOnRedis(house: House, name: string): Promise<Gateway> {
  const settings: Settings = {
    // Many sessions are written at once.
    store: { redis: { url: await startRedis(house, `${name}-server`), timeout: '5s' } },
    secret: { file: SECRET_FILE },
  }
  return startGateway(house, { name, settings, files: { [SECRET_FILE]: randomBytes(32).toString('hex') } })
}
