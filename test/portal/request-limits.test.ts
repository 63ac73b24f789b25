import t from 'tap'
import { makeApiToken, startAllWays } from '../attacks/all-ways-gateway.js'

const KNOWN = { username: 'alice', password: 'wrong' }
const UNKNOWN = { username: 'nobody', password: 'wrong' }

t.test('every door says how many requests are left, and 429 when none is', async t => {
  const { ask } = await startAllWays(t)
  const from = '198.51.100.1'
  const first = await ask('/auth/session', { from })
  t.same(first.header('ratelimit-limit'), ['300'])
  t.same(first.header('ratelimit-remaining'), ['299'])
  t.same(first.header('ratelimit-reset'), ['60'])
  t.same(first.header('retry-after'), [])
  for (let sent = 1; sent < 300; sent++) await ask('/auth/session', { from })
  const json = await ask('/auth/login', { from, json: KNOWN })
  t.equal(json.status, 429)
  t.match(json.json, { reason: 'too_many_tries', status: 429 })
  t.same(json.header('ratelimit-remaining'), ['0'])
  t.match(json.header('retry-after')[0], /^([1-9]|[1-5][0-9]|60)$/)
  const page = await ask('/auth/login', { from, form: KNOWN })
  t.equal(page.status, 429)
  t.match(page.header('content-type')[0], 'text/html')
  t.equal((await ask('/auth/login', { json: KNOWN })).status, 401, 'others are served')
  t.equal((await ask('/auth/health/live', { from })).status, 200, 'and so is who watches')
})

t.test('l14: an IPv6 /64 is one client, and an IPv4 address in either notation too', async t => {
  const { ask } = await startAllWays(t)
  const left = async (from: string): Promise<number> =>
    Number((await ask('/auth/session', { from })).header('ratelimit-remaining')[0])
  t.equal(await left('2001:db8:1:2::1'), 299)
  t.equal(await left('2001:db8:1:2:ffff::2'), 298)
  t.equal(await left('2001:db8:1:3::1'), 299, 'another /64')
  t.equal(await left('203.0.113.9'), 299)
  t.equal(await left('::ffff:203.0.113.9'), 298)
  t.equal(await left('::ffff:cb00:7109'), 297)
})

t.test('a backend is counted by its token, wherever it asks from', async t => {
  const { ask, gateway } = await startAllWays(t)
  const from = '198.51.100.1'
  const authorization = `Bearer ${await makeApiToken(gateway, 'office', 'authenticate')}`
  const other = `Bearer ${await makeApiToken(gateway, 'reader', 'reports')}`
  for (let sent = 0; sent < 300; sent++) await ask('/auth/session', { from })
  const json = { channel: 'email', to: 'alice' }
  const byBackend = await ask('/auth/otp/send', { from, authorization, json })
  t.equal(byBackend.status, 200)
  t.same(byBackend.header('ratelimit-limit'), ['6000'])
  t.same(byBackend.header('ratelimit-remaining'), ['5999'])
  for (const worthless of [other, 'Bearer gh_nothing']) {
    const refused = await ask('/auth/otp/send', { from, authorization: worthless, json })
    t.equal(refused.status, 429, 'no other token spares the count')
    t.same(refused.header('ratelimit-limit'), ['300'])
  }
})

t.test('i2: what is throttled says nothing of whether there is such an account', async t => {
  const { ask } = await startAllWays(t)
  const told = async (body: object) => {
    const answers: unknown[] = []
    for (let tried = 0; tried < 8; tried++) {
      const { status, text, header } = await ask('/auth/login', { json: body })
      const names = ['retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'set-cookie']
      answers.push([status, text, names.map(name => header(name))])
    }
    return answers
  }
  const known = await told(KNOWN)
  t.same(known, await told(UNKNOWN))
  t.match(known.at(-1), [429])
})
