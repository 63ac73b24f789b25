import t from 'tap'
import { createHashQueue } from '../../src/users/hash-queue.js'

/** Work that ends when the test says so. */
function createWork() {
  let begun = 0
  const ends: (() => void)[] = []
  return {
    begun: () => begun,
    endOne: () => ends.shift()?.(),
    work: () =>
      new Promise<number>(resolve => {
        const place = ++begun
        ends.push(() => {
          resolve(place)
        })
      }),
  }
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

void t.test('never more at once than it was told, in the order they came', async t => {
  const queue = createHashQueue({ concurrency: 2, capacity: 10 })
  const { work, begun, endOne } = createWork()
  const results = Array.from({ length: 6 }, () => queue.run(work))
  for (let ended = 0; ended < 6; ended += 1) {
    await settled()
    t.equal(begun(), Math.min(6, ended + 2))
    endOne()
  }
  t.same(
    await Promise.all(results),
    [1, 2, 3, 4, 5, 6].map(value => ({ outcome: 'done', value })),
  )
})

void t.test('l3: who finds the queue full is told at once, and the others go on', async t => {
  const queue = createHashQueue({ concurrency: 1, capacity: 2 })
  const { work, begun, endOne } = createWork()
  const accepted = [1, 2, 3].map(() => queue.run(work))
  const refused = await queue.run(work)
  t.match(refused, { outcome: 'busy', retryAfter: Number })
  t.equal(begun(), 1)
  for (let n = 0; n < 3; n += 1) {
    endOne()
    await settled()
  }
  t.same(
    (await Promise.all(accepted)).map(({ outcome }) => outcome),
    ['done', 'done', 'done'],
  )
  const later = queue.run(work)
  endOne()
  t.match(await later, { outcome: 'done' })
})

void t.test('work that fails fails for its caller only and gives its place back', async t => {
  const queue = createHashQueue({ concurrency: 1, capacity: 5 })
  const fail = (): Promise<never> => Promise.reject(new Error('no'))
  const failing = [queue.run(fail), queue.run(fail)]
  const fine = queue.run(() => Promise.resolve('fine'))
  for (const one of failing) await t.rejects(one, /no/)
  t.same(await fine, { outcome: 'done', value: 'fine' })
})

void t.test('a place is held from the moment it is taken, and given back once', async t => {
  const queue = createHashQueue({ concurrency: 1, capacity: 1 })
  const enter = () => {
    const place = queue.enter()
    if (place.outcome === 'busy') throw new Error('it is full')
    return place
  }
  const first = enter()
  const second = enter()
  t.match(queue.enter(), { outcome: 'busy' }, 'nothing runs yet')
  first.leave()
  first.leave()
  const third = enter()
  t.match(queue.enter(), { outcome: 'busy' })
  t.equal(await second.run(() => Promise.resolve(2)), 2)
  second.leave()
  t.equal(await third.run(() => Promise.resolve(3)), 3)
  await t.rejects(
    enter().run(() => Promise.reject(new Error('no'))),
    /no/,
  )
  enter()
  enter()
  t.match(queue.enter(), { outcome: 'busy' })
})

void t.test('without options it works on at least one', async t => {
  t.same(await createHashQueue().run(() => Promise.resolve(1)), { outcome: 'done', value: 1 })
})
