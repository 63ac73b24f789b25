import { createHmac, randomBytes } from 'node:crypto'
import t from 'tap'
import type { FactorAttempt } from '../../src/factors/factor.js'
import { encodeTotpSecret, type TotpParameters, USUAL_TOTP } from '../../src/factors/totp-code.js'
import { createTotp, type Totp } from '../../src/factors/totp.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'
import { hashSecret } from '../../src/store/secret-hash.js'
import type { RecordKind, Store } from '../../src/store/store.js'
import { noAuthenticator, totpCode } from '../harness/authenticator.js'

const NOW = Date.UTC(2026, 10, 22, 12, 0, 15)
const STEP = 30_000
const NOW_STEP = Math.floor(NOW / STEP)
const OLD_STEP = NOW_STEP - 10
const seal = createSeal(['a secret of the tests, long enough for a key'])
const SECRET = encodeTotpSecret(Buffer.from('12345678901234567890'))
const skip = noAuthenticator

interface Bench {
  readonly time: { now: number }
  readonly store: Store
  readonly totp: Totp
  /** A second process on the same store, perhaps with other settings. */
  readonly elsewhere: (parameters?: TotpParameters) => Totp
}

/** Alice has one authenticator. */
async function bench(): Promise<Bench> {
  const time = { now: NOW }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const elsewhere = (parameters = USUAL_TOTP): Totp => createTotp({ store, seal, now, parameters })
  const totp = elsewhere()
  await totp.enrolFirst('alice', { name: 'Phone', secret: SECRET, usedStep: OLD_STEP })
  return { time, store, totp, elsewhere }
}

const attemptOf = (subject: string): FactorAttempt => ({
  user: { subject, displayName: subject, email: undefined, phone: undefined },
  binding: 'a login',
})

async function tries(totp: Totp, code: string, subject = 'alice'): Promise<string> {
  return (await totp.verify(attemptOf(subject), code)).outcome
}

const newSecret = (): string => encodeTotpSecret(randomBytes(20))
const newOne = (name = 'Tablet') => ({ name, secret: newSecret(), usedStep: OLD_STEP })
const names = async (totp: Totp, subject = 'alice'): Promise<readonly string[]> =>
  (await totp.list(subject)).map(({ name }) => name)
const idOf = async (totp: Totp, wanted: string, subject = 'alice'): Promise<string> =>
  (await totp.list(subject)).find(({ name }) => name === wanted)?.id ?? 'none'

