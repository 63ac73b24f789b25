import type { Problem } from '../../../documents/problem.js'
import type { LineColumn, SourceText } from '../../../documents/source-text.js'

/** One directive of nginx with its arguments, unquoted. */
export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  readonly place: LineColumn
  /** What stands in its braces; undefined when it ends with a semicolon. */
  readonly block: readonly Directive[] | undefined
}

interface Token {
  readonly kind: 'word' | '{' | '}' | ';'
  readonly text: string
  readonly offset: number
}

/** Deeper than any configuration is. */
const GREATEST_DEPTH = 20

/** Reads a configuration of nginx or a part of one, without following `include`. */
export function readNginx(
  source: SourceText,
):
  | { readonly ok: true; readonly directives: readonly Directive[] }
  | { readonly ok: false; readonly problem: Problem } {
  const tokens = tokensOf(source.text)
  let at = 0
  const faults: Problem[] = []
  const fail = (offset: number, message: string, cure: string): void => {
    faults.push(source.problem('error', source.placeOf(offset), message, cure))
  }
  const isSound = (): boolean => faults.length === 0
  const readBlock = (depth: number): readonly Directive[] => {
    const directives: Directive[] = []
    while (at < tokens.length && isSound()) {
      const first = tokens[at]
      if (first === undefined) break
      if (first.kind === '}') {
        if (depth === 0) fail(first.offset, 'this brace closes nothing', 'remove it')
        return directives
      }
      const words: string[] = []
      for (; tokens[at]?.kind === 'word'; at++) words.push(tokens[at]?.text ?? '')
      const end = tokens[at]
      const place = source.placeOf(first.offset)
      const [name = '', ...args] = words
      if (end === undefined || end.kind === '}') {
        fail(end?.offset ?? first.offset, 'a directive ends with ";"', 'add it')
        break
      }
      at += 1
      if (end.kind === ';') {
        if (name !== '') directives.push({ name, args, place, block: undefined })
        continue
      }
      if (depth >= GREATEST_DEPTH) {
        fail(end.offset, 'this is nested too deeply', 'close the braces')
        break
      }
      const block = readBlock(depth + 1)
      if (isSound() && tokens[at]?.kind !== '}') fail(end.offset, 'this brace is never closed', 'add "}"')
      at += 1
      directives.push({ name, args, place, block })
    }
    return directives
  }
  const directives = readBlock(0)
  const [problem] = faults
  return problem === undefined ? { ok: true, directives } : { ok: false, problem }
}

/** Words, quoted texts, braces and semicolons; comments are left out. */
function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  const token =
    /\s+|#[^\n]*|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|[{};]|(?:\\[^]|\$\{[^}]*\}|[^\s{};\\]|\\$)(?:\\[^]|\$\{[^}]*\}|[^\s{};\\])*/gy
  for (const { 0: part, index: offset } of text.matchAll(token)) {
    if (/^[\s#]/.test(part)) continue
    if (part === '{' || part === '}' || part === ';') tokens.push({ kind: part, text: part, offset })
    else tokens.push({ kind: 'word', text: unquoted(part), offset })
  }
  return tokens
}

/** In quotes a backslash takes the meaning of the quote and of itself; elsewhere it stays for the regex. */
function unquoted(word: string): string {
  const quote = /^(["'])([^]*)\1$/.exec(word)
  return quote === null ? word : (quote[2] ?? '').replace(/\\(["'\\])/g, '$1')
}
