import { canonicalise, type Refusal } from '../../access/canonicalise.js'
import type { AskedRequest } from '../../access/judge.js'
import type { Policy } from '../../access/policy.js'

/** How a refused request could be written so that it is read in one way. */
export interface Spelling {
  readonly method: string
  readonly url: string
}

type Written = Pick<AskedRequest, 'method' | 'authority' | 'target'>

/** Each refusal is mended by itself, and one spelling may be refused for several reasons. */
const MOST_STEPS = 8

/**
 * The spelling that is accepted and that the writer most likely meant: dots followed, slashes joined, what must be
 * encoded encoded. Found by mending and asking again, so it really is accepted.
 * @returns undefined where nothing plain comes near
 */
export function acceptedSpelling(asked: AskedRequest, { leniencies }: Policy): Spelling | undefined {
  let written: Written = asked
  for (let step = 0; step < MOST_STEPS; step++) {
    const { method, target, authority } = written
    const reading = canonicalise({ method, target, host: authority, asksPreflight: false }, leniencies)
    if (reading.ok) {
      if (step === 0) return undefined
      return { method, url: `${asked.secure ? 'https' : 'http'}://${authority}${target}` }
    }
    const mended = MENDING[reading.refusal](written)
    if (mended === undefined) return undefined
    written = { ...written, ...mended }
  }
  return undefined
}

type Mend = (written: Written) => Partial<Written> | undefined

/** Mends the path alone: the query takes no part in what these refuse. */
const inPath =
  (mend: (path: string) => string): Mend =>
  ({ target }) => {
    const mark = target.indexOf('?')
    const path = mark === -1 ? target : target.slice(0, mark)
    const mended = mend(path)
    return mended === path ? undefined : { target: mended + (mark === -1 ? '' : target.slice(mark)) }
  }

const encodeRest = (text: string): string =>
  text
    .replaceAll('\\', '/')
    .replace(/[^\x21-\x7e]+/gu, run => encodeURIComponent(run.replace(/\p{Cs}/gu, '\ufffd')))

const MENDING: Readonly<Record<Refusal, Mend>> = {
  bad_escape: inPath(path => path.replace(/%(?![0-9A-Fa-f]{2})/g, '%25')),
  bad_host: ({ authority }) => {
    const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:[0-9]*$/, '')
    return host === authority || host === '' ? undefined : { authority: host }
  },
  bad_target: ({ target }) => ({ target: target.replace(/#.*$/s, '') }),
  control_character: inPath(path =>
    path.replace(/%(?:[01][0-9A-Fa-f]|7[Ff]|C2%[89][0-9A-Fa-f]|E2%80%A[89])/gi, ''),
  ),
  dot_segment: inPath(followDots),
  double_encoding: inPath(path => path.replace(/%25(?=[0-9A-Fa-f]{2})/g, '%')),
  empty_segment: inPath(path => path.replace(/\/{2,}/g, '/')),
  encoded_backslash: inPath(path => path.replace(/%5c/gi, '/')),
  encoded_slash: inPath(path => path.replace(/%2f/gi, '/')),
  method_not_allowed: ({ method }) => {
    const upper = method.trim().toUpperCase()
    return upper === method || upper === 'TRACE' || upper === 'CONNECT' ? undefined : { method: upper }
  },
  semicolon: inPath(path => path.replace(/(?:;|%3b)[^/]*/gi, '')),
  too_long: () => undefined,
  unencoded_character: ({ target }) => {
    const encoded = encodeRest(target)
    return encoded === target ? undefined : { target: encoded }
  },
  unicode_lookalike: () => undefined,
}

/** Follows segments of dots as RFC 3986, section 5.2.4 does, encoded or not. */
function followDots(path: string): string {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  segments.forEach((segment, index) => {
    const plain = segment.replace(/%2e/gi, '.').replace(/%20|;.*$/g, '')
    const isLast = index === segments.length - 1
    if (plain === '..') kept.pop()
    else if (!/^\.+$/.test(plain)) kept.push(segment)
    if (isLast && /^\.+$/.test(plain)) kept.push('')
  })
  return `/${kept.join('/')}`
}
