import t from 'tap'
import { createAuditFile } from '../../src/audit/audit-file.js'
import type { ChainedFile } from '../../src/audit/chained-file.js'

/** A chain that takes lines only while it is let. */
function chainThat() {
  const written: Readonly<Record<string, unknown>>[] = []
  const state = { writable: true }
  const attempt = (): Promise<void> =>
    state.writable ? Promise.resolve() : Promise.reject(new Error('no space left'))
  const chain: ChainedFile = {
    append: async batch => {
      await attempt()
      written.push(...batch)
    },
    probe: attempt,
    close: () => Promise.resolve(),
  }
  return { chain, written, state }
}

const WAITING = 10_000

t.test(
  'lines beyond those that may wait are lost, and no flush says yes before the file tells it',
  async t => {
    const { chain, written, state } = chainThat()
    const faults: string[] = []
    const mended: number[] = []
    const file = createAuditFile({
      chain,
      lossLine: lines => ({ audit: 'audit.lost', detail: { lines } }),
      onFault: ({ message }) => void faults.push(message),
      onMended: lost => void mended.push(lost),
    })
    t.teardown(() => file.close())
    t.equal(await file.flush(), true)
    state.writable = false
    for (let number = 0; number < WAITING + 3; number += 1) file.take({ number })
    t.equal(await file.flush(), false)
    t.equal(await file.flush(), false)
    t.same([file.lost(), file.failing(), faults], [3, true, ['no space left']])
    state.writable = true
    t.equal(await file.flush(), false, 'whoever asks now may be the one whose line is lost')
    t.same(written.slice(WAITING), [{ audit: 'audit.lost', detail: { lines: 3 } }])
    t.equal(await file.flush(), true)
    t.same([file.lost(), file.failing(), mended], [3, false, [3]])
    file.take({ number: 'next' })
    t.equal(await file.flush(), true)
    t.same(written.slice(WAITING + 1), [{ number: 'next' }], 'it is told once')
  },
)
