import t from 'tap'
import { noRedis } from '../harness/redis.js'
import { grown } from './measure.js'
import { runSoak } from './run-soak.js'

/*
 * The short form of the run of main.ts. In half a minute code is still compiled and pools are still filled, so the heap
 * has some room here; a socket or a key that stays is seen as soon as there.
 */
t.test('what people leave behind in a gateway goes when they go', { skip: noRedis }, async t => {
  const outcome = await runSoak({ warmUp: 6_000, lasts: 10_000, visits: 2, every: 60_000 })
  const { base, end, counts, unhandled } = outcome
  t.same(grown(base, end, 0.5), [])
  t.ok(end.files <= base.files, `${end.files} files and sockets, at first ${base.files}`)
  t.ok(end.keys <= base.keys, `${end.keys} keys that stay, at first ${base.keys}`)
  t.same(
    Object.keys(counts).filter(step => step.includes(': ')),
    [],
    'every step is answered as it should be',
  )
  for (const step of ['logout', 'WebSocket', 'refresh', 'wrong password'])
    t.ok((counts[step] ?? 0) > 2, `${step}: ${counts[step] ?? 0}`)
  t.same(unhandled, [])
  t.comment(JSON.stringify(outcome))
})
