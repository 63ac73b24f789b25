import { sourceText, type LineColumn } from '../documents/source-text.js'
import { readFlowLine } from './flow-line.js'
import { readYaml, type YamlDocument } from './read-yaml.js'
import { isBlock } from './settings.js'

/** One item of the list, by the lines of the file that it takes. */
interface Item {
  /** From 0. */
  readonly line: number
  /** Its lines up to the next item. */
  readonly lines: readonly string[]
  /** Where its flow mapping begins, from 1; undefined for an item of another form. */
  readonly column: number | undefined
}

/** The key above the list, where there is one. */
const LIST_KEY = /^tests: *(?: #.*)?$/
const NOTHING = /^ *(?:#.*)?$/
const ITEM = /^( *)- /

/**
 * Reads a file that is nothing but a list of cases, with or without `tests:` above it, item by item: whoever runs
 * thousands of cases at each save would wait for the parser of all YAML.
 * @returns the very document that `readYaml()` gives; undefined when only that one can tell, or tell what is wrong
 */
export function readCaseList(file: string, text: string): YamlDocument | undefined {
  // A line end of two characters would be cut in two.
  const cut = text.includes('\r') ? undefined : itemsOf(text.split('\n'))
  if (cut === undefined) return undefined
  const { items, indent, firstLine, keyLine } = cut
  const values: unknown[] = []
  for (const item of items) {
    const value = valueOf(item)
    if (value === undefined) return undefined
    values.push(value)
  }
  const list: LineColumn = { line: firstLine + 1, column: indent.length + 1 }
  const top: LineColumn = keyLine === undefined ? list : { line: keyLine + 1, column: 1 }
  return {
    source: sourceText(file, text),
    value: keyLine === undefined ? values : { tests: values },
    problems: [],
    placeOf(path, part) {
      if (path.length === 0 && part === 'key') return { line: 1, column: 1 }
      const below = keyLine === undefined ? path : path[0] === 'tests' ? path.slice(1) : undefined
      if (below === undefined || path.length === 0) return top
      const [index, ...rest] = below
      const item = typeof index === 'number' ? items[index] : undefined
      if (item === undefined) return index === undefined && part === 'key' ? top : list
      if (rest.length === 0 && item.column !== undefined) return { line: item.line + 1, column: item.column }
      const read = readYaml(file, item.lines.join('\n'))
      if (!read.ok) throw new Error('an item of the list was sound before')
      const { line, column } = read.document.placeOf([0, ...rest], part)
      return { line: item.line + line, column }
    },
  }
}

interface CutList {
  readonly items: readonly Item[]
  readonly indent: string
  /** From 0, as `keyLine`. */
  readonly firstLine: number
  /** Where `tests:` stands; undefined when the list is the whole file. */
  readonly keyLine: number | undefined
}

function itemsOf(lines: readonly string[]): CutList | undefined {
  let keyLine: number | undefined
  let firstLine = 0
  for (; firstLine < lines.length; firstLine += 1) {
    const line = lines[firstLine] ?? ''
    if (LIST_KEY.test(line) && keyLine === undefined) keyLine = firstLine
    else if (!NOTHING.test(line)) break
  }
  const indent = ITEM.exec(lines[firstLine] ?? '')?.[1]
  if (indent === undefined) return undefined
  const starts = lines.flatMap((line, index) =>
    index >= firstLine && line.startsWith(`${indent}- `) ? [index] : [],
  )
  const column = indent.length + 3
  const items = starts.map((line, index) => ({
    line,
    lines: lines.slice(line, starts[index + 1]),
    column: lines[line]?.[column - 1] === '{' ? column : undefined,
  }))
  return { items, indent, firstLine, keyLine }
}

/** Undefined when the item is not sound by itself. */
function valueOf({ lines, column }: Item): unknown {
  const [line = '', ...below] = lines
  if (column !== undefined && below.every(one => NOTHING.test(one))) {
    const value = readFlowLine(line, column - 1)
    if (value !== undefined) return value
  }
  const read = readYaml('', lines.join('\n'))
  if (!read.ok || read.document.problems.length > 0 || !Array.isArray(read.document.value)) return undefined
  const list: readonly unknown[] = read.document.value
  return list.length === 1 && isBlock(list[0]) ? list[0] : undefined
}
