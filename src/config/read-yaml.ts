import { isMap, isScalar, isSeq, parseDocument, visit, type Document, type Node, type YAMLError } from 'yaml'
import { byPlace, quote, type Problem } from '../documents/problem.js'
import { scanYaml } from '../documents/scan-yaml.js'
import { sourceText, type LineColumn, type SourceText } from '../documents/source-text.js'

/** Names a value of the file: keys of mappings and indexes of lists, from the top. */
export type Path = readonly (string | number)[]

/** A file that is sound YAML: its value, and where each part of it stands. */
export interface YamlDocument {
  readonly source: SourceText
  /** Plain data. An empty file is null. Of a key that is given twice, the first value. */
  readonly value: unknown
  /** What is wrong with its keys. The rest of the file can be judged nevertheless. */
  readonly problems: readonly Problem[]
  /**
   * Where the value of a path stands, or its key. A path that is not in the file gives the place of the nearest
   * part above it.
   */
  placeOf(path: Path, part: 'key' | 'value'): LineColumn
}

/** The greatest size of a file in characters. 10,000 routes are about 700,000. */
const GREATEST_SIZE = 1024 * 1024
/** One slip often makes the parser see many; the later ones say nothing new. */
const MOST_SYNTAX_PROBLEMS = 10

const MOST_KEY_PROBLEMS = 500

/** One part of the file, in the shape of the file. */
interface Part {
  readonly key: number
  readonly value: number
  readonly children: Map<string | number, Part>
}

/**
 * Reads YAML 1.2 (core schema: `yes`, `no` and `off` are texts) into plain data with places. Refuses, within a
 * second, what is too large or nested too deeply, aliases and anchors, tags, directives, several documents,
 * duplicate keys, and keys that are not texts. The parser's warnings are errors.
 * @param file as messages call it
 * @param greatestSize in characters; default 1 MiB
 */
export function readYaml(
  file: string,
  content: string,
  greatestSize = GREATEST_SIZE,
):
  | { readonly ok: true; readonly document: YamlDocument }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  if (content.length > greatestSize) {
    const message = `the file is larger than ${greatestSize / 1024 / 1024} MiB`
    const problem = sourceText(file, '').problem('error', START, message, 'check that this is the right file')
    return { ok: false, problems: [{ ...problem, sourceLine: undefined }] }
  }
  const text = content.startsWith('\ufeff') ? content.slice(1) : content
  const source = sourceText(file, text)
  const refused = scanYaml(source)
  if (refused !== undefined) return { ok: false, problems: [refused] }

  // Duplicate keys are found below: the parser's own search takes time quadratic in the number of keys.
  const parsed = parseDocument(text, { merge: false, uniqueKeys: false, prettyErrors: false })
  const all = [...parsed.errors, ...parsed.warnings]
  // What the parser makes of the lines behind a tab is an echo of it.
  const tabs = all.filter(({ code }) => code === 'TAB_AS_INDENT')
  const faults = (tabs.length > 0 ? tabs : all).slice(0, MOST_SYNTAX_PROBLEMS)
  if (faults.length > 0)
    return { ok: false, problems: syntaxProblems(source, faults, openQuote(parsed, text)) }

  const problems: Problem[] = []
  const { value, part: root } = readNode(parsed.contents, 0)
  return { ok: true, document: { source, value, problems, placeOf } }

  function readNode(node: Node | null, key: number): { readonly value: unknown; readonly part: Part } {
    const at = node?.range?.[0] ?? key
    const children = new Map<string | number, Part>()
    const part = { key, value: at, children }
    if (isSeq<Node>(node)) {
      const values = node.items.map((item, index) => {
        const read = readNode(item, item.range?.[0] ?? at)
        children.set(index, read.part)
        return read.value
      })
      return { value: values, part }
    }
    if (isMap<Node, Node | null>(node)) {
      const entries: [string, unknown][] = []
      for (const pair of node.items) {
        const keyAt = pair.key.range?.[0] ?? at
        if (!isScalar(pair.key) || typeof pair.key.value !== 'string') {
          report(
            keyAt,
            'a key must be a plain word',
            'write "name: value", with quotes round a key of digits',
          )
          continue
        }
        const name = pair.key.value
        const earlier = children.get(name)
        if (earlier !== undefined) {
          const line = source.placeOf(earlier.key).line
          report(keyAt, `${quote(name)} is given twice, first on line ${line}`, 'keep one of the two')
          continue
        }
        const read = readNode(pair.value, keyAt)
        children.set(name, read.part)
        entries.push([name, read.value])
      }
      return { value: Object.fromEntries(entries), part }
    }
    return { value: isScalar(node) ? node.value : null, part }
  }

  function report(offset: number, message: string, cure: string): void {
    if (problems.length >= MOST_KEY_PROBLEMS) return
    problems.push(source.problem('error', source.placeOf(offset), message, cure))
  }

  function placeOf(path: Path, which: 'key' | 'value'): LineColumn {
    let part = root
    for (const step of path) {
      const next = part.children.get(step)
      if (next === undefined) return source.placeOf(part.value)
      part = next
    }
    return source.placeOf(which === 'key' ? part.key : part.value)
  }
}

const START: LineColumn = { line: 1, column: 1 }

/** What helps with the parser's errors; the others speak for themselves. */
const CURES = new Map<string, string>([
  ['TAB_AS_INDENT', 'indent with spaces'],
  ['BAD_INDENT', 'let the keys of one block begin in the same column'],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    'put a text that contains ": " in quotes, or begin a new line after the first colon',
  ],
  ['BAD_SCALAR_START', 'put the value in quotes'],
  ['MISSING_CHAR', 'add what is missing: a closing quote or bracket, or the ":" after a key'],
  ['MULTIPLE_DOCS', 'leave out the "---" and all that follows it'],
  ['BAD_DQ_ESCAPE', 'use single quotes, in which a backslash is a plain character'],
])

/** The first fault of each line: what follows on the line is mostly its echo. */
function syntaxProblems(
  source: SourceText,
  faults: readonly YAMLError[],
  opened: number | undefined,
): readonly Problem[] {
  const problems = new Map<number, Problem>()
  for (const fault of faults) {
    const isQuote = opened !== undefined && /^Missing closing .quote$/.test(fault.message)
    const problem = isQuote
      ? source.problem('error', source.placeOf(opened), 'this quote is never closed', 'close it on its line')
      : syntaxProblem(source, fault)
    if (!problems.has(problem.line)) problems.set(problem.line, problem)
  }
  return [...problems.values()].sort(byPlace)
}

/** Where the quoted text begins that goes on to the end of the file. */
function openQuote(document: Document, text: string): number | undefined {
  let start: number | undefined
  visit(document, {
    Scalar: (_, { type, range }) => {
      const isQuoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'
      if (isQuoted && range?.[1] !== undefined && range[1] >= text.trimEnd().length) start = range[0]
    },
  })
  return start
}

function syntaxProblem(source: SourceText, fault: YAMLError): Problem {
  const place = source.placeOf(fault.pos[0])
  // What the parser quotes of the file may be a secret; the line is shown with its secrets masked.
  const says = fault.message.replace(/; please use .*$|: "[^]*$/, '')
  const problem = source.problem('error', place, `not valid YAML: ${says}`, '')
  const cure = (problem.sourceLine ?? '').includes('${')
    ? 'put "${…}" in quotes where braces or brackets surround it'
    : (CURES.get(fault.code) ?? 'put values that contain any of [ ] { } , : # in quotes')
  return { ...problem, cure }
}
