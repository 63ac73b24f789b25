import { isIP } from 'node:net'
import { type LineReading, readRequestLine } from './log-entry.js'

const BACKSLASH = 0x5c
const BLANK = 0x20
const DASH = 0x2d

/**
 * Reads a line of the family `common`: nginx `combined`, Apache `common` and `combined`, Traefik's text, each also
 * with the name of a host in front (`vhost_combined`). What follows the status is not looked at.
 */
export function readTextLine(line: string): LineReading {
  // A quote is escaped inside a user name, so this is where the time ends, whatever a client calls itself.
  const timeEnd = line.indexOf('] "')
  const timeStart = timeEnd === -1 ? -1 : line.lastIndexOf(' [', timeEnd)
  if (timeStart === -1) return 'not_understood'
  const requestEnd = closingQuote(line, timeEnd + 3)
  if (requestEnd === -1 || !isStatus(line, requestEnd + 1)) return 'not_understood'

  const first = line.indexOf(' ')
  const second = line.indexOf(' ', first + 1)
  if (second === -1 || second >= timeStart) return 'not_understood'
  let address = line.slice(0, first)
  let host: string | undefined
  let beforeUser = second
  // Elsewhere the second word is the identity of RFC 1413, which is "-" nearly always. A host may look like an address.
  if (line.charCodeAt(first + 1) !== DASH && isIP(line.slice(first + 1, second)) !== 0) {
    host = undash(unescape(address))
    address = line.slice(first + 1, second)
    beforeUser = line.indexOf(' ', second + 1)
    if (beforeUser === -1 || beforeUser >= timeStart) return 'not_understood'
  }
  const request = readRequestLine(unescape(line.slice(timeEnd + 3, requestEnd)))
  if (request === undefined) return 'no_request'
  return {
    method: request.method,
    target: request.target,
    host,
    address,
    user: undash(unescape(line.slice(beforeUser + 1, timeStart))),
    time: line.slice(timeStart + 2, timeEnd),
  }
}

/** The place of the first quote that is not escaped, or -1. */
function closingQuote(line: string, from: number): number {
  let quote = line.indexOf('"', from)
  let backslash = line.indexOf('\\', from)
  while (backslash !== -1 && backslash < quote) {
    if (quote === backslash + 1) quote = line.indexOf('"', quote + 1)
    backslash = line.indexOf('\\', backslash + 2)
  }
  return quote
}

/** A blank and a status of three digits, or `-` where no answer was sent. */
function isStatus(line: string, at: number): boolean {
  if (line.charCodeAt(at) !== BLANK) return false
  if (line.charCodeAt(at + 1) === DASH) return true
  return (
    isDigit(line.charCodeAt(at + 1)) && isDigit(line.charCodeAt(at + 2)) && isDigit(line.charCodeAt(at + 3))
  )
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function undash(text: string): string | undefined {
  return text === '' || text === '-' || text === '""' ? undefined : text
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
])

/**
 * Undoes the escapes of nginx (`\xHH`) and of Apache (that, `\"`, `\\` and the letters of C), so that each byte is
 * one character. A backslash before anything else stands for itself: it was sent.
 */
function unescape(text: string): string {
  let backslash = text.indexOf('\\')
  if (backslash === -1) return text
  let plain = ''
  let start = 0
  while (backslash !== -1) {
    plain += text.slice(start, backslash)
    const next = text.charAt(backslash + 1)
    const byte = next === 'x' ? byteAt(text, backslash + 2) : undefined
    const named = NAMED.get(next)
    if (byte !== undefined) {
      plain += String.fromCharCode(byte)
      start = backslash + 4
    } else if (named !== undefined) {
      plain += named
      start = backslash + 2
    } else {
      plain += '\\'
      start = backslash + 1
    }
    backslash = text.charCodeAt(start) === BACKSLASH ? start : text.indexOf('\\', start)
  }
  return plain + text.slice(start)
}

function byteAt(text: string, at: number): number | undefined {
  const high = hexDigit(text.charCodeAt(at))
  const low = hexDigit(text.charCodeAt(at + 1))
  return high === undefined || low === undefined ? undefined : high * 16 + low
}

function hexDigit(code: number): number | undefined {
  if (isDigit(code)) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined
}
