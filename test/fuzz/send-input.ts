import { connect } from 'node:net'
import type { Dice } from './dice.js'
import { behaviourOf, faultOf, readAnswers } from './judge-answers.js'
import type { FuzzInput } from './request-text.js'
import { TARGET_FIELD } from './watched-app.js'

/** What became of one input. */
export interface Outcome {
  readonly faults: readonly string[]
  /** Equal for inputs that were answered alike. */
  readonly behaviour: string
}

/**
 * How long the next byte of an answer is awaited, in milliseconds, where the end of the input is not known. Then our
 * side is closed, so that a gateway that waits for the rest of a request learns that there is none.
 */
const QUIET = 120
const AFTER_END = 1_500
/** What the gateway takes of one request, head and body, in bytes. */
const LONGEST_TAKEN = 48 * 1024
/** And where it is known: then the answer has to come. */
const PATIENCE = 20_000

/**
 * Sends an input over a connection of its own, an honest request right behind it, and judges what comes back.
 * @param dice decides where the bytes are cut into pieces
 * @param honest the target of the honest request, which nothing else asks for
 */
export async function sendInput(
  port: number,
  input: FuzzInput,
  dice: Dice,
  honest: string,
): Promise<Outcome> {
  const bytes = Buffer.from(
    `${input.bytes}GET ${honest} HTTP/1.1\r\nHost: gw.example\r\nX-Forwarded-Proto: https\r\n\r\n`,
    'latin1',
  )
  const hasHead = input.bytes.includes('HEAD')
  const received: Buffer[] = []
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const state = { isClosed: false }
  const isHonest = ({ headers }: { readonly headers: readonly (readonly [string, string])[] }): boolean =>
    headers.some(([name, value]) => name.toLowerCase() === TARGET_FIELD && value === honest)
  const timedOut = await new Promise<boolean>(resolve => {
    const giveUp = (): void => resolve(true)
    const wait = (): NodeJS.Timeout =>
      input.requests === undefined
        ? setTimeout(() => {
            socket.end()
            timer = setTimeout(giveUp, AFTER_END)
          }, QUIET)
        : setTimeout(giveUp, PATIENCE)
    let timer = wait()
    socket.on('data', piece => {
      received.push(piece)
      clearTimeout(timer)
      timer = wait()
      const { answers, fault } = readAnswers(Buffer.concat(received), hasHead)
      const last = answers.at(-1)
      if (fault === undefined && (last === undefined || (last.status !== 101 && !isHonest(last)))) return
      clearTimeout(timer)
      resolve(false)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      state.isClosed = true
      clearTimeout(timer)
      resolve(false)
    })
    socket.on('connect', () => {
      void writeInPieces(bytes, dice, piece => {
        if (!socket.destroyed) socket.write(piece)
      })
    })
  })
  socket.destroy()
  const { isClosed } = state
  const { answers, fault, rest } = readAnswers(Buffer.concat(received), hasHead)
  const faults = answers.flatMap(answer => faultOf(answer, input.bytes) ?? [])
  if (fault !== undefined) faults.push(fault)
  const isServed = answers.some(isHonest)
  if (answers.filter(isHonest).length > 1) faults.push('one request was answered twice')
  // Bytes behind a request that are none end the connection, and a body that nobody wants may reset it.
  const isSure = input.requests === 1 && bytes.length < LONGEST_TAKEN
  if (input.requests !== undefined) {
    if (timedOut) faults.push(`no answer to a whole request within ${PATIENCE} ms`)
    else if (answers.length === 0 && isSure) faults.push('the connection was closed without an answer')
    else if (answers.length > input.requests + 1)
      faults.push(`${input.requests + 1} requests got ${answers.length} answers`)
    else if (!isServed && !isClosed && answers.at(-1)?.status !== 101)
      faults.push('the connection serves nobody any more')
  }
  if (isClosed && rest > 0 && fault === undefined) faults.push(`an answer was cut off after ${rest} bytes`)
  return { faults, behaviour: `${behaviourOf(answers)}${isClosed ? ' closed' : timedOut ? ' waits' : ''}` }
}

/** One write in most cases; otherwise cut at one place, or, when it is short, behind every byte. */
async function writeInPieces(bytes: Buffer, dice: Dice, write: (piece: Buffer) => void): Promise<void> {
  if (dice.chance(0.8)) {
    write(bytes)
    return
  }
  const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  const everywhere = bytes.length < 400 && dice.chance(0.3)
  const size = everywhere ? 1 : 1 + dice.below(bytes.length)
  for (let at = 0; at < bytes.length; at += size) {
    write(bytes.subarray(at, at + size))
    await turn()
  }
}
