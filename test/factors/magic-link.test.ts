import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createMagicLinks, LINK_LIFETIME } from '../../src/factors/magic-link.js'
import { createMemoryStore } from '../../src/store/memory-store.js'

const START = Date.UTC(2026, 10, 22)
const login = { binding: 'login-1', subject: 'alice' }

function bench() {
  const time = { now: START }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const options = { store, now, random: randomBytes }
  return { time, store, links: createMagicLinks(options), elsewhere: createMagicLinks(options) }
}

t.test('f15: looking does not use a link up, confirming does, once', async t => {
  const { links } = bench()
  const token = await links.create(login)
  t.match(token, /^[\w-]{43}$/, '256 bits')
  for (let n = 0; n < 10; n++) t.same(await links.peek(token), login)
  t.same(await links.spend(token), login)
  t.equal(await links.spend(token), undefined)
  t.equal(await links.peek(token), undefined)
})

t.test('f15: of 50 confirmations at once exactly one succeeds', async t => {
  const { links, elsewhere } = bench()
  const token = await links.create(login)
  const spent = await Promise.all(
    Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? links : elsewhere).spend(token)),
  )
  t.equal(spent.filter(one => one !== undefined).length, 1)
})

t.test('a link is dead after ten minutes', async t => {
  const { time, links } = bench()
  t.equal(LINK_LIFETIME, 10 * 60_000)
  const token = await links.create(login)
  time.now += LINK_LIFETIME - 1
  t.same(await links.peek(token), login)
  time.now += 1
  t.equal(await links.peek(token), undefined)
  t.equal(await links.spend(token), undefined)
})

t.test('a new link of the same login kills the old one, and that of another login does not', async t => {
  const { links } = bench()
  const old = await links.create(login)
  const others = await links.create({ ...login, binding: 'login-2' })
  const fresh = await links.create(login)
  t.equal(await links.peek(old), undefined)
  t.equal(await links.spend(old), undefined)
  t.same(await links.spend(fresh), login)
  t.same(await links.spend(others), { ...login, binding: 'login-2' })
})

t.test('of links that are made at once for one login one is good', async t => {
  const { links, elsewhere } = bench()
  const tokens = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? links : elsewhere).create(login)),
  )
  const good = await Promise.all(tokens.map(token => links.spend(token)))
  t.equal(good.filter(one => one !== undefined).length, 1)
})

t.test('other texts are no links, and the store does not hold what opens one', async t => {
  const { links, store } = bench()
  const token = await links.create(login)
  for (const text of [
    '',
    'a',
    token.slice(1),
    `${token}A`,
    `${token}\n`,
    ` ${token}`,
    'x'.repeat(1_000_000),
  ]) {
    t.equal(await links.peek(text), undefined)
    t.equal(await links.spend(text), undefined)
  }
  t.equal(await store.get({ kind: 'first_factor', id: `link:${token}` }), undefined)
  t.same(await links.spend(token), login)
})
