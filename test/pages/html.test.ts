import fc from 'fast-check'
import t from 'tap'
import { html, trusted } from '../../src/pages/html.js'

/** Reads text back as a browser does. */
function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('<', '>', '"', "'", '&', '&lt;', '&#', '</p>', '${', 'x'), { maxLength: 12 })
    .map(parts => parts.join('')),
)

t.test('no interpolation ever yields a character that ends a text or an attribute', t => {
  fc.assert(
    fc.property(hostile, text => {
      const [, attribute = '', content = ''] =
        /^<p title="(.*)">(.*)<\/p>$/s.exec(html`<p title="${text}">${text}</p>`.toString()) ?? []
      return !/[<>"']/.test(attribute + content) && unescape(attribute) === text && unescape(content) === text
    }),
  )
  t.end()
})

t.test('lists escape each of their members, however deep', t => {
  fc.assert(
    fc.property(hostile, hostile, (one, other) => {
      const apart = html`${one}`.toString() + html`${other}`.toString()
      return html`${[one, [[other]]]}`.toString() === apart
    }),
  )
  t.end()
})

t.test('markup passes once and is not escaped again', t => {
  const items = ['a', '<b>'].map(item => html`<i>${item}</i>`)
  t.equal(html`<p>${items}</p>`.toString(), '<p><i>a</i><i>&lt;b&gt;</i></p>')
  t.equal(html`${trusted('<svg></svg>')}`.toString(), '<svg></svg>')
  t.end()
})

t.test('undefined and false render nothing, numbers themselves', t => {
  t.equal(html`[${undefined}${false}${[undefined, false]}]`.toString(), '[]')
  t.equal(html`${0} ${-1.5}`.toString(), '0 -1.5')
  t.end()
})
