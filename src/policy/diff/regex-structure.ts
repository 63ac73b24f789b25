/** Code points from `first` to `last`, both included. */
export interface CharacterRange {
  readonly first: number
  readonly last: number
}

/** What a regular expression is made of. The empty sequence matches nothing but the empty text. */
export type RegexPart =
  | { readonly kind: 'character'; readonly ranges: readonly CharacterRange[] }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexPart[] }
  | { readonly kind: 'choice'; readonly parts: readonly RegexPart[] }
  /** `most` undefined: any number of times. */
  | { readonly kind: 'repeat'; readonly part: RegexPart; readonly least: number; readonly most?: number }

/** A regex taken apart. */
export interface RegexStructure {
  readonly part: RegexPart
  /** False: it has something that is only approximated here, so RE2 alone knows what it matches. */
  readonly isExact: boolean
}

const LAST = 0x10ffff
const ANY: readonly CharacterRange[] = [{ first: 0, last: LAST }]
const NOTHING: RegexPart = { kind: 'sequence', parts: [] }
const DIGITS = rangesOf('09')
const WORDS = rangesOf('09', 'AZ', '__', 'az')
const SPACES = rangesOf('\t\n', '\f\r', '  ')

const CLASSES: ReadonlyMap<string, readonly CharacterRange[]> = new Map([
  ['d', DIGITS],
  ['w', WORDS],
  ['s', SPACES],
  ['D', complement(DIGITS)],
  ['W', complement(WORDS)],
  ['S', complement(SPACES)],
])

const NAMED_CLASSES: ReadonlyMap<string, readonly CharacterRange[]> = new Map([
  ['alnum', rangesOf('09', 'AZ', 'az')],
  ['alpha', rangesOf('AZ', 'az')],
  ['digit', DIGITS],
  ['lower', rangesOf('az')],
  ['upper', rangesOf('AZ')],
  ['word', WORDS],
  ['xdigit', rangesOf('09', 'AF', 'af')],
])

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
])

/** Repetitions beyond this are cut: the states of `{1,1000}` in `{1,1000}` would be too many to walk. */
const MOST_REPEATS = 200

/**
 * Takes a sound RE2 expression apart. Anchors inside, word borders, Unicode classes and very long repetitions are
 * approximated, and `isExact` tells it.
 * @param source without the anchors around the whole
 */
