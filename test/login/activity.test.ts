import fc from 'fast-check'
import t from 'tap'
import type { AuditEventName } from '../../src/audit/audit-event.js'
import { type Activity, createActivity } from '../../src/login/activity.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import type { Store } from '../../src/store/store.js'

const NOW = Date.UTC(2026, 10, 22, 12)
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

interface Bench {
  readonly time: { now: number }
  readonly store: Store
  readonly activity: Activity
  readonly faults: Error[]
}

function bench(): Bench {
  const time = { now: NOW }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const faults: Error[] = []
  const activity = createActivity({ store, now, onFault: error => faults.push(error) })
  return { time, store, activity, faults }
}

const at = (address: string, browser = 'a browser') => ({ address, browser })
const HERE = at('192.0.2.1')

async function events(activity: Activity): Promise<readonly AuditEventName[]> {
  return (await activity.list('alice')).map(({ event }) => event)
}

const countOf = (list: readonly AuditEventName[], ...wanted: AuditEventName[]): number =>
  list.filter(event => wanted.includes(event)).length

t.test('what happened is listed, the newest first', async t => {
  const { activity, time } = bench()
  t.strictSame(await activity.list('alice'), [])
  await activity.note('alice', { event: 'session.started', ...HERE })
  time.now += MINUTE
  await activity.note('alice', {
    event: 'factor.reset',
    address: undefined,
    browser: undefined,
    detail: 'operator',
  })
  t.strictSame(await activity.list('alice'), [
    {
      event: 'factor.reset',
      address: undefined,
      browser: undefined,
      detail: 'operator',
      at: NOW + MINUTE,
      count: 1,
    },
    { event: 'session.started', ...HERE, detail: undefined, at: NOW, count: 1 },
  ])
  t.strictSame(await activity.list('bob'), [])
})

t.test('what is not for the owner of the account is passed over', async t => {
  const { activity, store } = bench()
  for (const event of [
    'session.replaced',
    'policy.loaded',
    'login.password_accepted',
    'token.refreshed',
  ] as const)
    await activity.note('alice', { event, ...HERE })
  t.same(await store.listByOwner('activity', 'alice'), [])
})

t.test('the same within a minute is one entry with a count', async t => {
  const { activity, time } = bench()
  const wrong = { event: 'login.password_refused', ...HERE } as const
  for (let n = 0; n < 3; n++) {
    await activity.note('alice', wrong)
    time.now += MINUTE - 1
  }
  t.match(await activity.list('alice'), [{ count: 3, at: NOW + 2 * (MINUTE - 1) }])
  time.now += 1
  await activity.note('alice', wrong)
  t.match(await activity.list('alice'), [{ count: 1 }, { count: 3 }], 'a minute later it is another one')
  for (const other of [{ address: '192.0.2.2' }, { browser: 'another' }, { detail: 'totp' }])
    await activity.note('alice', { ...wrong, ...other })
  t.equal((await activity.list('alice')).length, 5, 'so it is with another address, browser or detail')
  await activity.note('alice', wrong)
  t.match(await activity.list('alice'), [{ ...wrong, count: 2 }], 'also when others came between')
})

t.test('what happens at once is all counted', async t => {
  const { activity } = bench()
  await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      activity.note('alice', { event: 'login.password_refused', ...at(`192.0.2.${n % 2}`) }),
    ),
  )
  t.same(
    (await activity.list('alice')).map(({ count }) => count),
    [20, 20],
  )
})

t.test('strangers do not push out what they did not cause', async t => {
  const { activity, time } = bench()
  for (let n = 0; n < 5; n++) {
    for (const event of ['session.started', 'login.second_factor_accepted', 'factor.renamed'] as const)
      await activity.note('alice', { event, ...HERE })
    time.now += DAY
  }
  const before = await activity.list('alice')
  t.equal(before.length, 15)
  for (let n = 0; n < 300; n++)
    for (const event of ['login.password_refused', 'login.throttled', 'factor.code_sent'] as const)
      await activity.note('alice', { event, ...at(`2001:db8::${n.toString(16)}`, `browser ${n}`) })
  const after = await activity.list('alice')
  t.equal(after.length, 20)
  const list = after.map(({ event }) => event)
  t.equal(countOf(list, 'factor.renamed'), 5)
  t.equal(countOf(list, 'login.second_factor_accepted'), 5)
  t.equal(countOf(list, 'session.started'), 5)
  t.equal(countOf(list, 'login.password_refused', 'login.throttled', 'factor.code_sent'), 5)
})

