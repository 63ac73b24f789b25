import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createOneTimeCodes, type OneTimeCodes } from '../../src/factors/one-time-code.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'
import type { Store } from '../../src/store/store.js'

const START = Date.UTC(2026, 10, 22, 12, 0, 15)
const MINUTE = 60_000
const seal = createSeal(['a secret of the tests, long enough for a key'])
const place = { channel: 'email', binding: 'login-1' } as const
const request = { ...place, target: 'alice@example.com', account: 'alice' }

function bench(random: (bytes: number) => Buffer = randomBytes) {
  const time = { now: START }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const options = { store, seal, now, random }
  return { time, store, codes: createOneTimeCodes(options), elsewhere: createOneTimeCodes(options) }
}

async function issue(codes: OneTimeCodes, more: object = {}): Promise<string> {
  const issued = await codes.issue({ ...request, ...more })
  return issued.outcome === 'issued' ? (issued.code ?? 'none') : issued.outcome
}

const outcome = async (codes: OneTimeCodes, code: string, where: object = {}): Promise<string> =>
  (await codes.check({ ...place, ...where }, code)).outcome

/** Some code that is not this one. */
const other = (code: string, n = 1): string => String((Number(code) + n) % 1_000_000).padStart(6, '0')

t.test('a code is six digits and good once', async t => {
  const { codes } = bench()
  const code = await issue(codes)
  t.match(code, /^[0-9]{6}$/)
  t.equal(await outcome(codes, other(code)), 'wrong')
  t.equal(await outcome(codes, code), 'right')
  t.equal(await outcome(codes, code), 'used')
})

t.test(
  'each code comes as often as any other: numbers beyond the last whole million are thrown again',
  async t => {
    const draws = [4_294_967_295, 4_294_000_000, 4_293_999_999]
    const thrown = bench(() => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(draws.shift() ?? 0)
      return bytes
    })
    t.equal(await issue(thrown.codes), '999999')
    t.same(draws, [])
    const lowest = bench(() => Buffer.alloc(4))
    t.equal(await issue(lowest.codes), '000000', 'zeros in front are kept')
  },
)

t.test('f13: a code is nothing for another login, another channel, or without one', async t => {
  const { codes } = bench()
  const code = await issue(codes)
  t.equal(await outcome(codes, code, { binding: 'login-2' }), 'wrong')
  t.equal(await outcome(codes, code, { channel: 'sms' }), 'wrong')
  await issue(codes, { binding: 'login-2', target: 'bob@example.com', account: 'bob' })
  t.equal(await outcome(codes, code, { binding: 'login-2' }), 'wrong', 'where another code is awaited')
  t.equal(await outcome(codes, code), 'right')
})

t.test('f13: a code is dead after five minutes', async t => {
  const { time, codes } = bench()
  const code = await issue(codes)
  time.now += 5 * MINUTE - 1
  t.equal(await outcome(codes, other(code)), 'wrong')
  time.now += 1
  t.equal(await outcome(codes, code), 'wrong', 'a try in between does not prolong it')
})

t.test('f13: after five wrong tries the right code is refused', async t => {
  const { codes } = bench()
  const code = await issue(codes)
  for (let n = 1; n <= 5; n++) t.equal(await outcome(codes, other(code, n)), 'wrong')
  t.equal(await outcome(codes, code), 'wrong')
})

t.test('the fifth try may still be right', async t => {
  const { codes } = bench()
  const code = await issue(codes)
  for (let n = 1; n <= 4; n++) await outcome(codes, other(code, n))
  t.equal(await outcome(codes, code), 'right')
})

t.test('f13: a new code kills the one before it, and has its own five tries', async t => {
  const { time, codes } = bench()
  const first = await issue(codes)
  for (let n = 1; n <= 5; n++) await outcome(codes, other(first, n))
  time.now += 30_000
  const second = await issue(codes)
  t.equal(await outcome(codes, first), first === second ? 'right' : 'wrong')
  for (let n = 1; n <= 4; n++) await outcome(codes, other(second, n))
  t.equal(await outcome(codes, second), 'wrong')
})

