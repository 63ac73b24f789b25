import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Message, Messenger } from '../../../src/factors/delivery/messenger.js'
import { createOutbox, type OutboxOptions } from '../../../src/factors/delivery/outbox.js'

const message = (to: string): Message => ({ to, subject: 'Code', text: 'code 314159', html: undefined })

/** An outbox whose messenger does nothing until it is told to. */
function bench(options: Partial<OutboxOptions> = {}) {
  const begun: { to: string; done: () => void; fail: (why: string) => void }[] = []
  const state = { closed: false }
  const faults: string[] = []
  const messenger: Messenger = {
    channel: 'email',
    send: ({ to }) =>
      new Promise((resolve, reject) => {
        begun.push({ to, done: resolve, fail: why => reject(new Error(why)) })
      }),
    close: async () => {
      state.closed = true
    },
  }
  const onFault: OutboxOptions['onFault'] = (error, channel) => faults.push(`${channel}: ${error.message}`)
  return { begun, state, faults, outbox: createOutbox({ messenger, onFault, ...options }) }
}

t.test('nothing is begun in the turn of the caller', async t => {
  const { begun, outbox } = bench()
  outbox.post(message('a'))
  await Promise.resolve()
  t.equal(begun.length, 0)
  await turn()
  t.equal(begun.length, 1)
})

t.test('few go at once, the others in the order in which they came', async t => {
  const { begun, outbox, faults } = bench({ atOnce: 2 })
  for (const to of ['a', 'b', 'c', 'd']) outbox.post(message(to))
  await turn()
  t.same(
    begun.map(({ to }) => to),
    ['a', 'b'],
  )
  begun[1]?.done()
  await turn()
  t.same(
    begun.map(({ to }) => to),
    ['a', 'b', 'c'],
  )
  begun[0]?.fail('broken')
  await turn()
  t.equal(begun.length, 4, 'a failure makes way for the next')
  t.same(faults, ['email: broken'])
})

t.test('a full outbox drops what comes, and tells it without the text', async t => {
  const { begun, outbox, faults } = bench({ capacity: 3, atOnce: 1 })
  for (let n = 0; n < 5; n++) outbox.post(message(`user${n}`))
  t.equal(faults.length, 2)
  t.match(faults[0], /^email: .*dropped/)
  t.notMatch(faults.join(), /314159/)
  for (let n = 0; n < 3; n++) {
    await turn()
    begun[n]?.done()
  }
  await turn()
  t.equal(begun.length, 3)
})

t.test('closing waits for all that was taken, takes nothing more, and closes the messenger', async t => {
  const { begun, state, outbox, faults } = bench({ atOnce: 1 })
  outbox.post(message('a'))
  outbox.post(message('b'))
  const closing = outbox.close()
  t.equal(outbox.close(), closing, 'a second call waits for the same')
  outbox.post(message('c'))
  t.match(faults, [/dropped/])
  await turn()
  begun[0]?.done()
  await turn()
  t.notOk(state.closed)
  begun[1]?.done()
  await closing
  t.ok(state.closed)
  t.equal(begun.length, 2)
  t.equal(faults.length, 1)
})

t.test('closing does not wait longer than its patience, and tells what was given up', async t => {
  const { begun, outbox, faults } = bench({ atOnce: 1, patience: 20 })
  for (const to of ['a', 'b', 'c']) outbox.post(message(to))
  await outbox.close()
  t.match(faults, [/given up: 3/])
  begun[0]?.done()
  await turn()
  t.equal(begun.length, 1, 'nothing is begun afterwards')
})

t.test('an empty outbox closes at once', async t => {
  const { state, outbox } = bench()
  await outbox.close()
  t.ok(state.closed)
})
