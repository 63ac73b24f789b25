import { compileRouteRegex } from '../../access/route-regex.js'

/** Of one part of a regex, and of the whole. */
const MOST_OF_A_PART = 3
const MOST_IN_ALL = 24

/** What a class of characters is asked for, what reads well first. */
const CHARACTERS = ['x', 'a', '0', 'A', '1', '-', '_', '.', '~', ' ', 'é']

/** What can stand for a class outside of brackets. */
const CLASS_ESCAPE = /^\\[dDwWsS]/
const BRACKETS = /^\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]/
const REPEAT = /^(?:([*+?])|\{(\d{1,4})(?:(,)(\d{0,4}))?\})\??/

/**
 * Texts that a route's regex may match: each way of an alternation, few and more repeats, one or two characters of
 * each class. A sketch: whoever asks tries them with the regex itself.
 * @param source the regex as the operator wrote it
 */
export function regexSamples(source: string): readonly string[] {
  const reader = { rest: source }
  return readAlternatives(reader, MOST_IN_ALL)
}

interface Reader {
  rest: string
}

function take(reader: Reader, length: number): string {
  const taken = reader.rest.slice(0, length)
  reader.rest = reader.rest.slice(length)
  return taken
}

/** Reads up to a closing parenthesis or the end. */
function readAlternatives(reader: Reader, most: number): readonly string[] {
  const ways = [readSequence(reader, most)]
  while (reader.rest.startsWith('|')) {
    take(reader, 1)
    ways.push(readSequence(reader, most))
  }
  return evenly(ways, most)
}

function readSequence(reader: Reader, most: number): readonly string[] {
  let samples: readonly string[] = ['']
  while (reader.rest !== '' && !/^[|)]/.test(reader.rest)) {
    const part = repeated(reader, readPart(reader))
    samples = evenly(
      part.map(end => samples.map(begin => begin + end)),
      most,
    )
  }
  return samples
}

function readPart(reader: Reader): readonly string[] {
  const { rest } = reader
  const group = /^\((?:\?P?<\w+>|\?[a-zA-Z-]*:)?/.exec(rest)?.[0]
  if (group !== undefined) {
    take(reader, group.length)
    const inside = readAlternatives(reader, MOST_OF_A_PART * 2)
    take(reader, 1)
    return inside
  }
  const brackets = (BRACKETS.exec(rest) ?? CLASS_ESCAPE.exec(rest))?.[0]
  if (brackets !== undefined) {
    take(reader, brackets.length)
    return charactersOf(brackets)
  }
  const character = take(reader, rest.startsWith('\\') ? 2 : 1)
  if (character === '.') return ['x']
  if (character === '^' || character === '$' || /^\\[AbBz]$/.test(character)) return ['']
  return [character.startsWith('\\') ? character.slice(1) : character]
}

function repeated(reader: Reader, part: readonly string[]): readonly string[] {
  const repeat = REPEAT.exec(reader.rest)
  if (repeat === null) return part
  take(reader, repeat[0].length)
  const [, sign, least = '', comma] = repeat
  const times =
    sign === '*'
      ? [1, 0, 2]
      : sign === '+'
        ? [1, 2]
        : sign === '?'
          ? [1, 0]
          : comma === undefined
            ? [Number(least)]
            : [Math.max(1, Number(least)), Number(least)]
  return evenly(
    times.map(count => part.map(text => text.repeat(count))),
    MOST_OF_A_PART * 2,
  )
}

/** Characters of a class, found by asking. */
function charactersOf(characterClass: string): readonly string[] {
  const compiled = compileRouteRegex(characterClass.startsWith('[') ? characterClass : `[${characterClass}]`)
  if (!compiled.ok) return []
  return CHARACTERS.filter(one => compiled.regex.test(one)).slice(0, MOST_OF_A_PART - 1)
}

/** The first of each list, then the second of each, and so on, without repetition. */
function evenly(lists: readonly (readonly string[])[], most: number): readonly string[] {
  const all = new Set<string>()
  const longest = Math.max(0, ...lists.map(list => list.length))
  for (let index = 0; index < longest && all.size < most; index++) {
    for (const list of lists) {
      const one = list[index]
      if (one !== undefined && all.size < most) all.add(one)
    }
  }
  return [...all]
}
