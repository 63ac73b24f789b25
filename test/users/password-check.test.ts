import * as bcrypt from '@node-rs/bcrypt'
import t from 'tap'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { type Store, StoreUnavailable } from '../../src/store/store.js'
import { readAccount } from '../../src/users/accounts.js'
import { createHashQueue, type HashQueue } from '../../src/users/hash-queue.js'
import { createPasswordCheck } from '../../src/users/password-check.js'
import { hashPassword } from '../../src/users/password-hash.js'
import type { DirectoryUser, StandInDirectory } from '../../src/users/user-directory.js'
import { canonicalUserName } from '../../src/users/user-name.js'
import { sharedHasher } from '../harness/hasher.js'

function makeUser(subject: string, passwordHash: string, more: Partial<DirectoryUser> = {}): DirectoryUser {
  const person = { subject, displayName: subject, email: undefined, groups: [], mfa: 'enabled' as const }
  const passwordVersion = `version of ${passwordHash}`
  return { person, phone: undefined, passwordHash, passwordVersion, disabled: false, ...more }
}

function makeDirectory(...users: DirectoryUser[]): StandInDirectory & { users: DirectoryUser[] } {
  return {
    users,
    find(name) {
      return this.users.find(({ person }) => person.subject === canonicalUserName(name))
    },
    standIn() {
      return this.users[0]
    },
  }
}

function make(directory: StandInDirectory, store: Store = createMemoryStore({ now: () => 0 })) {
  const queue = createHashQueue()
  let hashes = 0
  const counting: HashQueue = {
    ...queue,
    enter: () => {
      const place = queue.enter()
      if (place.outcome === 'busy') return place
      return {
        ...place,
        run: work => {
          hashes += 1
          return place.run(work)
        },
      }
    },
  }
  const checkPassword = createPasswordCheck({ directory, store, queue: counting, hasher: sharedHasher })
  const check = (name: string, password: string) => checkPassword(name, password, nothingForbids)
  return { check, checkPassword, store, hashes: () => hashes }
}

const nothingForbids = (): Promise<undefined> => Promise.resolve(undefined)

const weak = (password: string): string => bcrypt.hashSync(password, { cost: 4 })

void t.test('right is the right password of an enabled user, whatever the form of the name', async t => {
  const directory = makeDirectory(makeUser('alice', hashPassword('correct horse')))
  const { check } = make(directory)
  for (const name of ['alice', 'ALICE', ' Alice\u00a0', 'ａlice']) {
    t.match(await check(name, 'correct horse'), { outcome: 'right', user: { person: { subject: 'alice' } } })
  }
  for (const password of [
    '',
    'Correct horse',
    'correct horse ',
    'correct horse\u0000',
    'null',
    'undefined',
  ]) {
    t.same(await check('alice', password), { outcome: 'wrong' })
  }
})

void t.test(
  'unknown, disabled, unspeakable and overlong cost one hash each, and the answer is the same',
  async t => {
    const hash = weak('secret')
    const directory = makeDirectory(makeUser('alice', hash), makeUser('gone', hash, { disabled: true }))
    const { check, hashes } = make(directory)
    const tries: readonly (readonly [string, string])[] = [
      ['alice', 'wrong'],
      ['nobody', 'secret'],
      ['gone', 'secret'],
      ['', 'secret'],
      ['__proto__', 'secret'],
      ['al\u200bice', 'secret'],
      ['x'.repeat(1_000_000), 'secret'],
      ['alice', 'secret'.repeat(200_000)],
      ['alice', ''],
    ]
    for (const [index, [name, password]] of tries.entries()) {
      t.same(await check(name, password), { outcome: 'wrong' })
      t.equal(hashes(), index + 1)
    }
  },
)

void t.test('whose password is empty never comes in', async t => {
  const { check } = make(makeDirectory(makeUser('alice', weak(''))))
  t.same(await check('alice', ''), { outcome: 'wrong' })
})

void t.test('without users everybody is wrong', async t => {
  t.same(await make(makeDirectory()).check('alice', 'secret'), { outcome: 'wrong' })
})

