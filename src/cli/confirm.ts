import type { CliIo } from './cli-io.js'

/**
 * Asks before something that cannot be taken back.
 * @returns undefined to go on, or the exit code: 1 for no, 2 where nobody is there to ask
 */
export async function confirm(
  question: string,
  io: Pick<CliIo, 'ask' | 'asksPerson' | 'stderr'>,
): Promise<1 | 2 | undefined> {
  if (!io.asksPerson) {
    io.stderr(`${question} Nobody is there to ask: add --yes.\n`)
    return 2
  }
  if (/^y(es)?$/i.test((await io.ask(`${question} [y/N] `)).trim())) return undefined
  io.stderr('Nothing was changed.\n')
  return 1
}