t.test('with codes of oathtool', { skip }, async t => {
  const code = (steps: number): string => totpCode(SECRET, NOW + steps * STEP)

  t.test('f3: this step and the one before are good, others are not', async t => {
    for (const [steps, outcome] of [
      [-2, 'wrong'],
      [-1, 'right'],
      [0, 'right'],
      [1, 'wrong'],
    ] as const)
      t.equal(await tries((await bench()).totp, code(steps)), outcome, String(steps))
  })

  t.test('f3: steps only go forward', async t => {
    const { totp } = await bench()
    t.equal(await tries(totp, code(-1)), 'right')
    t.equal(await tries(totp, code(0)), 'right')
    t.equal(await tries(totp, code(-1)), 'used')
    const other = await bench()
    t.equal(await tries(other.totp, code(0)), 'right')
    t.equal(await tries(other.totp, code(-1)), 'used', 'also when it was never used itself')
  })

  t.test('f1: a code is good once, everywhere', async t => {
    const { totp, elsewhere, time } = await bench()
    const other = elsewhere()
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => tries(i % 2 === 0 ? totp : other, code(0))),
    )
    t.equal(outcomes.filter(outcome => outcome === 'right').length, 1)
    t.equal(outcomes.filter(outcome => outcome === 'used').length, 49)
    time.now += STEP
    t.equal(await tries(other, code(0)), 'used', 'nor a step later')
    time.now -= 10 * STEP
    t.equal(await tries(other, code(0)), 'wrong', 'nor after the clock was set back')
  })

  t.test('f2, j10: a code that is written in another way is no second code', async t => {
    const { totp } = await bench()
    const typed = [code(0), ` ${code(0)}`, `${code(0).slice(0, 3)} ${code(0).slice(3)}`]
    const outcomes = []
    for (const text of typed) outcomes.push(await tries(totp, totp.normalise(text) ?? 'malformed'))
    t.same(outcomes, ['right', 'used', 'used'])
  })

  t.test('j8: a code is nothing for another user, or for one without a factor', async t => {
    const { totp } = await bench()
    t.equal(await tries(totp, code(0), 'bob'), 'wrong')
    t.notOk(await totp.enrolled('bob'))
    t.notOk(await totp.isReady(attemptOf('bob').user))
    t.same(await totp.list('bob'), [])
  })

  t.test('a removed authenticator is dead, also for a check under way', async t => {
    const { totp } = await bench()
    const checking = tries(totp, code(0))
    t.ok(await totp.remove('alice'))
    await checking
    t.notOk(await totp.enrolled('alice'), 'a late write does not bring it back')
    t.equal(await tries(totp, code(0)), 'wrong')
    t.notOk(await totp.remove('alice'))
  })

  t.test('a code of a removed authenticator is not taken for the one that lies in its place now', async t => {
    const { totp, store } = await bench()
    let meanwhile = async (): Promise<void> => {
      meanwhile = () => Promise.resolve()
      await totp.removeOne('alice', await idOf(totp, 'Phone'))
      await totp.add('alice', newOne('New'))
    }
    const slow: Store = {
      ...store,
      listByOwner: async <T>(kind: RecordKind, owner: string) => {
        const records = await store.listByOwner<T>(kind, owner)
        await meanwhile()
        return records
      },
    }
    const checking = createTotp({ store: slow, seal, now: () => NOW, parameters: USUAL_TOTP })
    t.equal(await tries(checking, code(0)), 'used')
    t.match(await totp.list('alice'), [{ name: 'New', lastUsedAt: undefined }])
    t.equal((await store.listByOwner('totp', 'alice')).length, 1, 'they lay in the same place')
  })

  t.test('a user sees when an authenticator was last used', async t => {
    const { totp } = await bench()
    t.match(await totp.list('alice'), [{ name: 'Phone', createdAt: NOW, lastUsedAt: undefined }])
    await tries(totp, code(0))
    t.match(await totp.list('alice'), [{ lastUsedAt: NOW }])
  })

  t.test('each of several authenticators has its own codes, and its own steps', async t => {
    const { totp } = await bench()
    const tablet = newOne()
    t.ok(await totp.add('alice', tablet))
    const phones = code(0)
    const tablets = totpCode(tablet.secret, NOW)
    t.same([await tries(totp, phones), await tries(totp, tablets)], ['right', 'right'])
    t.same([await tries(totp, phones), await tries(totp, tablets)], ['used', 'used'])
    t.ok(await totp.removeOne('alice', await idOf(totp, 'Phone')))
    t.equal(await tries(totp, code(0)), 'wrong')
  })

  t.test('authenticators keep the parameters that they were made with', async t => {
    const { totp, elsewhere, store } = await bench()
    const strong = { algorithm: 'sha512', digits: 8, period: 60 } as const
    const changed = elsewhere(strong)
    const secret = encodeTotpSecret(randomBytes(64))
    t.ok(await changed.add('alice', { name: 'Strong', secret, usedStep: 0 }))
    t.equal(await tries(changed, code(0)), 'right', 'the old one, under the new setting')
    t.equal(await tries(totp, totpCode(secret, NOW, strong)), 'right', 'the new one, under the old setting')
    t.equal(await tries(totp, totpCode(secret, NOW)), 'wrong')

    const [record] = await store.listByOwner<Record<string, unknown>>('totp', 'alice')
    if (record === undefined) throw new Error('no record')
    const value = { ...record.value, lastStep: OLD_STEP, parameters: undefined }
    await store.put(record.key, value, { expiresAt: undefined, owner: 'alice' })
    t.equal(
      await tries(changed, code(0)),
      'right',
      'a record of before there were parameters has the usual ones',
    )
  })
})

