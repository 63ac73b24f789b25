import type { Dice } from './dice.js'

/** What breaks parsers: separators, ends, signs of other encodings, and what is too long. */
const TOKENS = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    '\t',
    ' ',
    '\x0b',
    '\x7f',
    '\xff',
    '\xc0\xae',
    '\xe2\x80\xa4',
    '\xef\xbb\xbf',
  ],
  ...[
    ':',
    ';',
    ',',
    '=',
    '&',
    '?',
    '#',
    '%',
    '/',
    '\\',
    '..',
    '/../',
    '//',
    '@',
    '"',
    "'",
    '<zq7 a=',
    '"zq7x="',
  ],
  ...['%00', '%0d%0a', '%2e', '%2f', '%5c', '%25', '%zz', '%u002e', '%ff', '+', '-1', '0', '1e400', '0x10'],
  ...[
    '__proto__',
    'constructor',
    'null',
    'true',
    '[]',
    '{}',
    '[[',
    '{{',
    '${HOME}',
    '&a',
    '*a',
    '!!js',
    '|',
    '>',
  ],
  ...['\r\n\r\n', 'Transfer-Encoding: chunked\r\n', 'Content-Length: 5\r\n', 'gw.example', 'x'.repeat(300)],
] as unknown as readonly [string, ...string[]]

/** Changes a text at one to four places: cuts out, doubles, inserts, replaces, or goes on with another text. */
export function mutate(text: string, dice: Dice, other = ''): string {
  let changed = text
  for (let count = 1 + dice.below(4); count > 0; count--) changed = mutateOnce(changed, dice, other)
  return changed
}

function mutateOnce(text: string, dice: Dice, other: string): string {
  const at = dice.below(text.length + 1)
  const length = 1 + dice.below(dice.chance(0.8) ? 8 : 64)
  const [before, piece, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)]
  switch (dice.below(7)) {
    case 0:
      return before + after
    case 1:
      return before + piece.repeat(2 + dice.below(dice.chance(0.95) ? 3 : 200)) + after
    case 2:
      return before + dice.pick(TOKENS) + piece + after
    case 3:
      return before + dice.pick(TOKENS) + after
    case 4:
      return before + String.fromCharCode(dice.below(256)) + text.slice(at + 1)
    case 5: {
      const from = dice.below(other.length + 1)
      return before + other.slice(from, from + 1 + dice.below(80)) + after
    }
    default: {
      const code = text.charCodeAt(at)
      return Number.isNaN(code)
        ? text
        : before + String.fromCharCode((code ^ (1 << dice.below(8))) & 255) + text.slice(at + 1)
    }
  }
}
