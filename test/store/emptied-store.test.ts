import { randomBytes } from 'node:crypto'
import t from 'tap'
import { refuseWhenEmptied } from '../../src/store/emptied-store.js'
import { StoreUnavailable, type RecordKey } from '../../src/store/store.js'
import { createRewindableStore } from '../harness/rewindable-store.js'
import { testStoreContract } from './store-contract.js'
import { createMemoryStore } from '../../src/store/memory-store.js'

const totp: RecordKey = { kind: 'totp', id: 'alice' }
const forever = { expiresAt: undefined, owner: 'alice' }

testStoreContract((_t, now) => refuseWhenEmptied({ store: createMemoryStore({ now }), random: randomBytes }))

void t.test('an emptied store says of nobody that they have no factor, until it is as it was', async t => {
  const home = createRewindableStore(() => 0)
  home.keep()
  const store = refuseWhenEmptied({ store: home, random: randomBytes })
  t.equal(await store.get(totp), undefined, 'a new store may be empty')
  await store.put(totp, 'secret', forever)
  const filled = createRewindableStore(() => 0)
  for await (const { key, value } of home.each('store_mark')) await filled.put(key, value, forever)
  home.rewind()
  for (const kind of ['account', 'totp', 'webauthn', 'backup_codes', 'knowledge_questions'] as const) {
    await t.rejects(store.get({ kind, id: 'alice' }), StoreUnavailable, kind)
    await t.rejects(store.listByOwner(kind, 'alice'), StoreUnavailable, kind)
  }
  t.equal(await store.get({ kind: 'session', id: 'x' }), undefined, 'sessions are gone, and that is all')
  for (const kind of ['session', 'refresh_token', 'api_token', 'remembered_device'] as const) {
    await t.rejects(
      store.take({ kind, id: 'x' }),
      StoreUnavailable,
      `whether a ${kind} has ended is not known`,
    )
    await t.rejects(store.delete({ kind, id: 'x' }), StoreUnavailable, kind)
  }
  for await (const { key, value } of filled.each('store_mark')) await home.put(key, value, forever)
  t.equal(await store.get(totp), undefined, 'a backup has the mark')
  t.equal(await store.take({ kind: 'session', id: 'x' }), undefined)
  t.equal(await store.delete({ kind: 'session', id: 'x' }), false)
})

void t.test('a gateway that begins with another mark does not make the others believe the store', async t => {
  const home = createRewindableStore(() => 0)
  home.keep()
  const running = refuseWhenEmptied({ store: home, random: randomBytes })
  await running.get(totp)
  home.rewind()
  const fresh = refuseWhenEmptied({ store: home, random: randomBytes })
  t.equal(await fresh.get(totp), undefined, 'it takes the store as it is')
  await t.rejects(running.get(totp), StoreUnavailable)
})

void t.test('a store that is emptied while a record is read is found out', async t => {
  const home = createRewindableStore(() => 0)
  home.keep()
  const store = refuseWhenEmptied({
    store: {
      ...home,
      get: key => {
        if (key.kind === 'totp') home.rewind()
        return home.get(key)
      },
      listByOwner: (kind, owner) => {
        home.rewind()
        return home.listByOwner(kind, owner)
      },
    },
    random: randomBytes,
  })
  await store.get({ kind: 'account', id: 'alice' })
  await t.rejects(store.get(totp), StoreUnavailable)
  await t.rejects(store.listByOwner('webauthn', 'alice'), StoreUnavailable)
})