/** The six digits of RFC 4226, 5.3, written down again. */
function usualCode(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const hash = createHmac('sha1', secret).update(counter).digest()
  const number = hash.readUInt32BE((hash.at(-1) ?? 0) & 0xf) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}

/** Two secrets that show the same code in one step: among a few thousand there always are. */
function twins(step: number): { readonly code: string; readonly secrets: readonly [string, string] } {
  const seen = new Map<string, Buffer>()
  for (;;) {
    const secret = randomBytes(20)
    const code = usualCode(secret, step)
    const other = seen.get(code)
    if (other !== undefined) return { code, secrets: [encodeTotpSecret(other), encodeTotpSecret(secret)] }
    seen.set(code, secret)
  }
}

t.test('f1: a code that two authenticators show is still good once', async t => {
  const { totp, elsewhere, time } = await bench()
  const { code, secrets } = twins(NOW_STEP)
  for (const secret of secrets) await totp.add('alice', { name: 'Twin', secret, usedStep: OLD_STEP })
  const other = elsewhere()
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, i) => tries(i % 2 === 0 ? totp : other, code)),
  )
  t.equal(outcomes.filter(outcome => outcome === 'right').length, 1)
  t.equal(await tries(totp, code), 'used')
  time.now += STEP
  t.equal(await tries(totp, code), 'used')
})

t.test('of several first enrolments at once exactly one is kept', async t => {
  const { totp } = await bench()
  t.notOk(await totp.enrolFirst('alice', newOne()))
  const kept = await Promise.all(Array.from({ length: 20 }, () => totp.enrolFirst('bob', newOne())))
  t.equal(kept.filter(Boolean).length, 1)
  t.equal((await totp.list('bob')).length, 1)
})

t.test('a first enrolment cannot slip in where the first authenticator was removed', async t => {
  const { totp, elsewhere } = await bench()
  await totp.add('alice', newOne())
  t.ok(await totp.removeOne('alice', await idOf(totp, 'Phone')))
  t.notOk(await totp.enrolFirst('alice', newOne('Slipped in')))
  t.same(await names(totp), ['Tablet'])

  t.ok(await totp.removeOne('alice', await idOf(totp, 'Tablet')))
  t.notOk(await totp.enrolled('alice'))
  const late = [elsewhere(), totp, totp, elsewhere()].map(each => each.enrolFirst('alice', newOne('Again')))
  t.equal(
    (await Promise.all(late)).filter(Boolean).length,
    1,
    'with none left, it is a first one again: once',
  )
  t.same(await names(totp), ['Again'])
})

t.test('of a first enrolment and an addition at once, the first is kept only when it was first', async t => {
  for (let pause = 0; pause < 20; pause++) {
    const { totp } = await bench()
    await totp.removeOne('alice', await idOf(totp, 'Phone'))
    const adds = async (): Promise<boolean> => {
      for (let turn = 0; turn < pause; turn++) await Promise.resolve()
      return totp.add('alice', newOne('Added'))
    }
    const [first] = await Promise.all([totp.enrolFirst('alice', newOne('First')), adds()])
    t.same((await names(totp)).toSorted(), first ? ['Added', 'First'] : ['Added'], `after ${pause}`)
    t.notOk(await totp.enrolFirst('alice', newOne('Slipped in')))
  }
})

t.test('ten authenticators are enough, also when they come at once', async t => {
  const { totp, elsewhere } = await bench()
  const other = elsewhere()
  const kept = await Promise.all(
    Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? totp : other).add('alice', newOne(`No. ${i}`))),
  )
  t.equal(kept.filter(Boolean).length, 9)
  t.equal((await totp.list('alice')).length, 10)
  t.notOk(await totp.add('alice', newOne()))
  t.ok(await totp.removeOne('alice', await idOf(totp, 'Phone')))
  t.ok(await totp.add('alice', newOne()))
  t.equal((await totp.list('alice')).length, 10)
})

