import t from 'tap'
import fc from 'fast-check'
import { BlockList } from 'node:net'
import { clientOf } from '../../src/http/trusted-proxies.js'

const trusted = new BlockList()
trusted.addSubnet('10.0.0.0', 8)
trusted.addSubnet('fd00::', 8, 'ipv6')

const NO_CLAIMS = { forwardedFor: undefined, forwardedProto: undefined, forwardedHost: undefined }
const outside = fc.ipV4().filter(address => !address.startsWith('10.'))
const inside = fc.nat(65_535).map(number => `10.0.${number >> 8}.${number & 255}`)
const junk = fc.oneof(
  fc.string(),
  fc.constantFrom('unknown', '_hidden', '1.2.3.4:5', '[::1]', 'fe80::1%x', '::FFFF:10.0.0.1', ''),
)
const claims = fc.record({
  forwardedFor: fc.option(
    fc.array(fc.oneof(outside, inside, junk)).map(hops => hops.join(', ')),
    { nil: undefined },
  ),
  forwardedProto: fc.option(fc.constantFrom('https', 'http', 'HTTPS ', 'https,http', ''), { nil: undefined }),
  forwardedHost: fc.option(fc.constantFrom('a.example', 'a.example, b.example', ''), { nil: undefined }),
})

t.test('nothing that an untrusted peer says is believed', async () => {
  fc.assert(
    fc.property(outside, claims, fc.boolean(), (remoteAddress, said, encrypted) => {
      const client = clientOf({ remoteAddress, encrypted }, said, trusted)
      const alone = clientOf({ remoteAddress, encrypted }, NO_CLAIMS, trusted)
      return (
        JSON.stringify(client) === JSON.stringify(alone) &&
        client.address === remoteAddress &&
        client.secure === encrypted &&
        JSON.stringify(clientOf({ remoteAddress, encrypted }, said, undefined)) === JSON.stringify(alone)
      )
    }),
  )
})

t.test('of what a trusted proxy says, the rightmost hop that it does not run is the client', async () => {
  fc.assert(
    fc.property(
      inside,
      fc.array(fc.oneof(outside, inside, junk)),
      outside,
      fc.array(inside),
      (peer, before, real, after) => {
        const forwardedFor = [...before, real, ...after].join(',')
        const client = clientOf({ remoteAddress: peer }, { ...NO_CLAIMS, forwardedFor }, trusted)
        return client.address === real && client.forwardedFor === [real, ...after, peer].join(', ')
      },
    ),
  )
})

t.test('whatever comes, the client has an address of the chain, and nothing throws', async () => {
  fc.assert(
    fc.property(inside, claims, (remoteAddress, said) => {
      const client = clientOf({ remoteAddress }, said, trusted)
      return (
        client.address === remoteAddress || (said.forwardedFor ?? '').toLowerCase().includes(client.address)
      )
    }),
  )
})

t.test('an IPv4 address in IPv6 clothes is that IPv4 address', async t => {
  t.equal(clientOf({ remoteAddress: '::ffff:1.2.3.4' }, NO_CLAIMS, trusted).address, '1.2.3.4')
  const said = { ...NO_CLAIMS, forwardedFor: '::FFFF:1.2.3.4' }
  t.equal(clientOf({ remoteAddress: '::ffff:10.0.0.1' }, said, trusted).address, '1.2.3.4')
})

t.test('two hosts are none, and only https is https', async t => {
  const of = (said: Partial<typeof NO_CLAIMS> | Record<string, string>) =>
    clientOf({ remoteAddress: '10.0.0.1', encrypted: true }, { ...NO_CLAIMS, ...said }, trusted)
  t.equal(of({ forwardedHost: 'a, b' }).forwardedHost, null)
  t.equal(of({ forwardedHost: 'a' }).forwardedHost, 'a')
  t.equal(of({}).secure, true)
  for (const [proto, secure] of [
    ['https', true],
    [' HTTPS', true],
    ['http', false],
    ['https,http', false],
    ['', false],
  ] as const)
    t.equal(of({ forwardedProto: proto }).secure, secure, proto)
})
