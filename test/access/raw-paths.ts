import fc from 'fast-check'
import type { PathLeniency } from '../../src/access/canonicalise.js'

/** What attacks on paths are made of: separators, dots, escapes of them, look-alikes, broken escapes. */
const NASTY = [
  '/./ /../ // /.. /. . .. ... ; ..; .; %2e %2E %2e%2e %2f %2F %5c %5C \\ %25 %252e %252f %2561 %00 %0a %0d%0a %09',
  '%20 %7f %3b %3f %23 ? # %zz % %u002e %c0%ae %e0%80%af %ed%a0%80 %ff %EF%BC%8E %ef%bc%8f %e2%80%a4 %e2%80%a6',
  '%ef%bc%85 %ef%bc%9b %cd%be %e2%80%a8 %c2%85 %c2%a0 %ef%bb%bf http:// @ : * é',
]
  .join(' ')
  .split(' ')

/** What ordinary paths are made of, with all that may stay unencoded. */
const PLAIN = [
  '/ / / / a b A admin public assets .js .well-known x.y ~user - _ ! $ & \' ( ) * + , = : @ " < > ^ ` { | } [ ]',
  '%61 %41 %7E %2D %20 %21 %22 %25 %3F %23 %3c %e9%a0%81 %c3%a9 e%cc%81 %E2%84%AA %f0%9f%98%80 %ef%bc%9f',
]
  .join(' ')
  .split(' ')

const anyCharacter = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 1 })
  .filter(character => !/\p{Surrogate}/u.test(character))
  .map(encodeURIComponent)
const anyByte = fc.integer({ min: 0, max: 255 }).map(byte => `%${byte.toString(16).padStart(2, '0')}`)
const anyAscii = fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code))

/** Request targets of which most should be refused. */
export const nastyTargets = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...PLAIN) },
      { weight: 4, arbitrary: fc.constantFrom(...NASTY) },
      anyCharacter,
      anyByte,
      anyAscii,
    ),
    { maxLength: 9 },
  )
  .map(pieces => `/${pieces.join('')}`)

/** Request targets of which many are accepted. */
export const mostlyPlainTargets = fc
  .array(
    fc.oneof(
      { weight: 16, arbitrary: fc.constantFrom(...PLAIN) },
      { weight: 1, arbitrary: fc.constantFrom(...NASTY) },
      { weight: 3, arbitrary: anyCharacter },
      { weight: 2, arbitrary: anyAscii },
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map(pieces => `/${pieces.join('')}`)

/** What an app may accept, in any combination. */
export const leniencySets = fc.subarray<PathLeniency>([
  'empty_segment',
  'encoded_slash',
  'encoded_backslash',
  'semicolon',
  'double_encoding',
  'unicode_lookalike',
])

/** Generated targets, always the same ones for one seed. */
export function sampleTargets(count: number, seed: number): readonly string[] {
  return fc.sample(fc.oneof(nastyTargets, mostlyPlainTargets), { numRuns: count, seed })
}