t.test('a confirmation that is sent twice adds one authenticator', async t => {
  const { totp, elsewhere } = await bench()
  const other = elsewhere()
  const tablet = newOne()
  const sent = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? totp : other).add('alice', tablet))
  t.equal((await Promise.all(sent)).filter(Boolean).length, 1)
  t.notOk(await totp.add('alice', { ...tablet, name: 'Once more' }))
  t.notOk(await totp.add('alice', { ...newOne(), secret: SECRET }))
  t.same((await names(totp)).toSorted(), ['Phone', 'Tablet'])
})

t.test('what is added while an operator removes all either goes too or is the first', async t => {
  for (let pause = 0; pause < 30; pause++) {
    const { totp, store } = await bench()
    const adding = totp.add('alice', newOne())
    for (let turn = 0; turn < pause; turn++) await Promise.resolve()
    await totp.remove('alice')
    const added = await adding
    const stored = (await store.listByOwner('totp', 'alice')).map(({ key }) => key.id)
    if (stored.length > 0) t.same(stored, [`first:${hashSecret('alice')}`], `after ${pause}`)
    if (!added) t.same(stored, [], `after ${pause}: it was said that it is not kept`)
  }
})

t.test('an authenticator has one name in lists, for good, and another for people', async t => {
  const { totp, time } = await bench()
  time.now += 1000
  await totp.add('alice', newOne('Tablet'))
  const before = await totp.list('alice')
  t.equal(new Set(before.map(({ id }) => id)).size, 2)
  const id = await idOf(totp, 'Tablet')
  t.ok(await totp.rename('alice', id, '  Mum’s\u0000 \u202etablet\r\n '))
  t.match(await totp.list('alice'), [{ name: 'Phone' }, { id, name: 'Mum’s tablet' }])
  t.ok(await totp.rename('alice', id, '👩‍💻'.repeat(100)))
  t.equal([...((await names(totp))[1] ?? '')].length, 64)
  for (const nothing of ['', ' ', '\n\u200e', '\ud83d']) t.notOk(await totp.rename('alice', id, nothing))
  time.now += 1000
  await totp.add('alice', newOne('\t'))
  t.match(await names(totp), ['Phone', /./, 'Authenticator app'])

  t.notOk(await totp.rename('bob', id, 'Mine'), "another user's")
  t.notOk(await totp.removeOne('bob', id))
  t.notOk(await totp.removeOne('alice', `first:${hashSecret('alice')}`), 'the place is no name')
  const removed = await Promise.all(Array.from({ length: 10 }, () => totp.removeOne('alice', id)))
  t.equal(removed.filter(Boolean).length, 1)
  await totp.add('alice', newOne())
  t.notOk(await totp.rename('alice', id, 'Back'), 'the name is not given again')
  t.notOk((await totp.list('alice')).some(authenticator => authenticator.id === id))
})

t.test('the secret is sealed, for its user only', async t => {
  const { totp, store } = await bench()
  const [record] = await store.listByOwner<Record<string, unknown>>('totp', 'alice')
  t.notMatch(JSON.stringify(record), SECRET)
  await store.put({ kind: 'totp', id: 'planted' }, record?.value, { expiresAt: undefined, owner: 'mallory' })
  await t.rejects(tries(totp, '123456', 'mallory'), /previous secret/)
})

t.test('what is left of removed authenticators holds no secret', async t => {
  const { totp, store } = await bench()
  await totp.removeOne('alice', await idOf(totp, 'Phone'))
  t.strictSame(
    (await store.listByOwner('totp', 'alice')).map(({ value }) => value),
    [{ removedAt: NOW }],
  )
  t.notOk(await totp.remove('alice'), 'and is none')
  t.same(await store.listByOwner('totp', 'alice'), [])
})
