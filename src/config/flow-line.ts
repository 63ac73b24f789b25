/** Not readable here: not that it is wrong. */
const UNREAD = Symbol('unread')

const KEY = /[A-Za-z_][A-Za-z0-9_-]*(?=: )/y
/** A scalar without quotes that is a text, a truth value or a number: no blanks, and nothing that begins anything else. */
const PLAIN =
  /[A-Za-z0-9/](?:[A-Za-z0-9/._~?=&%+;@!$()*\\-]|:(?=[A-Za-z0-9/._~?=&%+;@!$()*\\-]))*(?=[ ,\]}])/y
const QUOTED = /"([^"\\\x00-\x1f\x7f-\x9f]*)"(?=[ ,\]}])|'([^'\x00-\x1f\x7f-\x9f]*)'(?=[ ,\]}])/y
const BLANKS = / */y
const END = / *(?: #.*)?$/y

/** What YAML's core schema takes for no text (YAML 1.2.2, section 10.3.2), in any case of its letters. */
const NO_TEXT = /^(?:null|true|false|[0-9]+|0o[0-7]+|0x[0-9a-f]+|[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]+)?)$/i
const LITERALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['null', null],
  ['true', true],
  ['false', false],
])
const GREATEST_DEPTH = 8

/**
 * Reads a flow mapping of YAML that stands on one line with nothing after it but a comment, if it is of the plain
 * kind in which cases are written; about ten times as fast as the parser of all YAML.
 * @returns the very value that the whole parser gives; undefined when only that one can tell
 */
export function readFlowLine(line: string, start: number): Readonly<Record<string, unknown>> | undefined {
  let at = start
  const value = line[at] === '{' ? readMap(0) : UNREAD
  return value !== UNREAD && take(END) !== undefined && typeof value === 'object' ? value : undefined

  function take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(line)
    if (found === null) return undefined
    at = pattern.lastIndex
    return found
  }

  function readMap(depth: number): Record<string, unknown> | typeof UNREAD {
    const map: Record<string, unknown> = {}
    at += 1
    for (;;) {
      take(BLANKS)
      const key = take(KEY)?.[0]
      if (key === undefined || key === '__proto__' || NO_TEXT.test(key) || Object.hasOwn(map, key))
        return UNREAD
      at += 1
      take(BLANKS)
      const value = readValue(depth + 1)
      if (value === UNREAD) return UNREAD
      map[key] = value
      const end = readEnd('}')
      if (end !== undefined) return end ? map : UNREAD
    }
  }

  function readList(depth: number): readonly unknown[] | typeof UNREAD {
    const list: unknown[] = []
    at += 1
    for (;;) {
      take(BLANKS)
      const value = readValue(depth + 1)
      if (value === UNREAD) return UNREAD
      list.push(value)
      const end = readEnd(']')
      if (end !== undefined) return end ? list : UNREAD
    }
  }

  /** True at the closing bracket, undefined after a comma, false at anything else. */
  function readEnd(bracket: string): boolean | undefined {
    take(BLANKS)
    const found = line[at]
    at += 1
    return found === bracket ? true : found === ',' ? undefined : false
  }

  function readValue(depth: number): unknown {
    if (depth > GREATEST_DEPTH) return UNREAD
    if (line[at] === '{') return readMap(depth)
    if (line[at] === '[') return readList(depth)
    const quoted = take(QUOTED)
    if (quoted !== undefined) return quoted[1] ?? quoted[2]
    const plain = take(PLAIN)?.[0]
    if (plain === undefined) return UNREAD
    if (!NO_TEXT.test(plain)) return plain
    return LITERALS.has(plain) ? LITERALS.get(plain) : UNREAD
  }
}
