import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createCodeFactor } from '../../src/factors/code-factor.js'
import type { Message } from '../../src/factors/delivery/messenger.js'
import type { FactorUser } from '../../src/factors/factor.js'
import { maskTarget } from '../../src/factors/mask-target.js'
import { createOneTimeCodes } from '../../src/factors/one-time-code.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'

const seal = createSeal(['a secret of the tests, long enough for a key'])
const alice: FactorUser = {
  subject: 'alice',
  displayName: 'Alice',
  email: 'alice@example.com',
  phone: '+491701234567',
}
const attempt = { user: alice, binding: 'login-1' }

function bench(channel: 'email' | 'sms') {
  const now = (): number => Date.UTC(2026, 10, 22)
  const store = createMemoryStore({ now })
  const codes = createOneTimeCodes({ store, seal, now, random: randomBytes })
  const sent: Message[] = []
  const factor = createCodeFactor({ channel, codes, send: one => sent.push(one), site: 'wiki.example.com' })
  return { factor, sent, codeOf: (n = 0) => /[0-9]{6}/.exec(sent[n]?.text ?? '')?.[0] ?? '' }
}

for (const channel of ['email', 'sms'] as const) {
  const target = channel === 'email' ? 'alice@example.com' : '+491701234567'

  t.test(`${channel}: a code is sent to the user's own address, and is good once`, async t => {
    const { factor, sent, codeOf } = bench(channel)
    t.equal(factor.method, channel)
    t.ok(await factor.isReady(alice))
    const masked = channel === 'email' ? 'a…@example.com' : '…4567'
    t.same(await factor.prepare(attempt), { prompt: 'sent', target: masked })
    t.match(sent, [{ to: target, subject: 'Your code for wiki.example.com' }])
    t.equal(sent[0]?.html === undefined, channel === 'sms')
    t.match(await factor.verify(attempt, codeOf()), { outcome: 'right' })
    t.match(await factor.verify(attempt, codeOf()), { outcome: 'used' })
  })

  t.test(
    `${channel}: f13: a code is nothing for another login, nor for another user of the same login`,
    async t => {
      const { factor, codeOf } = bench(channel)
      await factor.prepare(attempt)
      const bob = { ...alice, subject: 'bob' }
      t.match(await factor.verify({ ...attempt, binding: 'login-2' }, codeOf()), { outcome: 'wrong' })
      t.match(await factor.verify({ ...attempt, user: bob }, codeOf()), { outcome: 'wrong' })
      t.match(await factor.verify(attempt, codeOf()), { outcome: 'right' })
    },
  )

  t.test(`${channel}: asking again too soon sends nothing`, async t => {
    const { factor, sent, codeOf } = bench(channel)
    await factor.prepare(attempt)
    t.same(await factor.prepare(attempt), { prompt: 'too_many', retryAfter: 30 })
    t.equal(sent.length, 1)
    t.match(await factor.verify(attempt, codeOf()), { outcome: 'right' })
  })

  t.test(`${channel}: f14: without an address nothing is sent, and the answer is the same`, async t => {
    const { factor, sent } = bench(channel)
    const nobody = { user: { ...alice, email: undefined, phone: undefined }, binding: 'login-1' }
    t.notOk(await factor.isReady(nobody.user))
    t.same(await factor.prepare(nobody), { prompt: 'sent', target: '…' })
    t.same(await factor.prepare(nobody), { prompt: 'too_many', retryAfter: 30 })
    t.same(sent, [])
    t.match(await factor.verify(nobody, '000000'), { outcome: 'wrong' })
  })

  t.test(`${channel}: f2: what is typed has one form for checking and consuming`, async t => {
    const { factor, codeOf } = bench(channel)
    for (const typed of ['123456', '123456 ', ' 123456', '123 456', '123-456', '1 2 3 4 5 6'])
      t.equal(factor.normalise(typed), '123456', JSON.stringify(typed))
    for (const typed of [
      '',
      '12345',
      '1234567',
      '0123456',
      '+123456',
      '12345a',
      '1e5000',
      '١٢٣٤٥٦',
      '\uff11\uff12\uff13\uff14\uff15\uff16',
      '123\u00a0456',
      '123456\n',
      '123456\0',
      ' '.repeat(1_000_000),
    ])
      t.equal(factor.normalise(typed), undefined, JSON.stringify(typed.slice(0, 20)))
    await factor.prepare(attempt)
    const code = codeOf()
    const forms = [code, ` ${code}`, `${code.slice(0, 3)} ${code.slice(3)}`, `${code}-`]
    const outcomes = []
    for (const form of forms)
      outcomes.push((await factor.verify(attempt, factor.normalise(form) ?? '')).outcome)
    t.same(outcomes, ['right', 'used', 'used', 'used'])
    t.equal(await factor.remove('alice'), false)
  })
}

t.test('a target is told so that only its owner knows it again', async t => {
  t.equal(maskTarget('email', 'alice@example.com'), 'a…@example.com')
  t.equal(maskTarget('email', 'a@example.com'), 'a…@example.com')
  t.equal(maskTarget('email', '😀x@example.com'), '😀…@example.com')
  t.equal(maskTarget('email', '"a@b"@example.com'), '"…@example.com')
  t.equal(maskTarget('sms', '+491701234567'), '…4567')
  t.equal(maskTarget('sms', undefined), '…')
})
