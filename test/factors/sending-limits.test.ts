import fc from 'fast-check'
import t from 'tap'
import { createSendingLimits, type SendingLimits } from '../../src/factors/sending-limits.js'
import { createMemoryStore } from '../../src/store/memory-store.js'

const START = Date.UTC(2026, 10, 22, 12, 0, 15)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

function bench(perHour?: number) {
  const time = { now: START }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const options = { store, now, perHour }
  return { time, store, limits: createSendingLimits(options), elsewhere: createSendingLimits(options) }
}

/** Seconds to wait; 0: allowed. */
async function wait(limits: SendingLimits, target: string | undefined, account = 'alice'): Promise<number> {
  const permission = await limits.begin({ channel: 'email', target, account })
  return permission.outcome === 'allowed' ? 0 : permission.retryAfter
}

t.test('two to one target are 30 s apart, and five an hour', async t => {
  const { time, limits } = bench()
  t.equal(await wait(limits, 'a@x'), 0)
  t.equal(await wait(limits, 'a@x'), 30)
  time.now += 29_999
  t.equal(await wait(limits, 'a@x'), 1)
  time.now += 1
  for (let n = 0; n < 4; n++) {
    t.equal(await wait(limits, 'a@x'), 0)
    time.now += 30_000
  }
  t.equal(await wait(limits, 'a@x'), 3451, 'until the first is an hour old')
  time.now = START + HOUR
  t.equal(await wait(limits, 'a@x'), 1)
  time.now += 1
  t.equal(await wait(limits, 'a@x'), 0)
})

t.test(
  'the limits of a target are the same whoever asks; other targets and channels have their own',
  async t => {
    const { limits } = bench()
    t.equal(await wait(limits, 'a@x', 'alice'), 0)
    t.equal(await wait(limits, 'a@x', 'bob'), 30)
    t.equal(await wait(limits, 'b@x', 'bob'), 0)
    t.match(await limits.begin({ channel: 'sms', target: 'a@x', account: 'alice' }), { outcome: 'allowed' })
  },
)

t.test('ten an hour for one account, over all of its targets and channels', async t => {
  const { limits } = bench()
  for (let n = 0; n < 10; n++) t.equal(await wait(limits, `${n}@x`), 0)
  t.ok((await wait(limits, 'other@x')) > 3590)
  t.match(await limits.begin({ channel: 'sms', target: '+491', account: 'alice' }), { outcome: 'too_many' })
  t.equal(await wait(limits, 'other@x', 'bob'), 0, 'the refused one was not counted for its target')
})

t.test(
  'f14, l13: a thousand an hour for all together, by default, and as many as the operator says',
  async t => {
    const { time, limits } = bench()
    for (let n = 0; n < 1000; n++) t.equal(await wait(limits, `${n}@x`, `user${n}`), 0)
    t.ok((await wait(limits, 'more@x', 'more')) > 3500)
    time.now += HOUR + MINUTE
    t.equal(await wait(limits, 'more@x', 'more'), 0)

    const few = bench(2)
    t.equal(await wait(few.limits, 'a@x', 'a'), 0)
    t.equal(await wait(few.limits, 'b@x', 'b'), 0)
    t.ok((await wait(few.limits, 'c@x', 'c')) > 0)
  },
)

t.test('f14: a target that does not exist has the same limits, seen from outside', async t => {
  const known = bench()
  const unknown = bench()
  for (const step of [0, 1000, 29_000, 0, 30_000, 30_000, 30_000, 30_000, 30_000, HOUR]) {
    known.time.now += step
    unknown.time.now += step
    t.equal(await wait(known.limits, 'a@x'), await wait(unknown.limits, undefined))
  }
})

t.test('what goes to nobody is refused when all are, and does not use up what others need', async t => {
  const { limits } = bench(3)
  for (let n = 0; n < 10; n++) t.equal(await wait(limits, undefined, `nobody${n}`), 0)
  for (let n = 0; n < 3; n++) t.equal(await wait(limits, `${n}@x`, `user${n}`), 0)
  t.equal(await wait(limits, undefined, 'nobody'), await wait(limits, '4@x', 'user4'))
})

t.test('what strangers ask for takes nothing from a second factor', async t => {
  const { time, limits } = bench(10)
  const begin = (target: string | undefined, account: string) =>
    limits.begin({ channel: 'email', target, account, isFirst: true })
  for (let n = 0; n < 5; n++) {
    t.match(await begin('a@x', 'alice'), { outcome: 'allowed' })
    time.now += 30_000
  }
  t.match(await begin('a@x', 'alice'), { outcome: 'too_many' })
  t.equal(await wait(limits, 'a@x'), 0, 'her own code comes')
  for (const name of ['b', 'c']) t.match(await begin(`${name}@x`, name), { outcome: 'allowed' })
  t.match(await begin('d@x', 'd'), { outcome: 'too_many' }, 'a fifth of all is kept')
  t.same(await begin(undefined, 'e'), await begin('f@x', 'f'), 'whoever is asked for')
  t.equal(await wait(limits, 'g@x', 'g'), 0)
  t.equal(await wait(limits, 'h@x', 'h'), 0)
  t.ok((await wait(limits, 'i@x', 'i')) > 0, 'the number for all together holds')
})

t.test('f14: of many at once, between processes, no more than the limit pass', async t => {
  const { limits, elsewhere } = bench(7)
  const ask = (n: number) => wait(n % 2 === 0 ? limits : elsewhere, `${n}@x`, `user${n}`)
  const many = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(n)))
  t.equal(many.filter(seconds => seconds === 0).length, 7)

  const same = bench()
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, n) => wait(n % 2 === 0 ? same.limits : same.elsewhere, 'a@x')),
  )
  t.equal(results.filter(seconds => seconds === 0).length, 1)
})

t.test('neither addresses nor names are in the store as they are, and counts are gone in time', async t => {
  const { time, store, limits } = bench()
  await wait(limits, 'alice@example.com', 'alice-the-user')
  time.now += HOUR + MINUTE + 1
  t.equal(await store.sweep(100), 3)
})

t.test(
  'whatever comes when: every limit holds over every hour, and the told wait is the true one',
  async () => {
    const step = fc.record({
      pause: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40_000 }), fc.integer({ max: HOUR, min: 0 })),
      target: fc.constantFrom('a@x', 'b@x', 'c@x'),
      account: fc.constantFrom('alice', 'bob'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
        const { time, limits } = bench(12)
        const sent: { at: number; target: string; account: string }[] = []
        const within = (milliseconds: number, match: (one: (typeof sent)[number]) => boolean): number =>
          sent.filter(one => one.at > time.now - milliseconds && match(one)).length
        for (const { pause, target, account } of steps) {
          time.now += pause
          const seconds = await wait(limits, target, account)
          if (seconds === 0) sent.push({ at: time.now, target, account })
          if (
            within(30_000, one => one.target === target) > 1 ||
            within(HOUR, one => one.target === target) > 5 ||
            within(HOUR, one => one.account === account) > 10 ||
            within(HOUR, () => true) > 12
          )
            return false
          if (seconds > 3660) return false
        }
        // Whoever waits as long as every limit tells gets through, without being told more than three times.
        for (let asked = 0; asked < 4; asked++) {
          const seconds = await wait(limits, 'a@x', 'alice')
          if (seconds === 0) return true
          time.now += seconds * 1000
        }
        return false
      }),
      { numRuns: 100 },
    )
  },
)