t.test('a new code that is refused leaves the one before it as it is', async t => {
  const { codes } = bench()
  const code = await issue(codes)
  for (let n = 1; n <= 3; n++) await outcome(codes, other(code, n))
  t.match(await codes.issue(request), { outcome: 'too_many', retryAfter: 30 })
  await outcome(codes, other(code, 4))
  t.equal(await outcome(codes, code), 'right')
  t.equal(await outcome(codes, code), 'wrong', 'it had five tries in all')
})

t.test('f4: of 200 wrong tries at once five are looked at', async t => {
  const { codes, elsewhere } = bench()
  const code = await issue(codes)
  // The right one is among them, behind more wrong ones than there are tries.
  const tries = Array.from({ length: 200 }, (_, n) => (n === 100 ? code : other(code, n + 1)))
  const outcomes = await Promise.all(tries.map((typed, n) => outcome(n % 2 === 0 ? codes : elsewhere, typed)))
  t.same(new Set(outcomes), new Set(['wrong']))
  t.equal(await outcome(codes, code), 'wrong')
})

t.test('of 200 right tries at once exactly one succeeds', async t => {
  const { codes, elsewhere } = bench()
  const code = await issue(codes)
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, n) => outcome(n % 2 === 0 ? codes : elsewhere, code)),
  )
  t.equal(outcomes.filter(result => result === 'right').length, 1)
})

t.test(
  'f13: a code that is replaced between its comparison and its use is refused, and the new one is good',
  async t => {
    const { time, store, codes } = bench()
    const old = await issue(codes)
    time.now += 30_000
    let fresh = ''
    /** Sends a new code as soon as the try was counted. */
    const overtaken: Store = {
      ...store,
      compareAndSet: async (...change) => {
        const written = await store.compareAndSet(...change)
        if (fresh === '') fresh = await issue(codes)
        return written
      },
    }
    const slow = createOneTimeCodes({ store: overtaken, seal, now: () => time.now, random: randomBytes })
    t.equal(await outcome(slow, old), 'wrong')
    t.match(fresh, /^[0-9]{6}$/)
    t.equal(await outcome(codes, fresh), 'right')
  },
)

t.test('f14: for nobody the outcome and the records are the same, and nothing is ever right', async t => {
  const { time, store, codes } = bench()
  t.same(await codes.issue({ ...request, target: undefined }), { outcome: 'issued', code: undefined })
  t.match(await codes.issue({ ...request, target: undefined }), { outcome: 'too_many', retryAfter: 30 })
  for (const typed of ['', '000000', '-', 'undefined']) t.equal(await outcome(codes, typed), 'wrong')
  time.now += 5 * MINUTE
  t.equal(await store.sweep(10), 1, 'what looks like a code was kept')
})

t.test('f14: a thousand codes for one target are five, for one account ten', async t => {
  const { codes } = bench()
  const ask = async (n: number, more: object): Promise<boolean> =>
    /^\d+$/.test(await issue(codes, { binding: `login-${n}`, ...more }))
  const results = await Promise.all(Array.from({ length: 1000 }, (_, n) => ask(n, {})))
  t.equal(results.filter(Boolean).length, 1, 'at once it is one')
  const targets = await Promise.all(
    Array.from({ length: 100 }, (_, n) => ask(n, { target: `${n}@x`, account: 'bob' })),
  )
  t.equal(targets.filter(Boolean).length, 10)
})

t.test('the store cannot tell the code, nor can it be moved to another login', async t => {
  const { store, codes } = bench()
  const code = await issue(codes)
  const record = await store.get<{ sealedCode: string }>({ kind: 'one_time_code', id: 'email:login-1' })
  t.notMatch(JSON.stringify(record), code)
  await store.put({ kind: 'one_time_code', id: 'email:login-2' }, record?.value, {
    expiresAt: START + MINUTE,
  })
  t.equal(await outcome(codes, code, { binding: 'login-2' }), 'wrong')
})
