import { RE2JS } from 're2js'
import type { PatternFault } from './path-pattern.js'

/**
 * Compiles a route's `path_regex`. It must match the whole path (without a trailing slash), and RE2 matches it in
 * time linear in the path, so that no request can make it slow.
 * @returns the regex, or what is wrong with it and the cure
 */
export function compileRouteRegex(
  source: string,
): { readonly ok: true; readonly regex: RE2JS } | { readonly ok: false; readonly fault: PatternFault } {
  if (/(?<!\\)(?:\\\\)*\((?:[^()\\]|\\.)*[*+}]\)\s*[*+{]/.test(source)) {
    return fault(
      'a repeated group that itself repeats reads the same text in many ways',
      'repeat only once, as in "(ab)+"',
    )
  }
  if (/\(\?(?:[=!]|<[=!])|\\[1-9]/.test(source)) {
    return fault(
      'look-around and back-references cannot be matched in linear time',
      'write two routes, the narrower one first',
    )
  }
  if (source.length > 1 && /[^\\]\/\$?$/.test(source)) {
    return fault(
      'it ends in "/", but paths are matched without their trailing slash',
      'leave out the last "/"',
    )
  }
  if (!/^\^?(?:\/|\(|\[|\.)/.test(source)) {
    return fault('it is matched against the whole path, which begins with "/"', 'begin it with "/"')
  }
  try {
    const whole = source.normalize('NFC')
    // By itself first: a stray parenthesis must not close the group that anchors it.
    RE2JS.compile(whole)
    return { ok: true, regex: RE2JS.compile(`^(?:${whole.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')})$`) }
  } catch (error) {
    const detail =
      error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : 'it cannot be parsed'
    return fault(
      `not a regular expression of RE2: ${detail}`,
      'see https://github.com/google/re2/wiki/Syntax',
    )
  }
}

function fault(message: string, cure: string): { readonly ok: false; readonly fault: PatternFault } {
  return { ok: false, fault: { message, cure } }
}
