import type { Dice } from './dice.js'

/** A request before it is written. Texts are Latin-1: one character for each byte. */
export interface Draft {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body?: string
  readonly chunked?: boolean
}

/** What is sent over one connection. */
export interface FuzzInput {
  /** Which of our parsers it is for. */
  readonly parser: string
  readonly bytes: string
  /**
   * How many requests it has, when it is certain where each begins and ends; then an answer to each has to come, and
   * one to what follows. Undefined: it was damaged, and where it ends is the gateway's to say.
   */
  readonly requests: number | undefined
}

/** The host of the gateway, and an address that is nobody else's: no two inputs are counted together. */
export function usualHeaders(dice: Dice, host = 'gw.example'): readonly (readonly [string, string])[] {
  const address = `10.${dice.below(256)}.${dice.below(256)}.${1 + dice.below(250)}`
  return [
    ['Host', host],
    ['X-Forwarded-For', address],
    ['X-Forwarded-Proto', 'https'],
  ]
}

/** The bytes of a request, its body framed by its length or in chunks. */
export function writeRequest({ method, target, headers, body, chunked = false }: Draft): string {
  const framing =
    body === undefined ? [] : chunked ? ['Transfer-Encoding: chunked'] : [`Content-Length: ${body.length}`]
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...framing,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body === undefined ? '' : chunked ? inChunks(body) : body}`
}

/** Whether nothing in a request can move its end: then it is read as it is written, or refused. */
export function isFramed({ method, target, headers }: Draft): boolean {
  const isPlain = (text: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
  const moves = /^(?:content-length|transfer-encoding|upgrade|expect|connection)\s*$/i
  return (
    /^[A-Z]+$/.test(method) &&
    method !== 'CONNECT' &&
    /^[\x21-\x7e]+$/.test(target) &&
    headers.every(([name, value]) => /^[\w-]+$/.test(name) && !moves.test(name) && isPlain(value))
  )
}

function inChunks(body: string): string {
  const half = Math.ceil(body.length / 2)
  return [body.slice(0, half), body.slice(half), '']
    .filter((piece, index) => piece !== '' || index === 2)
    .map(piece => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    .join('')
}
