import t from 'tap'
import { createSeal } from '../../src/store/seal.js'

const secret = 'first-secret-first-secret-first-secret'
const older = 'older-secret-older-secret-older-secret'

void t.test('what is sealed opens again, under the same context only', t => {
  const seal = createSeal([secret])
  for (const plain of ['JBSWY3DPEHPK3PXP', '', 'Grüße \u{1f600}', 'x'.repeat(10_000)]) {
    const sealed = seal.seal(plain, 'totp:alice')
    t.equal(seal.open(sealed, 'totp:alice'), plain)
    t.equal(seal.open(sealed, 'totp:bob'), undefined)
    t.equal(seal.open(sealed, ''), undefined)
    t.match(sealed, /^[\w.-]+$/)
  }
  t.end()
})

void t.test('sealing twice gives two texts, and neither holds the plain text', t => {
  const seal = createSeal([secret])
  const [one, two] = [
    seal.seal('JBSWY3DPEHPK3PXP', 'totp:alice'),
    seal.seal('JBSWY3DPEHPK3PXP', 'totp:alice'),
  ]
  t.not(one, two)
  t.notMatch(one, /JBSWY3DP/)
  t.notMatch(Buffer.from(one.split('.')[2] ?? '', 'base64url').toString('latin1'), /JBSWY3DP/)
  t.end()
})

void t.test('a previous secret still opens, and the first one seals', t => {
  const sealed = createSeal([older]).seal('plain', 'totp:alice')
  const rotated = createSeal([secret, older])
  t.equal(rotated.open(sealed, 'totp:alice'), 'plain')
  t.equal(createSeal([secret]).open(sealed, 'totp:alice'), undefined)
  t.equal(createSeal([secret]).open(rotated.seal('new', 'totp:alice'), 'totp:alice'), 'new')
  t.equal(createSeal([older]).open(rotated.seal('new', 'totp:alice'), 'totp:alice'), undefined)
  t.end()
})

void t.test('what a previous secret sealed is sealed anew, and what the first one sealed stays', t => {
  const rotated = createSeal([secret, older])
  for (const plain of ['plain', '']) {
    const sealed = createSeal([older]).seal(plain, 'totp:alice')
    const anew = rotated.reseal(sealed, 'totp:alice')
    t.equal(createSeal([secret]).open(anew ?? '', 'totp:alice'), plain)
    t.equal(rotated.reseal(anew ?? '', 'totp:alice'), anew)
    t.equal(rotated.reseal(sealed, 'totp:bob'), undefined)
    t.equal(createSeal([secret]).reseal(sealed, 'totp:alice'), undefined)
  }
  t.end()
})

void t.test('a text that was changed anywhere does not open, and nothing throws', t => {
  const seal = createSeal([secret])
  const sealed = seal.seal('plain', 'totp:alice')
  const [version = '', id = '', body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  for (let n = 0; n < bytes.length; n += 1) {
    const changed = Buffer.from(bytes)
    changed[n] = (changed[n] ?? 0) ^ 1
    t.equal(seal.open(`${version}.${id}.${changed.toString('base64url')}`, 'totp:alice'), undefined)
  }
  const broken = [
    '',
    '.',
    '..',
    '...',
    version,
    `${version}.${id}`,
    `${version}.${id}.`,
    `${version}.${id}.AAAA`,
  ]
  broken.push(`s2.${id}.${body}`, `${version}.other.${body}`, `${sealed}.`, `${version}.__proto__.${body}`)
  for (const text of broken) t.equal(seal.open(text, 'totp:alice'), undefined, text)
  t.end()
})

void t.test('a seal without a secret cannot be made', t => {
  t.throws(() => createSeal([]), TypeError)
  t.end()
})