void t.test('a password of 1024 bytes is checked as a whole, one byte more is wrong', async t => {
  const longest = 'ü'.repeat(512)
  const directory = makeDirectory(
    makeUser('alice', hashPassword(longest)),
    makeUser('bob', hashPassword(`${longest}x`)),
  )
  const { check } = make(directory)
  t.match(await check('alice', longest), { outcome: 'right' })
  t.match(await check('bob', `${longest}x`), { outcome: 'wrong' })
})

void t.test('a right password renews a weak hash, which holds until the directory has another', async t => {
  const directory = makeDirectory(makeUser('alice', weak('secret')))
  const { check, store } = make(directory)
  await check('alice', 'wrong')
  t.equal((await readAccount(store, 'alice')).renewedPassword, undefined)
  t.match(await check('alice', 'secret'), { outcome: 'right' })
  const { renewedPassword } = await readAccount(store, 'alice')
  t.match(renewedPassword, {
    hash: /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/,
    ofVersion: directory.users[0]?.passwordVersion,
  })
  t.match(await check('alice', 'secret'), { outcome: 'right' })
  t.match(await check('alice', 'wrong'), { outcome: 'wrong' })
  t.same((await readAccount(store, 'alice')).renewedPassword, renewedPassword, 'once is enough')

  directory.users = [makeUser('alice', weak('changed'))]
  t.match(await check('alice', 'secret'), { outcome: 'wrong' }, 'the old password is dead at once')
  t.match(await check('alice', 'changed'), { outcome: 'right' })
})

void t.test('neither a stand-in nor a disabled user is ever renewed', async t => {
  const directory = makeDirectory(
    makeUser('alice', weak('secret')),
    makeUser('gone', weak('gone'), { disabled: true }),
  )
  const { check, store } = make(directory)
  await check('nobody', 'secret')
  await check('gone', 'gone')
  t.same(await store.listByOwner('account', 'alice'), [])
  t.same(await store.listByOwner('account', 'gone'), [])
})

void t.test('l3: a full queue is told; for that nothing is hashed, and no try is counted', async t => {
  const directory = makeDirectory(makeUser('alice', weak('secret')))
  const store = createMemoryStore({ now: () => 0 })
  const check = createPasswordCheck({
    directory,
    store,
    queue: createHashQueue({ concurrency: 1, capacity: 2 }),
    hasher: sharedHasher,
  })
  let counted = 0
  const countTry = (): Promise<undefined> => {
    counted += 1
    return Promise.resolve(undefined)
  }
  const outcomes = await Promise.all(Array.from({ length: 200 }, () => check('nobody', 'secret', countTry)))
  t.equal(outcomes.filter(({ outcome }) => outcome === 'wrong').length, 3)
  t.equal(outcomes.filter(({ outcome }) => outcome === 'busy').length, 197)
  t.equal(counted, 3)
  t.match(await check('alice', 'secret', countTry), { outcome: 'right' })
})

void t.test('a try that may not be made costs no hash and keeps no place in the queue', async t => {
  const { checkPassword, hashes } = make(makeDirectory(makeUser('alice', weak('secret'))))
  const forbidden = await Promise.all(
    Array.from({ length: 60 }, () => checkPassword('alice', 'secret', () => Promise.resolve('locked'))),
  )
  t.same(new Set(forbidden.map(outcome => JSON.stringify(outcome))).size, 1)
  t.match(forbidden[0], { outcome: 'forbidden', reason: 'locked' })
  t.equal(hashes(), 0)
  const broken = checkPassword('alice', 'secret', () => Promise.reject(new StoreUnavailable('gone')))
  await t.rejects(broken, StoreUnavailable)
  for (let round = 0; round < 100; round += 1)
    await checkPassword('alice', 'secret', () => Promise.resolve('locked'))
  t.match(await checkPassword('alice', 'secret', nothingForbids), { outcome: 'right' })
})

void t.test('a dead store is an exception for everybody, never a yes', async t => {
  const store = createMemoryStore({ now: () => 0 })
  const { check } = make(makeDirectory(makeUser('alice', weak('secret'))), store)
  await store.close()
  await t.rejects(check('alice', 'secret'), StoreUnavailable)
  await t.rejects(check('nobody', 'secret'), StoreUnavailable)
})
