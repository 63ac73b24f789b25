import { RE2JS } from 're2js'

/** One step of a regex: what it may take of a path, as far as carrying it over needs to know. */
export interface RegexPiece {
  /** As it stands in the regex. */
  readonly text: string
  /** The one character that it takes, exactly once; undefined for everything else. */
  readonly literal: string | undefined
  readonly takesSlash: boolean
  /** Whether it may take a question mark, and so reach into the query. */
  readonly takesQuery: boolean
  readonly nullable: boolean
  /** A text that it takes. */
  readonly sample: string
}

/** One alternative of a regex at its top. */
export interface RegexBranch {
  readonly startsAnchored: boolean
  readonly endsAnchored: boolean
  /** All of it, or what comes before the first step that is not understood. */
  readonly pieces: readonly RegexPiece[]
  readonly understood: boolean
}

/**
 * Takes a regex apart into its alternatives and their steps. Anchors inside groups, word boundaries, look-around and
 * whatever else says more than which characters follow one another is not understood.
 * @param ignoresCase letters are then no literals
 * @returns undefined when not even the alternatives can be told apart
 */
export function readBranches(source: string, ignoresCase: boolean): readonly RegexBranch[] | undefined {
  const parts = splitAlternatives(source)
  return parts?.map(part => readBranch(part, ignoresCase))
}

function readBranch(part: string, ignoresCase: boolean): RegexBranch {
  const startsAnchored = part.startsWith('^')
  const endsAnchored = /(?<!\\)(?:\\\\)*\$$/.test(part)
  const body = part.slice(startsAnchored ? 1 : 0, endsAnchored ? -1 : undefined)
  const pieces: RegexPiece[] = []
  let at = 0
  while (at < body.length) {
    const piece = readPiece(body, at, ignoresCase)
    if (piece === undefined) return { startsAnchored, endsAnchored, pieces, understood: false }
    pieces.push(piece)
    at += piece.text.length
  }
  return { startsAnchored, endsAnchored, pieces, understood: true }
}

function readPiece(body: string, at: number, ignoresCase: boolean): RegexPiece | undefined {
  const atom = readAtom(body, at, ignoresCase)
  if (atom === undefined) return undefined
  const quantifier = /^(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??/.exec(body.slice(at + atom.text.length))
  if (quantifier === null) return atom
  const text = atom.text + quantifier[0]
  // A possessive or doubled quantifier.
  if (/^[*+?{]/.test(body.slice(at + text.length))) return undefined
  const least = /^[*?]/.test(quantifier[0]) ? 0 : Number(/[0-9]+/.exec(quantifier[0])?.[0] ?? 1)
  return {
    ...atom,
    text,
    literal: undefined,
    nullable: atom.nullable || least === 0,
    sample: atom.sample.repeat(Math.max(1, least)),
  }
}

function readAtom(body: string, at: number, ignoresCase: boolean): RegexPiece | undefined {
  const character = String.fromCodePoint(body.codePointAt(at) ?? 0)
  switch (character) {
    case '.':
      return classPiece('.')
    case '[': {
      const text = CLASS.exec(body.slice(at))?.[0]
      return text === undefined ? undefined : classPiece(text)
    }
    case '\\': {
      const escape = body.slice(at, at + 2)
      if (/^\\[dDwWsS]$/.test(escape)) return classPiece(escape)
      return /^\\[^A-Za-z0-9\s]$/.test(escape)
        ? literalPiece(escape, escape.slice(1), ignoresCase)
        : undefined
    }
    case '(':
      return groupPiece(body, at, ignoresCase)
    default:
      return /[)*+?{}^$|\]]/.test(character) ? undefined : literalPiece(character, character, ignoresCase)
  }
}

function literalPiece(text: string, character: string, ignoresCase: boolean): RegexPiece {
  const varies = ignoresCase && character.toLowerCase() !== character.toUpperCase()
  return {
    text,
    literal: varies ? undefined : character,
    takesSlash: character === '/',
    takesQuery: character === '?',
    nullable: false,
    sample: character,
  }
}

/** A class of characters, from its bracket to the one that ends it. */
const CLASS = /^\[\^?\]?(?:\\.|\[:[a-z]+:\]|[^\]\\])*\]/

const CANDIDATES = Array.from('xa1-_./~?')

function classPiece(text: string): RegexPiece | undefined {
  const takes = (character: string): boolean => RE2JS.compile(`^${text}$`).test(character)
  try {
    const sample = CANDIDATES.find(takes) ?? Array.from(text).find(takes)
    if (sample === undefined) return undefined
    const [takesSlash, takesQuery] = [takes('/'), takes('?')]
    return { text, literal: undefined, takesSlash, takesQuery, nullable: false, sample }
  } catch {
    return undefined
  }
}

function groupPiece(body: string, at: number, ignoresCase: boolean): RegexPiece | undefined {
  const end = endOfGroup(body, at)
  if (end === undefined) return undefined
  const inside = body.slice(at + 1, end).replace(/^\?:/, '')
  if (inside.startsWith('?')) return undefined
  const branches = readBranches(inside, ignoresCase)
  const [first] = branches ?? []
  if (branches === undefined || first === undefined) return undefined
  if (branches.some(one => !one.understood || one.startsAnchored || one.endsAnchored)) return undefined
  const pieces = branches.flatMap(branch => branch.pieces)
  return {
    text: body.slice(at, end + 1),
    literal: undefined,
    takesSlash: pieces.some(piece => piece.takesSlash),
    takesQuery: pieces.some(piece => piece.takesQuery),
    nullable: branches.some(branch => branch.pieces.every(piece => piece.nullable)),
    sample: first.pieces.map(piece => piece.sample).join(''),
  }
}

/** The parts between bars that stand in no group and no class. */
function splitAlternatives(source: string): readonly string[] | undefined {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < source.length; at++) {
    const character = source.charAt(at)
    if (character === '\\') at += 1
    else if (character === '[') {
      const text = CLASS.exec(source.slice(at))?.[0]
      if (text === undefined) return undefined
      at += text.length - 1
    } else if (character === '(') {
      const end = endOfGroup(source, at)
      if (end === undefined) return undefined
      at = end
    } else if (character === ')') return undefined
    else if (character === '|') {
      parts.push(source.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, source.slice(start)]
}

function endOfGroup(source: string, start: number): number | undefined {
  let depth = 0
  for (let at = start; at < source.length; at++) {
    const character = source.charAt(at)
    if (character === '\\') at += 1
    else if (character === '[') {
      const text = CLASS.exec(source.slice(at))?.[0]
      if (text === undefined) return undefined
      at += text.length - 1
    } else if (character === '(') depth += 1
    else if (character === ')') {
      depth -= 1
      if (depth === 0) return at
    }
  }
  return undefined
}
