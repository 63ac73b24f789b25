import t from 'tap'
import { addressPrefix } from '../../src/access/address-prefix.js'

t.test('l14: an address stands for one client', async t => {
  for (const [address, prefix] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
    ['', 'unknown'],
    ['unix:', 'unknown'],
    ['1.2.3.4.5', 'unknown'],
  ] as const)
    t.equal(addressPrefix(address), prefix, address)
})
