import * as crypto from 'node:crypto'
import t from 'tap'
import type * as BackupCodes from '../../src/factors/backup-codes.js'
import type * as OneTimeCode from '../../src/factors/one-time-code.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'

/** How many bytes each comparison in constant time was of, since the last look. */
const compared: number[] = []
const counted = {
  ...crypto,
  timingSafeEqual: (a: Buffer, b: Buffer): boolean => {
    compared.push(a.length)
    return crypto.timingSafeEqual(a, b)
  },
}
const look = (): readonly number[] => compared.splice(0)

const now = (): number => Date.UTC(2026, 10, 22)
const seal = createSeal(['a secret of the tests, long enough for a key'])
const options = { store: createMemoryStore({ now }), seal, now, random: crypto.randomBytes }
const user = { subject: 'alice', displayName: 'Alice', email: undefined, phone: undefined }
const attempt = { user, binding: 'a login' }

t.test('i7: a check of a backup code is the same work however many are left', async t => {
  const { createBackupCodes } = await t.mockImport<typeof BackupCodes>('../../src/factors/backup-codes.js', {
    'node:crypto': counted,
  })
  const codes = createBackupCodes(options)
  const work = Array.from({ length: 10 }, () => 43)
  const isWrong = async (subject: string): Promise<void> => {
    const checked = await codes.verify({ ...attempt, user: { ...user, subject } }, 'ABCD01ZZ0011GHJK')
    t.same([checked.outcome, look()], ['wrong', work])
  }
  const made = await codes.replace('alice')
  for (const code of made) {
    await isWrong('alice')
    const { outcome } = await codes.verify(attempt, code.replaceAll('-', ''))
    t.same([outcome, look()], ['right', work], 'the place of the code makes no difference either')
  }
  t.equal(await codes.remaining('alice'), 0)
  await isWrong('alice')
  await isWrong('nobody')
})

t.test('i6: a code that was sent is compared whole and once, whatever was typed', async t => {
  const { createOneTimeCodes } = await t.mockImport<typeof OneTimeCode>(
    '../../src/factors/one-time-code.js',
    { 'node:crypto': counted },
  )
  const codes = createOneTimeCodes(options)
  const place = { channel: 'email', binding: 'a login' } as const
  const issued = await codes.issue({ ...place, account: 'alice', target: 'alice@app.example' })
  const code = issued.outcome === 'issued' ? (issued.code ?? '') : ''
  const near = `${code.slice(0, 5)}${code.endsWith('0') ? '1' : '0'}`
  const far = `${code.startsWith('0') ? '1' : '0'}${code.slice(1)}`
  for (const typed of [near, far, '', `${code}0`]) {
    t.same([(await codes.check(place, typed)).outcome, look()], ['wrong', [43]], typed)
  }
  t.same([(await codes.check(place, code)).outcome, look()], ['right', [43]])
})
