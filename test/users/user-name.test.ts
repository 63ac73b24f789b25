import fc from 'fast-check'
import t from 'tap'
import { canonicalUserName } from '../../src/users/user-name.js'

const spell = (text: string): string => Buffer.from(text.slice(0, 5), 'utf16le').toString('hex')

void t.test('what looks like one name is one name', t => {
  for (const typed of [
    'alice',
    'Alice',
    'ALICE',
    ' alice ',
    'alice\u00a0',
    '\u3000alice',
    'ａｌｉｃｅ',
    'ALICE\n',
  ]) {
    t.equal(canonicalUserName(typed), 'alice', spell(typed))
  }
  t.equal(canonicalUserName('Jose\u0301'), 'jos\u00e9', 'combining accents are composed')
  t.equal(canonicalUserName('STRAẞE'), 'straße')
  t.equal(canonicalUserName('ﬁona'), 'fiona')
  t.equal(canonicalUserName('alice@Example.com'), 'alice@example.com')
  t.equal(canonicalUserName('a b'), 'a b')
  t.equal(canonicalUserName('ı'), 'ı', 'a dotless i is another letter')
  t.end()
})

void t.test('what cannot be seen is refused, and so is nothing and too much', t => {
  const invisible = [
    'a\u200bb',
    'a\u200d',
    'a\ufeffb',
    'a\u202eb',
    'a\u2066b',
    'a\u00adb',
    'a\u0000',
    'a\tb',
    'a\nb',
  ]
  invisible.push('a\u2028b', 'a\u3164', 'a\u034fb', 'a\ufe0f', '\ud800', 'a\u{e0041}')
  for (const typed of [
    '',
    ' ',
    '\u00a0',
    ...invisible,
    'x'.repeat(257),
    'x'.repeat(1_000_000),
    'ﷺ'.repeat(1000),
  ]) {
    t.equal(canonicalUserName(typed), undefined, spell(typed))
  }
  t.equal(canonicalUserName('x'.repeat(256)), 'x'.repeat(256))
  t.end()
})

void t.test('the form of a form is the form itself, for any text', t => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), text => {
      const name = canonicalUserName(text)
      return name === undefined || canonicalUserName(name) === name
    }),
    { numRuns: 2000 },
  )
  for (let point = 0; point < 0x2_0000; point += 1) {
    const name = canonicalUserName(String.fromCodePoint(point))
    if (name !== undefined && canonicalUserName(name) !== name) t.fail(`U+${point.toString(16)}`)
  }
  t.end()
})
