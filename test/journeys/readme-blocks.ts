import { readFileSync } from 'node:fs'

/** A block of code in the README. */
export interface ReadmeBlock {
  /** The heading that it stands under. */
  readonly section: string
  /** What is written behind the fence; empty where nothing is. */
  readonly language: string
  readonly text: string
  /** Where it begins in the README. */
  readonly line: number
}

/** The README, without the spaces before blocks that stand in lists. */
export interface Readme {
  readonly text: string
  readonly blocks: readonly ReadmeBlock[]
}

/** Reads the README. Every block of code must be closed. */
export function readReadme(): Readme {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const blocks: ReadmeBlock[] = []
  let section = ''
  let open: { fence: string; language: string; line: number; lines: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', language = ''] = /^( *)```(\w*)$/.exec(line) ?? []
    const isFence = /^ *```/.test(line)
    if (open === undefined) {
      if (isFence) open = { fence: indent, language, line: index + 1, lines: [] }
      else section = /^#+ (.*)$/.exec(line)?.[1] ?? section
    } else if (isFence) {
      blocks.push({ section, language: open.language, text: open.lines.join('\n'), line: open.line })
      open = undefined
    } else {
      open.lines.push(line.slice(open.fence.length))
    }
  }
  if (open !== undefined) throw new Error(`README.md:${open.line}: this block of code has no end`)
  return { text, blocks }
}

/** The rows of the table whose head has these words, each as its cells. */
export function tableWith(readme: Readme, ...head: readonly string[]): readonly (readonly string[])[] {
  const lines = readme.text.split('\n')
  const isHead = (line: string): boolean => line.startsWith('|') && head.every(word => line.includes(word))
  const start = lines.findIndex(isHead)
  if (start === -1) throw new Error(`README.md has no table with ${head.join(', ')}`)
  const rows = lines.slice(start + 2)
  const end = rows.findIndex(line => !line.startsWith('|'))
  return rows.slice(0, end).map(row =>
    row
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim()),
  )
}

/** Every text in a piece of Markdown that is set as code. */
export function codesIn(markdown: string): readonly string[] {
  return [...markdown.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}