t.test('whoever has the password does not push out logins with a second factor, or changes', async t => {
  const { activity, time } = bench()
  for (let n = 0; n < 5; n++) {
    await activity.note('alice', { event: 'login.second_factor_accepted', ...HERE })
    await activity.note('alice', { event: 'factor.renamed', ...HERE })
    time.now += DAY
  }
  for (let n = 0; n < 300; n++)
    for (const event of ['session.started', 'login.second_factor_refused'] as const)
      await activity.note('alice', { event, ...at(`2001:db8::${n.toString(16)}`) })
  const list = await events(activity)
  t.equal(list.length, 20)
  t.equal(countOf(list, 'login.second_factor_accepted'), 5)
  t.equal(countOf(list, 'factor.renamed'), 5)
  t.equal(countOf(list, 'session.started'), 5)
})

t.test('the last five logins with a second factor stay, whatever changes come', async t => {
  const { activity, time } = bench()
  for (let n = 0; n < 6; n++) {
    await activity.note('alice', { event: 'login.second_factor_accepted', ...at(`192.0.2.${n}`) })
    time.now += DAY
  }
  for (let n = 0; n < 50; n++)
    await activity.note('alice', { event: 'factor.renamed', ...HERE, detail: `${n}` })
  const logins = (await activity.list('alice')).filter(
    ({ event }) => event === 'login.second_factor_accepted',
  )
  t.same(
    logins.map(({ address }) => address),
    ['192.0.2.5', '192.0.2.4', '192.0.2.3', '192.0.2.2', '192.0.2.1'],
  )
})

t.test('in any order of events the list keeps its bounds and what it promises', async () => {
  const names = [
    'login.password_refused',
    'session.started',
    'login.second_factor_accepted',
    'factor.renamed',
  ] as const
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...names), { maxLength: 60 }), async happened => {
      const { activity, time } = bench()
      for (const event of happened) {
        time.now += MINUTE
        await activity.note('alice', { event, ...HERE })
      }
      const list = await activity.list('alice')
      const shown = list.map(({ event }) => event)
      const times = list.map(entry => entry.at)
      const inOrder = times.every((time, n) => n === 0 || time < (times[n - 1] ?? 0))
      const promised = names.slice(0, 3).every(name => {
        const all = happened.filter(event => event === name).length
        return countOf(shown, name) >= Math.min(all, name === 'login.second_factor_accepted' ? 5 : 1)
      })
      return list.length === Math.min(20, happened.length) && inOrder && promised
    }),
    { numRuns: 100 },
  )
})

t.test('entries go after 90 days, and so does the record', async t => {
  const { activity, time, store } = bench()
  await activity.note('alice', { event: 'session.started', ...HERE })
  time.now += 89 * DAY
  await activity.note('alice', { event: 'factor.renamed', ...HERE })
  t.equal((await activity.list('alice')).length, 2)
  time.now += DAY
  t.same(await events(activity), ['factor.renamed'])
  time.now += 89 * DAY
  t.same(await events(activity), [])
  t.same(await store.listByOwner('activity', 'alice'), [])
})

t.test('long texts are cut', async t => {
  const { activity } = bench()
  const long = 'x'.repeat(10_000)
  await activity.note('alice', { event: 'session.started', address: long, browser: long, detail: long })
  const [entry] = await activity.list('alice')
  for (const text of [entry?.address, entry?.browser, entry?.detail]) t.equal(text?.length, 256)
})

t.test('a broken store is told, and nobody waits for it in vain', async t => {
  const { activity, store, faults } = bench()
  await store.close()
  await activity.note('alice', { event: 'session.started', ...HERE })
  t.match(faults, [{ name: 'StoreUnavailable' }])
  await t.rejects(activity.list('alice'), { name: 'StoreUnavailable' })
})
