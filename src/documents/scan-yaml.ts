import { Lexer } from 'yaml'
import type { Problem } from './problem.js'
import type { SourceText } from './source-text.js'

/** Far more than the file ever needs; the parser works recursively, and dies of what is nested without end. */
const GREATEST_DEPTH = 32
const GREATEST_INDENT = /^[ \t?:-]{200}/m

const TOO_DEEP = [
  'this is nested too deeply',
  'no setting goes deeper than six levels: close the brackets',
] as const
const REFUSED = new Map<string, readonly [message: string, cure: string]>([
  [
    '*',
    [
      'a value that begins with "*" is a YAML alias, which is refused',
      'put the value in quotes, as in "*.example.com"',
    ],
  ],
  [
    '&',
    [
      'a value that begins with "&" is a YAML anchor, which is refused',
      'write each value out, or put it in quotes',
    ],
  ],
  [
    '!',
    [
      'a value that begins with "!" is a YAML tag, which is refused',
      'leave the tag out, or put the value in quotes',
    ],
  ],
  ['%', ['YAML directives are refused', 'leave this line out; the file is read as YAML 1.2']],
])

/** Before a scalar, a document and the error mark the lexer gives a token that takes no room in the text. */
const SCALAR_FOLLOWS = '\u001f'
const NO_WIDTH = new Set([SCALAR_FOLLOWS, '\u0002', '\u0018'])

/**
 * Looks for what must not reach the YAML parser: endless nesting, aliases and anchors (of which bombs are made),
 * tags and directives. Its time is linear in the text, and it stops at the first find.
 * @param anchors whether anchors and aliases are let through, for a reader that bounds what they grow to
 */
export function scanYaml(
  source: SourceText,
  anchors: 'refused' | 'allowed' = 'refused',
): Problem | undefined {
  const at = (offset: number, [message, cure]: readonly [string, string]): Problem =>
    source.problem('error', source.placeOf(offset), message, cure)
  const indent = GREATEST_INDENT.exec(source.text)
  if (indent !== null) return at(indent.index, TOO_DEEP)

  let offset = 0
  let depth = 0
  let isScalar = false
  for (const token of new Lexer().lex(source.text)) {
    if (!isScalar) {
      if (token === '[' || token === '{') depth += 1
      else if (token === ']' || token === '}') depth -= 1
      if (depth > GREATEST_DEPTH) return at(offset, TOO_DEEP)
      const sign = token.charAt(0)
      const refused = anchors === 'allowed' && (sign === '&' || sign === '*') ? undefined : REFUSED.get(sign)
      if (refused !== undefined) return at(offset, refused)
    }
    isScalar = token === SCALAR_FOLLOWS
    if (!NO_WIDTH.has(token)) offset += token.length
  }
  return undefined
}
