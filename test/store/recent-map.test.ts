import fc from 'fast-check'
import t from 'tap'
import { createRecentMap, type RecentMap } from '../../src/store/recent-map.js'

interface Thing {
  readonly number: number
}

const LEAST = 4
const LIFE = 1_000

function make() {
  const time = { now: 10_000 }
  const map: RecentMap<Thing> = createRecentMap({ least: LEAST, life: LIFE, now: () => time.now })
  return { time, map, keys: () => [...map.entries()].map(([key]) => key).sort() }
}

t.test('what was asked for within its life is there, and what nobody asked for in two is not', async t => {
  const { time, map } = make()
  map.set('kept', { number: 1 })
  map.set('left', { number: 2 })
  for (let turn = 0; turn < 5; turn += 1) {
    time.now += LIFE - 1
    t.same(map.get('kept'), { number: 1 })
  }
  t.equal(map.get('left'), undefined)
  time.now += 2 * LIFE
  t.equal(map.get('kept'), undefined)
})

t.test('the last ones stay, however many come, and at most twice as many', async t => {
  const { map, keys } = make()
  for (let number = 0; number < 50; number += 1) {
    map.set(`k${number}`, { number })
    for (let back = 0; back < Math.min(LEAST, number + 1); back += 1)
      t.same(map.get(`k${number - back}`), { number: number - back })
    t.ok(keys().length <= 2 * LEAST)
  }
})

t.test('a clock that is set back keeps nothing for long', async t => {
  const { time, map } = make()
  map.set('a', { number: 1 })
  time.now -= 1_000_000
  map.set('b', { number: 2 })
  time.now += 2 * LIFE
  t.equal(map.get('a'), undefined)
})

t.test('whatever happens, nothing stale is given, and nothing is lost too early', async t => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l')
  const step = fc.oneof(
    fc.record({ kind: fc.constant('get' as const), key }),
    fc.record({ kind: fc.constant('set' as const), key }),
    fc.record({ kind: fc.constant('delete' as const), key }),
    fc.record({ kind: fc.constant('wait' as const), time: fc.nat(LIFE) }),
    fc.record({ kind: fc.constant('clear' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const { time, map, keys } = make()
      // Every key that is set, with when it was asked for; the last one comes last.
      const model = new Map<string, { readonly value: Thing; readonly asked: number }>()
      const ask = (name: string, value: Thing): void => {
        model.delete(name)
        model.set(name, { value, asked: time.now })
      }
      for (const [number, one] of steps.entries()) {
        if (one.kind === 'wait') time.now += one.time
        else if (one.kind === 'clear') {
          map.clear()
          model.clear()
        } else if (one.kind === 'delete') {
          map.delete(one.key)
          model.delete(one.key)
        } else if (one.kind === 'set') {
          map.set(one.key, { number })
          ask(one.key, { number })
        } else {
          const found = map.get(one.key)
          const expected = model.get(one.key)
          const isRecent = [...model.keys()].slice(-LEAST).includes(one.key)
          if (found === undefined) {
            if (expected !== undefined && isRecent && time.now - expected.asked < LIFE)
              throw new Error(`${one.key} is lost`)
            model.delete(one.key)
          } else {
            if (found.number !== expected?.value.number) throw new Error(`${one.key} is stale`)
            ask(one.key, found)
          }
        }
        if (keys().length > 2 * LEAST) throw new Error('there are too many')
      }
    }),
    { numRuns: 2_000 },
  )
  t.pass('2,000 histories')
})
