import type { PathLeniency } from '../../access/canonicalise.js'
import type { CharacterRange } from './regex-structure.js'

/**
 * How much of a path that could be sent has been read: whether its last segment has not begun, is still empty, made of blanks or
 * dots only, or a name; and how much of `%` and two digits stands at its end, which is double encoding.
 */
export interface ReadSoFar {
  readonly segment: 'none' | 'empty' | 'blank' | 'dots' | 'name'
  readonly escape: 0 | 1 | 2
}

/** Before the first character. */
export const NOTHING_READ: ReadSoFar = { segment: 'none', escape: 0 }

/** Names first, so that an example reads well; what makes a path doubtful last. */
const PREFERRED = Array.from(
  'xyzghijklmnopqrstuvwXYZGHIJKLMNOPQRSTUVWabcdefABCDEF1234567890' + `-_~!$&'()*+,:=@/"<>[]^\`{|}?#éßαж中 .%`,
  character => character.charCodeAt(0),
)

const HEX = /[0-9A-Fa-f]/
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Cs};\\]/u

/**
 * Reads one more character; undefined when no path that the gateway accepts goes on so.
 * @param escapesTwice whether an app accepts double encoding
 */
function readOn(so: ReadSoFar, code: number, escapesTwice: boolean): ReadSoFar | undefined {
  const character = String.fromCodePoint(code)
  if (character === '/') {
    return so.segment === 'empty' || so.segment === 'dots' ? undefined : { segment: 'empty', escape: 0 }
  }
  if (so.segment === 'none' || FORBIDDEN.test(character)) return undefined
  const escape = character === '%' ? 1 : so.escape > 0 && HEX.test(character) ? so.escape + 1 : 0
  if (escape === 3 && !escapesTwice) return undefined
  const read = escape === 1 ? 1 : escape === 2 ? 2 : 0
  if (character === '.') return { segment: so.segment === 'name' ? 'name' : 'dots', escape: read }
  if (character === ' ') return { segment: so.segment === 'empty' ? 'blank' : so.segment, escape: read }
  return { segment: 'name', escape: read }
}

/** Whether a path may end here. A trailing slash makes no difference, so no path ends in one. */
export function mayEnd({ segment }: ReadSoFar): boolean {
  return segment === 'name' || segment === 'blank'
}

/** A character to go on with, and what is read then. */
export interface NextCharacter {
  readonly code: number
  readonly read: ReadSoFar
}

/**
 * The characters of a class to go on with: a harmless one where there is one, because whatever may follow another
 * may follow it too; otherwise one for each thing that can be read then. None, when no path goes on so.
 */
export function chooseCharacters(
  ranges: readonly CharacterRange[],
  so: ReadSoFar,
  escapesTwice: boolean,
): readonly NextCharacter[] {
  const choices = new Map<string, NextCharacter>()
  const isHarmless = (code: number): boolean => {
    const read = readOn(so, code, escapesTwice)
    if (read === undefined) return false
    const key = `${read.segment}${read.escape}`
    if (!choices.has(key)) choices.set(key, { code, read })
    return key === 'name0'
  }
  const found = (): readonly NextCharacter[] => {
    const harmless = choices.get('name0')
    return harmless === undefined ? [...choices.values()] : [harmless]
  }
  for (const code of PREFERRED) {
    if (ranges.some(({ first, last }) => first <= code && code <= last) && isHarmless(code)) return found()
  }
  for (const { first, last } of ranges) {
    for (let code = Math.max(first, 0xa1); code <= Math.min(last, first + 500); code++) {
      const character = String.fromCodePoint(code)
      if (character.normalize('NFKC') === character && isHarmless(code)) return found()
    }
  }
  return found()
}

/** The request target of a path, with every character escaped that has to be. */
export function targetOf(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,=:@/]/gu, character => encodeURIComponent(character))
}

/** Spellings that an app understands as the same path, or one below the same wildcard, if it accepts this one thing. */
export function lenientSpellings(path: string, leniency: PathLeniency): readonly string[] {
  const target = targetOf(path)
  switch (leniency) {
    case 'semicolon':
      return [`${target};x`]
    case 'encoded_slash':
      return [`${target}%2F`]
    case 'encoded_backslash':
      return [`${target}%5C`]
    case 'empty_segment':
      return path === '/' ? [] : [`${target}//`]
    case 'double_encoding':
      return [...target.matchAll(/[A-Za-z0-9]/g)].slice(0, 1).map(({ 0: character, index }) => {
        const code = character.charCodeAt(0).toString(16).toUpperCase()
        return `${target.slice(0, index)}%25${code}${target.slice(index + 1)}`
      })
    case 'unicode_lookalike':
      return [...target.matchAll(/(?<=[^/])(?=\/|$)/g)].map(
        ({ index }) => `${target.slice(0, index)}%EF%BC%9B${target.slice(index)}`,
      )
  }
}
