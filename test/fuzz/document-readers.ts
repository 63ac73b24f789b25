import type { Campaign, Report } from './campaign.js'
import { type CorpusEntry, createNovelty } from './corpus.js'
import { type Dice, diceFor } from './dice.js'
import { DOCUMENTS } from './documents.js'
import { mutate } from './mutate.js'
import { READERS } from './readers.js'

/** How long a reader may take for one document, in milliseconds; a machine that is busy takes it twice. */
const READ_WITHIN = 1_000
/** Above this many documents in a row, timers and sockets get their turn. */
const TURN = 20

/** Gives damaged documents to the readers of files until the time is up: none may throw, or take long. */
export async function fuzzReaders(
  { seed, seconds, progress }: Campaign,
  corpus: readonly CorpusEntry[],
): Promise<Report> {
  const parsers = Object.keys(READERS)
  const own = corpus.filter(({ parser }) => parsers.includes(parser))
  const novelty = createNovelty(own)
  const faults: string[] = []
  let number = 0
  let until = Infinity
  for (; number < own.length || (Date.now() < until && faults.length < 20); number++) {
    const replayed = own[number]
    if (number === own.length) until = Date.now() + seconds * 1_000
    const parser = replayed?.parser ?? parsers[number % parsers.length] ?? 'config'
    const dice = diceFor(seed, number)
    const text = replayed?.input ?? damaged(parser, dice, novelty.of(parser))
    const { behaviour, fault } = read(parser, text)
    if (fault !== undefined)
      faults.push(
        `${fault}\n  input ${number} of seed ${seed} (${parser}): ${JSON.stringify(text.slice(0, 4_000))}`,
      )
    if (replayed === undefined) novelty.see(parser, text, behaviour)
    if (number % TURN === 0) {
      progress(`${number} documents, ${novelty.found().length} new behaviours, ${faults.length} faults`)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  return { executions: number, faults, found: novelty.found(), note: 'files' }
}

function read(
  parser: string,
  text: string,
): { readonly behaviour: string; readonly fault: string | undefined } {
  const begun = performance.now()
  try {
    const behaviour = READERS[parser]?.(text) ?? ''
    if (performance.now() - begun < READ_WITHIN) return { behaviour, fault: undefined }
    const again = performance.now()
    READERS[parser]?.(text)
    const took = Math.round(performance.now() - again)
    return { behaviour, fault: took < READ_WITHIN ? undefined : `it takes ${took} ms` }
  } catch (error) {
    return {
      behaviour: 'thrown',
      fault: error instanceof Error ? (error.stack ?? error.message).slice(0, 1_500) : 'it throws',
    }
  }
}

/** A sound document, or one of before, with some lines moved and some places damaged. */
function damaged(parser: string, dice: Dice, before: readonly string[]): string {
  const sound = DOCUMENTS[parser] ?? []
  const one = (): string => {
    const from = before.length > 0 && dice.chance(0.4) ? before : sound
    return from[dice.below(from.length)] ?? ''
  }
  const text = dice.chance(0.3) ? withLinesMoved(one(), dice) : one()
  return dice.chance(0.1) ? text : mutate(text, dice, one())
}

function withLinesMoved(text: string, dice: Dice): string {
  const lines = text.split('\n')
  for (let count = 1 + dice.below(4); count > 0; count--) {
    const [line = ''] = lines.splice(dice.below(lines.length), dice.chance(0.7) ? 1 : 0)
    lines.splice(dice.below(lines.length + 1), 0, dice.chance(0.3) ? `  ${line}` : line)
  }
  return lines.join('\n')
}
