import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { Report } from './campaign.js'
import { readCorpus } from './corpus.js'
import { fuzzReaders } from './document-readers.js'
import { fuzzFrontDoor } from './front-door.js'

const CORPUS = readCorpus(fileURLToPath(new URL('corpus.txt', import.meta.url)))
/** In seconds, each; besides the corpus. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 5)
const SEED = Number(process.env.FUZZ_SEED ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 1)

const silent = (): void => undefined
const campaign = () => ({ seed: SEED, seconds: SECONDS, progress: silent })

function expectNone(t: Test, { executions, faults, note }: Report): void {
  t.comment(`${executions} inputs, ${note}`)
  t.same(faults, [], `FUZZ_SEED=${SEED} repeats it`)
}

t.test('hostile bytes at the front door open nothing, break nothing and delay nobody', async t => {
  expectNone(t, await fuzzFrontDoor(campaign(), CORPUS))
})

t.test('damaged files are told as problems, in no time and without their secrets', async t => {
  expectNone(t, await fuzzReaders(campaign(), CORPUS))
})
