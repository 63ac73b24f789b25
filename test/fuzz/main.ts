import { join } from 'node:path'
import type { Report } from './campaign.js'
import { addToCorpus, readCorpus } from './corpus.js'
import { fuzzReaders } from './document-readers.js'
import { fuzzFrontDoor } from './front-door.js'

/*
 * Fuzzes every parser of the gateway. From the root of the tree:
 *   npx tsc -p test/fuzz/tsconfig.json && node bench-results/fuzz/test/fuzz/main.js
 * FUZZ_SECONDS: how long at the front door, default 10; files get a fifth of it. FUZZ_SEED: repeats a run. FUZZ_KEEP=1: adds to the corpus what was answered as
 * nothing before. Exit code 1 when there were faults.
 */
const seconds = Number(process.env.FUZZ_SECONDS ?? 10)
const seed = Number(process.env.FUZZ_SEED ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 1)
const corpusFile = join(process.cwd(), 'test/fuzz/corpus.txt')
const corpus = readCorpus(corpusFile)
const tty = process.stderr.isTTY
const say = (line: string): void => void process.stderr.write(line)

say(`seed ${seed}, ${seconds} s, ${corpus.length} inputs in the corpus\n`)
let shown = 0
const progress = (line: string): void => {
  if (performance.now() - shown < (tty ? 250 : 30_000)) return
  shown = performance.now()
  say(tty ? `\r\x1b[K${line.slice(0, (process.stderr.columns || 120) - 1)}` : `${line}\n`)
}
const tell = ({ executions, found, faults, note }: Report, since: number): void => {
  const rate = Math.round((executions * 1_000) / (performance.now() - since))
  say(
    `${tty ? '\r\x1b[K' : ''}${executions} inputs, ${rate} a second, ${found.length} new behaviours, ${faults.length} faults (${note})\n`,
  )
  for (const fault of faults) say(`\nFAULT ${fault}\n`)
}
const begun = performance.now()
const campaign = (share: number) => ({ seed, seconds: share * seconds, progress })
// One after the other: whoever reads files cannot look at the clock for sockets.
const frontDoor = await fuzzFrontDoor(campaign(1), corpus)
tell(frontDoor, begun)
const between = performance.now()
const readers = await fuzzReaders(campaign(0.2), corpus)
tell(readers, between)
const reports = [frontDoor, readers]
if (process.env.FUZZ_KEEP === '1')
  addToCorpus(
    corpusFile,
    reports.flatMap(({ found }) => found),
  )
process.exitCode = reports.some(({ faults }) => faults.length > 0) ? 1 : 0
