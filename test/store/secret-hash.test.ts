import t from 'tap'
import { hashSecret } from '../../src/store/secret-hash.js'

void t.test('a secret is hashed with SHA-256, in base64url', t => {
  // FIPS 180-2, appendix B.1
  const expected = Buffer.from('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'hex')
  t.equal(hashSecret('abc'), expected.toString('base64url'))
  t.end()
})
