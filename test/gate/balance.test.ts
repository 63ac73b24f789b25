import t from 'tap'
import {
  createBalance,
  FAILURES_TO_EJECT,
  LONGEST_EJECTION,
  SHORTEST_EJECTION,
  type Balance,
  type Lease,
  type Standing,
} from '../../src/gate/balance.js'

const NONE: ReadonlySet<string> = new Set()

/** Addresses with a clock that is set, and what was told of them. */
function bench(...addresses: readonly string[]) {
  let time = 1_000_000
  const told: (readonly [string, Standing])[] = []
  const balance = createBalance({
    addresses,
    now: () => time,
    onChange: (address, standing) => told.push([address, standing]),
  })
  return {
    balance,
    told,
    pass: (milliseconds: number) => {
      time += milliseconds
    },
    /** Sends one request to this address, if it is chosen when all others have been tried. */
    send: (address: string, end: 'answered' | 'failed') => {
      const lease = taken(balance, new Set(addresses.filter(one => one !== address)))
      lease[end]()
      lease.release()
    },
  }
}

function taken(balance: Balance<string>, tried: ReadonlySet<string> = NONE): Lease<string> {
  const lease = balance.take(tried)
  if (lease === undefined) throw new Error('nothing was left')
  return lease
}

/** How often each address is chosen when every request ends at once. */
function shares(balance: Balance<string>, requests: number): Readonly<Record<string, number>> {
  const count: Record<string, number> = {}
  for (let sent = 0; sent < requests; sent += 1) {
    const lease = taken(balance)
    count[lease.address] = (count[lease.address] ?? 0) + 1
    lease.release()
  }
  return count
}

function fail(send: (address: string, end: 'failed') => void, address: string, times: number): void {
  for (let time = 0; time < times; time += 1) send(address, 'failed')
}

t.test('addresses that are equally busy take turns', async t => {
  const { balance } = bench('a', 'b', 'c')
  t.same(shares(balance, 300), { a: 100, b: 100, c: 100 })
})

t.test('the address with the fewest requests under way is next', async t => {
  const { balance } = bench('a', 'b', 'c')
  const slow = taken(balance)
  t.notOk(Object.hasOwn(shares(balance, 10), slow.address), 'the busy one waits')
  slow.release()
  slow.release()
  t.same(Object.keys(shares(balance, 3)).sort(), ['a', 'b', 'c'], 'an end counts once')
})

t.test('an address that has been tried is not taken again', async t => {
  const { balance } = bench('a', 'b')
  t.equal(balance.take(new Set(['a']))?.address, 'b')
  t.equal(balance.take(new Set(['a', 'b'])), undefined)
})

t.test('failures in a row eject an address, and one answer between them does not', async t => {
  const { balance, send, told } = bench('a', 'b')
  fail(send, 'a', FAILURES_TO_EJECT - 1)
  send('a', 'answered')
  fail(send, 'a', FAILURES_TO_EJECT - 1)
  t.same(balance.standings(), ['up', 'up'])
  send('a', 'failed')
  t.same(balance.standings(), ['ejected', 'up'])
  t.same(shares(balance, 10), { b: 10 })
  t.same(told, [['a', 'ejected']])
})

t.test('an ejected address is tried by one request, and each failure doubles its time', async t => {
  const { balance, send, pass, told } = bench('a', 'b')
  fail(send, 'a', FAILURES_TO_EJECT)
  for (let wait = SHORTEST_EJECTION; wait < LONGEST_EJECTION; wait *= 2) {
    pass(wait - 1)
    t.same(balance.standings()[0], 'ejected', `${wait} are not over`)
    pass(1)
    t.same(balance.standings()[0], 'up')
    const first = taken(balance, new Set(['b']))
    const busy = [taken(balance), taken(balance), taken(balance)]
    t.same(
      busy.map(({ address }) => address),
      ['b', 'b', 'b'],
      'a second request does not go there',
    )
    first.failed()
    first.release()
    for (const one of busy) one.release()
    t.same(balance.standings()[0], 'ejected')
  }
  pass(LONGEST_EJECTION - 1)
  t.same(balance.standings()[0], 'ejected')
  pass(1)
  send('a', 'answered')
  t.same(told.at(-1), ['a', 'up'])
  t.same(Object.keys(shares(balance, 4)).sort(), ['a', 'b'])
  fail(send, 'a', FAILURES_TO_EJECT)
  pass(SHORTEST_EJECTION)
  t.same(balance.standings()[0], 'up', 'the next time is short again')
})

t.test('a trial that its client gave up does not keep the address out', async t => {
  const { balance, send, pass } = bench('a', 'b')
  fail(send, 'a', FAILURES_TO_EJECT)
  pass(SHORTEST_EJECTION)
  taken(balance, new Set(['b'])).release()
  const next = taken(balance, new Set(['b']))
  next.answered()
  next.release()
  t.same(Object.keys(shares(balance, 4)).sort(), ['a', 'b'])
})

t.test('at most half of the addresses are ejected', async t => {
  const { balance, send } = bench('a', 'b', 'c')
  for (const address of ['a', 'b', 'c']) fail(send, address, 3 * FAILURES_TO_EJECT)
  t.same(balance.standings(), ['ejected', 'up', 'up'])
  const two = bench('a', 'b')
  for (const address of ['a', 'b']) fail(two.send, address, 3 * FAILURES_TO_EJECT)
  t.same(two.balance.standings(), ['ejected', 'up'])
})

t.test('an only address is never ejected', async t => {
  const { balance, send } = bench('a')
  fail(send, 'a', 100)
  t.same(balance.standings(), ['up'])
  t.equal(taken(balance).address, 'a')
})

t.test('a clock that is set back does not lengthen an ejection', async t => {
  const { balance, send, pass } = bench('a', 'b')
  fail(send, 'a', FAILURES_TO_EJECT)
  pass(-3_600_000)
  t.same(balance.standings(), ['up', 'up'])
})

t.test('checks take addresses out, all of them too, and then every one is tried all the same', async t => {
  const { balance, told } = bench('a', 'b')
  balance.checked('a', true)
  t.same(told, [], 'nothing new')
  balance.checked('a', false)
  balance.checked('a', false)
  t.same(shares(balance, 4), { b: 4 })
  balance.checked('b', false)
  t.same(balance.standings(), ['failing', 'failing'])
  t.same(Object.keys(shares(balance, 4)).sort(), ['a', 'b'])
  balance.checked('a', true)
  t.same(shares(balance, 4), { a: 4 })
  t.same(told, [
    ['a', 'failing'],
    ['b', 'failing'],
    ['a', 'up'],
  ])
})

t.test('an ejected address whose checks begin to pass is up at once', async t => {
  const { balance, send } = bench('a', 'b')
  fail(send, 'a', FAILURES_TO_EJECT)
  balance.checked('a', false)
  balance.checked('a', true)
  t.same(balance.standings(), ['up', 'up'])
})