export function readRegexStructure(source: string): RegexStructure {
  const text = [...source]
  let at = 0
  const reading = { isExact: true }
  let foldsCase = false
  const part = readChoice()
  return { part, isExact: reading.isExact && at === text.length }

  function readChoice(): RegexPart {
    const folded = foldsCase
    const parts = [readSequence()]
    while (take('|')) parts.push(readSequence())
    foldsCase = folded
    return parts.length === 1 ? (parts[0] ?? NOTHING) : { kind: 'choice', parts }
  }

  function readSequence(): RegexPart {
    const parts: RegexPart[] = []
    while (at < text.length && text[at] !== '|' && text[at] !== ')') {
      if (text[at] !== '\\' || text[at + 1] !== 'Q') parts.push(readRepeated(readOne()))
      else {
        // What is quoted are characters one by one: a repetition behind it is of the last.
        const quoted = readQuoted()
        const last = quoted.pop()
        if (last === undefined) reading.isExact = false
        else parts.push(...quoted, readRepeated(last))
      }
    }
    return { kind: 'sequence', parts }
  }

  function readQuoted(): RegexPart[] {
    const parts: RegexPart[] = []
    at += 2
    while (at < text.length && !(text[at] === '\\' && text[at + 1] === 'E')) parts.push(literal(next()))
    at = Math.min(at + 2, text.length)
    return parts
  }

  function readRepeated(one: RegexPart): RegexPart {
    let repeated = one
    for (;;) {
      const times = readTimes()
      if (times === undefined) return repeated
      take('?')
      const [least, most] = times
      if (Math.max(least, most ?? 0) > MOST_REPEATS) reading.isExact = false
      const bounded = { kind: 'repeat', part: repeated, least: Math.min(least, MOST_REPEATS) } as const
      repeated = most === undefined ? bounded : { ...bounded, most: Math.min(most, MOST_REPEATS) }
    }
  }

  function readTimes(): readonly [least: number, most: number | undefined] | undefined {
    if (take('*')) return [0, undefined]
    if (take('+')) return [1, undefined]
    if (take('?')) return [0, 1]
    const counts = /^\{(\d+)(,?)(\d*)\}/.exec(text.slice(at, at + 12).join(''))
    if (counts === null) return undefined
    const [whole, least = '', comma, most = ''] = counts
    at += whole.length
    if (most !== '') return [Number(least), Number(most)]
    return [Number(least), comma === ',' ? undefined : Number(least)]
  }

  function readOne(): RegexPart {
    const character = next()
    if (character === '(') return readGroup()
    if (character === '.') return { kind: 'character', ranges: ANY }
    if (character === '[') return { kind: 'character', ranges: readClass() }
    if (character === '^' || character === '$') return approximated(NOTHING)
    if (character === '\\') return readEscape()
    return literal(character)
  }

  function readGroup(): RegexPart {
    const folded = foldsCase
    if (take('?')) {
      if (take('P') || text[at] === '<') while (next() !== '>' && at < text.length);
      else {
        let on = true
        for (let flag = next(); flag !== ':'; flag = next()) {
          if (flag === ')') return NOTHING
          if (flag === '-') on = false
          else if (flag === 'i') foldsCase = on
          else if (flag !== 's' && flag !== 'U' && flag !== 'm') reading.isExact = false
          if (at >= text.length) return approximated(NOTHING)
        }
      }
    }
    const inside = readChoice()
    take(')')
    foldsCase = folded
    return inside
  }

  function readEscape(): RegexPart {
    const name = next()
    const known = CLASSES.get(name)
    if (known !== undefined) return { kind: 'character', ranges: known }
    if (name === 'p' || name === 'P') {
      if (take('{')) while (next() !== '}' && at < text.length);
      else next()
      return approximated({ kind: 'character', ranges: ANY })
    }
    const code = readEscapedCharacter(name)
    return code === undefined ? approximated(NOTHING) : literal(String.fromCodePoint(code))
  }

  /** Undefined: no character, or one that is written in a way that is not known here. */
  function readEscapedCharacter(name: string): number | undefined {
    if (name === 'x') {
      const digits = /^(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/.exec(text.slice(at, at + 10).join(''))
      at += digits?.[0].length ?? 0
      return digits === null ? undefined : parseInt(digits[1] ?? digits[2] ?? '', 16)
    }
    return CONTROLS.get(name) ?? (/^[A-Za-z0-9]$/.test(name) ? undefined : name.codePointAt(0))
  }

  function readClass(): readonly CharacterRange[] {
    const isNegated = take('^')
    const ranges: CharacterRange[] = []
    let isFirst = true
    while (at < text.length && (text[at] !== ']' || isFirst)) {
      isFirst = false
      const named = /^\[:(\^?)([a-z]+):\]/.exec(text.slice(at, at + 12).join(''))
      if (named !== null) {
        at += named[0].length
        const known = NAMED_CLASSES.get(named[2] ?? '')
        if (known === undefined) reading.isExact = false
        else ranges.push(...(named[1] === '^' ? complement(known) : known))
        continue
      }
      const known = text[at] === '\\' ? CLASSES.get(text[at + 1] ?? '') : undefined
      if (known !== undefined) {
        at += 2
        ranges.push(...known)
        continue
      }
      const first = readClassCharacter()
      const isRange = text[at] === '-' && text[at + 1] !== ']' && at + 1 < text.length
      if (isRange) at += 1
      const last = isRange ? readClassCharacter() : first
      ranges.push({ first, last })
    }
    take(']')
    const folded = fold(ranges)
    return isNegated ? complement(folded) : folded
  }

  function readClassCharacter(): number {
    const character = next()
    const code = character === '\\' ? readEscapedCharacter(next()) : character.codePointAt(0)
    if (code === undefined) reading.isExact = false
    return code ?? 0
  }

  function literal(character: string): RegexPart {
    const code = character.codePointAt(0) ?? 0
    return { kind: 'character', ranges: fold([{ first: code, last: code }]) }
  }

  /** Adds the other case, as RE2 does it: a long s is an s. Beyond ASCII it is only approximated. */
  function fold(ranges: readonly CharacterRange[]): readonly CharacterRange[] {
    if (!foldsCase) return ranges
    if (ranges.some(({ last }) => last > 0x7f && last < LAST)) reading.isExact = false
    const folded = [...ranges]
    const shift = (low: number, high: number, by: number): void => {
      for (const { first, last } of ranges) {
        if (first <= high && last >= low)
          folded.push({ first: Math.max(first, low) + by, last: Math.min(last, high) + by })
      }
    }
    shift(0x41, 0x5a, 32)
    shift(0x61, 0x7a, -32)
    if (folded.some(({ first, last }) => first <= 0x73 && last >= 0x73))
      folded.push({ first: 0x17f, last: 0x17f })
    return folded
  }

  function approximated(instead: RegexPart): RegexPart {
    reading.isExact = false
    return instead
  }

  function next(): string {
    return text[at++] ?? ''
  }

  function take(character: string): boolean {
    if (text[at] !== character) return false
    at += 1
    return true
  }
}

function rangesOf(...bounds: readonly string[]): readonly CharacterRange[] {
  return bounds.map(pair => ({ first: pair.charCodeAt(0), last: pair.charCodeAt(1) }))
}

function complement(ranges: readonly CharacterRange[]): readonly CharacterRange[] {
  const rest: CharacterRange[] = []
  let from = 0
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    if (first > from) rest.push({ first: from, last: first - 1 })
    from = Math.max(from, last + 1)
  }
  if (from <= LAST) rest.push({ first: from, last: LAST })
  return rest
}
