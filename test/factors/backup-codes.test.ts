import { randomBytes } from 'node:crypto'
import t from 'tap'
import { type BackupCodes, createBackupCodes } from '../../src/factors/backup-codes.js'
import { encodeCode, normaliseCode } from '../../src/factors/code-text.js'
import type { FactorAttempt } from '../../src/factors/factor.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'
import { hashSecret } from '../../src/store/secret-hash.js'
import type { Store } from '../../src/store/store.js'

const seal = createSeal(['a secret of the tests, long enough for a key'])
const now = (): number => Date.UTC(2026, 10, 22)

function bench(): { store: Store; codes: BackupCodes; elsewhere: BackupCodes } {
  const store = createMemoryStore({ now })
  const options = { store, seal, now, random: randomBytes }
  return { store, codes: createBackupCodes(options), elsewhere: createBackupCodes(options) }
}

const attemptOf = (subject: string): FactorAttempt => ({
  user: { subject, displayName: subject, email: undefined, phone: undefined },
  binding: 'a login',
})

/** Checks as a login does: the code as typed, through its one form. */
async function tries(codes: BackupCodes, subject: string, typed: string): Promise<string> {
  const code = codes.normalise(typed)
  return code === undefined ? 'malformed' : (await codes.verify(attemptOf(subject), code)).outcome
}

t.test('codes are groups of four that cannot be misread', async t => {
  t.equal(encodeCode(Buffer.alloc(10)), '0000-0000-0000-0000')
  t.equal(encodeCode(Buffer.alloc(10, 0xff)), 'ZZZZ-ZZZZ-ZZZZ-ZZZZ')
  t.equal(encodeCode(Buffer.from([0, 0, 0, 0, 1])), '0000-0001')
  for (let round = 0; round < 100; round++)
    t.match(encodeCode(randomBytes(10)), /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/)
})

t.test('what is typed has one form', async t => {
  const code = 'ABCD01ZZ0011GHJK'
  for (const typed of [
    code,
    'abcd-01zz-0011-ghjk',
    ' ABCD 01ZZ 0011 GHJK ',
    'abcd-oizz-oo1l-ghjk',
    'ABCDOLZZ0OI1GHJK',
  ])
    t.equal(normaliseCode(typed, 16), code, typed)
  for (const typed of [
    '',
    code.slice(1),
    `${code}0`,
    code.replace('A', 'U'),
    code.replace('A', 'ı'),
    `${code}\n`,
    '\uff10'.repeat(16),
    'A'.repeat(1_000_000),
  ])
    t.equal(normaliseCode(typed, 16), undefined, JSON.stringify(typed.slice(0, 20)))
})

t.test('ten codes, each good once', async t => {
  const { codes } = bench()
  const made = await codes.replace('alice')
  t.equal(new Set(made).size, 10)
  t.equal(await codes.remaining('alice'), 10)
  for (const [index, code] of made.entries()) {
    t.equal(await tries(codes, 'alice', code), 'right')
    t.equal(await tries(codes, 'alice', code), 'wrong')
    t.equal(await codes.remaining('alice'), 9 - index)
  }
})

t.test('f11, j11: of 50 parallel uses of one code in all its spellings exactly one succeeds', async t => {
  const { codes, elsewhere } = bench()
  const [code = ''] = await codes.replace('alice')
  const spellings = [code, code.toLowerCase(), code.replaceAll('-', ''), code.replaceAll('-', ' ')]
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      tries(i % 2 === 0 ? codes : elsewhere, 'alice', spellings[i % spellings.length] ?? ''),
    ),
  )
  t.equal(outcomes.filter(outcome => outcome === 'right').length, 1)
  for (const spelling of spellings) t.equal(await tries(codes, 'alice', spelling), 'wrong')
  t.equal(await codes.remaining('alice'), 9)
})

t.test('two codes at once are both used', async t => {
  const { codes } = bench()
  const [first = '', second = ''] = await codes.replace('alice')
  t.same(await Promise.all([tries(codes, 'alice', first), tries(codes, 'alice', second)]), ['right', 'right'])
  t.equal(await codes.remaining('alice'), 8)
})

t.test('f12: new codes kill the old ones in one step, also one under way', async t => {
  const { codes } = bench()
  for (let round = 0; round < 20; round++) {
    const [old = ''] = await codes.replace('alice')
    const checking = tries(codes, 'alice', old)
    for (let step = 0; step < round; step++) await Promise.resolve()
    const fresh = await codes.replace('alice')
    await checking
    t.equal(await codes.remaining('alice'), 10, 'the check under way does not bring the old set back')
    t.equal(await tries(codes, 'alice', old), 'wrong')
    t.equal(await tries(codes, 'alice', fresh[0] ?? ''), 'right')
  }
})

t.test('a code is nothing for others, for nobody, or after removal', async t => {
  const { codes } = bench()
  const [code = ''] = await codes.replace('alice')
  t.equal(await tries(codes, 'bob', code), 'wrong')
  t.equal(await codes.remaining('bob'), 0)
  t.ok(await codes.remove('alice'))
  t.equal(await tries(codes, 'alice', code), 'wrong')
  const place = await codes.verify(attemptOf('alice'), '-'.repeat(43))
  t.same(place, { outcome: 'wrong' }, 'the place of a used code is not a code')
})

t.test('the factor is ready while a code is left, and needs no preparation', async t => {
  const { codes } = bench()
  const { user } = attemptOf('alice')
  t.notOk(await codes.isReady(user))
  for (const code of await codes.replace('alice')) {
    t.ok(await codes.isReady(user))
    await tries(codes, 'alice', code)
  }
  t.notOk(await codes.isReady(user))
  t.same(await codes.prepare(attemptOf('alice')), { prompt: 'none' })
})

t.test('the store holds neither the codes nor their bare hashes', async t => {
  const { codes, store } = bench()
  const made = await codes.replace('alice')
  const stored = JSON.stringify(await store.listByOwner('backup_codes', 'alice'))
  for (const code of made) {
    t.notOk(stored.includes(code))
    t.notOk(stored.includes(hashSecret(code.replaceAll('-', ''))))
  }
})
