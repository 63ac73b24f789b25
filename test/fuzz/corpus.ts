import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** An input that once was answered in a way of its own, or that once did harm. */
export interface CorpusEntry {
  readonly parser: string
  /** One character for each byte. */
  readonly input: string
}

/** Longer inputs are seldom worth the room. */
const LONGEST_KEPT = 3_000
/** How many new ones of one parser are kept in one run. */
const MOST_KEPT = 120

/** Reads a corpus: on each line the parser, a tab, and the input as a JSON string. Lines with `#` are remarks. */
export function readCorpus(file: string): readonly CorpusEntry[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const tab = line.indexOf('\t')
      return { parser: line.slice(0, tab), input: JSON.parse(line.slice(tab + 1)) as string }
    })
}

/** Adds inputs at the end of a corpus, in ASCII, so that no editor changes a byte of them. */
export function addToCorpus(file: string, entries: readonly CorpusEntry[]): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const lines = entries.map(({ parser, input }) => `${parser}\t${escaped(input)}\n`)
  writeFileSync(file, before + lines.join(''))
}

function escaped(input: string): string {
  return JSON.stringify(input).replace(
    /[\x7f-\uffff]/g,
    letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Remembers behaviours and the inputs that showed them first. */
export interface Novelty {
  /** Takes an input with its behaviour. */
  readonly see: (parser: string, input: string, behaviour: string) => void
  /** Inputs of a parser that others can be made of: the corpus and what was found since. */
  readonly of: (parser: string) => readonly string[]
  /** What was found since the beginning. */
  readonly found: () => readonly CorpusEntry[]
}

/** Begins with a corpus. Its memory is bounded by the number of inputs that are kept. */
export function createNovelty(corpus: readonly CorpusEntry[]): Novelty {
  const behaviours = new Set<string>()
  const inputs = new Map<string, string[]>()
  for (const { parser, input } of corpus) inputs.set(parser, [...(inputs.get(parser) ?? []), input])
  const found: CorpusEntry[] = []
  const counts = new Map<string, number>()
  return {
    see: (parser, input, behaviour) => {
      const key = `${parser} ${behaviour}`
      const count = counts.get(parser) ?? 0
      if (behaviours.has(key) || count >= MOST_KEPT) return
      behaviours.add(key)
      if (input.length > LONGEST_KEPT) return
      counts.set(parser, count + 1)
      found.push({ parser, input })
      inputs.set(parser, [...(inputs.get(parser) ?? []), input])
    },
    of: parser => inputs.get(parser) ?? [],
    found: () => found,
  }
}
