import { parseChunked, splitHeader } from '../harness/recording-upstream.js'

/** One answer as far as it is judged. */
interface Answer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

/** What came over one connection, read as the answers to what was sent. */
export interface ReadAnswers {
  readonly answers: readonly Answer[]
  /** Something that is no answer, or two in one. */
  readonly fault: string | undefined
  /** Bytes of an answer that has not come to its end. */
  readonly rest: number
}

const FIELD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/
/** Fields of which two would be read differently by two clients. */
const SINGLE = new Set([
  'content-length',
  'content-type',
  'location',
  'transfer-encoding',
  'content-security-policy',
])

/**
 * Reads answers off the bytes of a connection.
 * @param hasHead whether a HEAD may have been asked: its answer has no body in spite of its length
 */
export function readAnswers(bytes: Buffer, hasHead: boolean): ReadAnswers {
  const answers: Answer[] = []
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end === -1) break
    const [first = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n')
    const status = Number(/^HTTP\/1\.1 ([1-5]\d\d)(?: [\t\x20-\x7e]*)?$/.exec(first)?.[1] ?? NaN)
    if (Number.isNaN(status))
      return { answers, fault: `a status line is ${JSON.stringify(first.slice(0, 80))}`, rest: 0 }
    const broken = lines.find(line => !FIELD.test(line))
    if (broken !== undefined)
      return { answers, fault: `a header field is ${JSON.stringify(broken.slice(0, 80))}`, rest: 0 }
    const headers = lines.map(splitHeader)
    const valuesOf = (name: string): readonly string[] =>
      headers.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value)
    for (const name of SINGLE)
      if (valuesOf(name).length > 1) return { answers, fault: `an answer has two of ${name}`, rest: 0 }
    const [length] = valuesOf('content-length')
    const chunked = valuesOf('transfer-encoding').length > 0
    if (chunked && length !== undefined) return { answers, fault: 'an answer has two framings', rest: 0 }
    const start = end + 4
    if (status === 101) {
      answers.push({ status, headers, body: '' })
      return { answers, fault: undefined, rest: 0 }
    }
    const isBare = status < 200 || status === 204 || status === 304
    const isOfHead =
      hasHead && (start === bytes.length || bytes.toString('latin1', start, start + 7) === 'HTTP/1.')
    if (isBare || isOfHead) {
      if (status >= 200) answers.push({ status, headers, body: '' })
      at = start
      continue
    }
    const body = chunked
      ? parseChunked(bytes, start)
      : { body: bytes.subarray(start, start + Number(length ?? 0)), end: start + Number(length ?? 0) }
    if (body === undefined || body.end > bytes.length)
      return { answers, fault: undefined, rest: bytes.length - at }
    if (!chunked && length === undefined)
      return { answers, fault: 'the end of an answer cannot be known', rest: 0 }
    answers.push({ status, headers, body: body.body.toString('latin1') })
    at = body.end
  }
  return { answers, fault: undefined, rest: bytes.length - at }
}

/** Where an answer may lead, and what may not be in it; undefined: nothing is wrong with it. */
export function faultOf({ status, headers, body }: Answer, sent: string): string | undefined {
  const valueOf = (name: string): string | undefined =>
    headers.find(([own]) => own.toLowerCase() === name)?.[1]
  const problem = `${status} ${body.slice(0, 200)}`
  // 501 and 505 say what the parser does not speak. 503 is for a queue that is full, and hashing alone has one.
  const mayBeFull = status === 503 && sent.includes('POST')
  const isBroken = (status === 502 || status === 504) && sent.includes('broken')
  if (status >= 500 && status !== 501 && status !== 505 && !mayBeFull && !isBroken)
    return `it answers ${problem}`
  if (headers.some(([name]) => /^zq-injected/i.test(name)))
    return 'a header field of the input is one of the answer'
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (lower === 'location' && !isSafePlace(value)) return `it leads to ${value}`
    if (lower === 'set-cookie' && !/^__Host-gatehouse[\w-]*=[^;]*; .*\bPath=\/(?:;|$)/.test(value))
      return `it sets ${value}`
    if (lower === 'set-cookie' && !(/; Secure(?:;|$)/.test(value) && /; HttpOnly(?:;|$)/.test(value)))
      return `it sets ${value}`
  }
  const type = valueOf('content-type') ?? ''
  if (type.startsWith('text/html') && /<zq7|["']zq7x=/i.test(body)) return 'a page has markup of the input'
  if (body.includes('"mfa_verified":true')) return 'nobody has proved a second factor'
  return undefined
}

/** A path of this host, or the host itself; and where a page of ours goes later is one too. */
function isSafePlace(place: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(place) || place.replace(/[?#].*/s, '').includes('\\')) return false
  if (!/^\/(?!\/)/.test(place) && !/^https:\/\/gw\.example(?:\/|$)/.test(place)) return false
  const { pathname, searchParams } = new URL(place, 'https://gw.example')
  const later = pathname.startsWith('/auth/') ? searchParams.getAll('return_to') : []
  return later.length < 2 && later.every(next => isSafePlace(next))
}

/** What tells one behaviour from another: statuses, reasons and sizes. */
export function behaviourOf(answers: readonly Answer[]): string {
  return answers
    .map(({ status, body, headers }) => {
      const reason = /"reason":"(\w+)"/.exec(body)?.[1] ?? /<h1[^>]*>([^<]{0,40})/.exec(body)?.[1] ?? ''
      const where =
        headers.find(([name]) => name.toLowerCase() === 'location')?.[1]?.replace(/\?.*/s, '') ?? ''
      return `${status} ${reason} ${where.slice(0, 40)} ${Math.ceil(Math.log2(body.length + 1) / 2)}`
    })
    .join(' | ')
}
