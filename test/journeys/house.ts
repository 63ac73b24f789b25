import type { Test } from 'tap'
import { startCluster, startRedis, startSentinels } from '../harness/redis.js'

const STORES = ['embedded', 'redis', 'sentinel', 'cluster'] as const

/**
 * What the journeys meet: one gateway with the embedded store, or what the environment names. `HOUSE_GATEWAYS=3` puts a
 * round robin before three, and `HOUSE_STORE` is `redis`, `sentinel` (three sentinels, a master, a replica) or `cluster`
 * (three masters, three replicas).
 */
export const HOUSE = {
  gateways: Number(process.env.HOUSE_GATEWAYS ?? '1'),
  store: STORES.find(store => store === process.env.HOUSE_STORE) ?? 'embedded',
} as const

/** The text of the file `secret` of every house: gateways that share a Redis are given one. */
export const SECRET = 'Tq4ZxW9mKc7Vb1Nn6Rs8Yd3Fg5Hj0LaEuIoPp2Q'

/** Starts the store of the house; it ends with the test. Gives the lines of gateway.yaml that name it. */
export async function houseStore(t: Test): Promise<string> {
  // Many processes share two cores: a server that is alive must not be taken for a dead one.
  const shared = (place: string): string =>
    `secret: { file: secret }\nstore: { redis: { ${place}, timeout: 3s } }`
  const list = (servers: readonly { readonly port: number }[]): string =>
    `[${servers.map(({ port }) => `127.0.0.1:${port}`).join(', ')}]`
  switch (HOUSE.store) {
    case 'embedded':
      return 'store: { embedded: ./data }'
    case 'redis':
      return shared(`url: '${(await startRedis(t)).url}'`)
    case 'sentinel':
      return shared(`sentinels: ${list((await startSentinels(t)).sentinels)}, name: main`)
    case 'cluster':
      return shared(`cluster: ${list((await startCluster(t, true)).nodes)}`)
  }
}
