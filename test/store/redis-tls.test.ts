import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { connectRedis } from '../../src/store/redis-connection.js'
import { createRedisStore } from '../../src/store/redis-store.js'
import type { RedisPlace, RedisTls } from '../../src/store/redis-target.js'
import type { RecordKey } from '../../src/store/store.js'
import { makeCertificate } from '../harness/certificates.js'
import {
  eventually,
  noRedis,
  redisTarget,
  type ServerTls,
  serverPlace,
  startCluster,
  startRedis,
  startSentinels,
  startTlsRedis,
} from '../harness/redis.js'
import { testStoreContract } from './store-contract.js'

const LOOPBACK = 'DNS:localhost,IP:127.0.0.1'
const key: RecordKey = { kind: 'session', id: 'a' }

if (noRedis !== false) {
  t.pass('skipped', { skip: noRedis })
} else {
  const folder = t.testdir({})
  const ca = makeCertificate(folder, 'ca', 'DNS:ca.internal')
  const stranger = makeCertificate(folder, 'stranger', LOOPBACK)
  const own = makeCertificate(folder, 'redis', LOOPBACK, { signedBy: ca })
  const internal = makeCertificate(folder, 'internal', 'DNS:redis.internal', { signedBy: ca })
  const ended = makeCertificate(folder, 'ended', LOOPBACK, { signedBy: ca, days: -1 })
  const gateway = makeCertificate(folder, 'gateway', 'DNS:gateway.internal', { signedBy: ca })
  const TRUSTING: RedisTls = { ca: ca.cert, identity: undefined, serverName: undefined }
  const server = await startTlsRedis(t, { ca, own })

  const connect = (place: RedisPlace, tls: RedisTls | undefined, prefix = 'tls:') =>
    connectRedis({ ...redisTarget(place, prefix), tls })
  const open = (place: RedisPlace, tls: RedisTls, now = () => 0) => {
    const prefix = `${randomBytes(6).toString('hex')}:`
    const connection = connect(place, tls, prefix)
    return createRedisStore({ connection, name: 'Redis', prefix, now, random: randomBytes })
  }

  testStoreContract((_t, now) => open(serverPlace(server), TRUSTING, now), { expiresByItself: true })

  /** Connects, and gives why that is refused. */
  async function refusal(t: Test, servers: ServerTls, tls: RedisTls): Promise<string> {
    const connection = connect(serverPlace(await startTlsRedis(t, servers)), tls)
    t.teardown(() => connection.close())
    await eventually(() => Promise.resolve(connection.lastFault() !== undefined))
    t.equal(connection.isUp(), false)
    return connection.lastFault() ?? ''
  }

  for (const [who, servers, tls, why] of [
    ['of an authority that is not named', { own }, { ...TRUSTING, ca: stranger.cert }, /tls: \{ ca: FILE \}/],
    [
      'of an authority that the system does not know',
      { own },
      { ...TRUSTING, ca: undefined },
      /no authority/,
    ],
    ['signed by itself', { own: stranger }, TRUSTING, /no authority that is trusted here: .* \(self-signed/],
    ['that has ended', { own: ended }, TRUSTING, /^its certificate has expired: renew it/],
    ['for another name', { own: internal }, TRUSTING, /for another name: .*server_name: NAME/],
    [
      'for a name that is not the one in the settings',
      { own: internal },
      { ...TRUSTING, serverName: 'redis.example' },
      /for another name/,
    ],
  ] as const)
    void t.test(`a Redis with a certificate ${who} is not used, and that is said`, async t => {
      t.match(await refusal(t, { ca, ...servers }, tls), why)
    })

  void t.test('a certificate for another name is taken where that name is in the settings', async t => {
    const named = serverPlace(await startTlsRedis(t, { ca, own: internal }))
    const store = open(named, { ...TRUSTING, serverName: 'redis.internal' })
    t.teardown(() => store.close())
    await store.put(key, 1, { expiresAt: undefined })
    t.equal((await store.get(key))?.value, 1)
  })

  void t.test('a Redis that asks for a certificate gets that of the gateway', async t => {
    const servers = { ca, own, asksForCertificates: true }
    const store = open(serverPlace(await startTlsRedis(t, servers)), { ...TRUSTING, identity: gateway })
    t.teardown(() => store.close())
    await store.put(key, 1, { expiresAt: undefined })
    t.equal(await store.take(key), 1)
    t.match(await refusal(t, servers, TRUSTING), /asks for a certificate of the gateway: tls: \{ cert/)
    t.match(await refusal(t, servers, { ...TRUSTING, identity: stranger }), /does not trust the authority/)
  })

  void t.test('nothing is sent to a server that does not speak TLS, and nothing in the clear', async t => {
    const plain = connect(serverPlace(await startRedis(t)), TRUSTING)
    t.teardown(() => plain.close())
    const clear = connect(serverPlace(server), undefined)
    t.teardown(() => clear.close())
    await eventually(() =>
      Promise.resolve(plain.lastFault() !== undefined && clear.lastFault() !== undefined),
    )
    t.same([plain.isUp(), clear.isUp()], [false, false])
  })

  void t.test('sentinels and the servers that they name are asked by TLS', async t => {
    const { place, master } = await startSentinels(t, { ca, own })
    const store = open(place, TRUSTING)
    t.teardown(() => store.close())
    await store.put(key, 1, { expiresAt: undefined })
    t.equal((await store.get(key))?.value, 1)
    t.match(await master.ask('info', 'clients'), /connected_clients:[1-9]/)
    const distrusting = connect(place, { ...TRUSTING, ca: stranger.cert })
    t.teardown(() => distrusting.close())
    await eventually(() =>
      Promise.resolve((distrusting.lastFault() ?? '').includes('its certificate was refused')),
    )
    t.equal(distrusting.isUp(), false)
  })

  void t.test('every node of a cluster is asked by TLS', async t => {
    const { place, nodes } = await startCluster(t, false, { ca, own })
    const store = open(place, TRUSTING)
    t.teardown(() => store.close())
    const ids = Array.from({ length: 30 }, (_, n) => String(n))
    await Promise.all(ids.map(id => store.put({ kind: 'session', id }, id, { expiresAt: undefined })))
    for (const node of nodes) t.ok(Number(await node.ask('dbsize')) > 0)
    const distrusting = connect(place, { ...TRUSTING, ca: stranger.cert })
    t.teardown(() => distrusting.close())
    await eventually(() =>
      Promise.resolve((distrusting.lastFault() ?? '').includes('its certificate was refused')),
    )
    t.equal(distrusting.isUp(), false)
  })
}
