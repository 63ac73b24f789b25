import t from 'tap'
import { createMemoryStore } from '../../src/store/memory-store.js'
import {
  markEnrolled,
  readAccount,
  rememberRenewedPassword,
  switchSecondFactor,
} from '../../src/users/accounts.js'

void t.test('what is remembered of a user adds up, also when it comes at once', async t => {
  const store = createMemoryStore({ now: () => 0 })
  t.same(await readAccount(store, 'alice'), { everEnrolled: false })
  const renewed = { ofVersion: 'v1', hash: 'hash' }
  await Promise.all([markEnrolled(store, 'alice'), rememberRenewedPassword(store, 'alice', renewed)])
  t.same(await readAccount(store, 'alice'), { everEnrolled: true, renewedPassword: renewed })
  await rememberRenewedPassword(store, 'alice', { ofVersion: 'v2', hash: 'other' })
  t.match(await readAccount(store, 'alice'), { everEnrolled: true, renewedPassword: { ofVersion: 'v2' } })
  t.same(await readAccount(store, 'bob'), { everEnrolled: false })
  t.match(await store.listByOwner('account', 'alice'), [{ key: { id: 'alice' }, expiresAt: undefined }])
})

void t.test('the second factor is switched off and on again, and nothing else is changed by it', async t => {
  const store = createMemoryStore({ now: () => 0 })
  t.equal((await readAccount(store, 'alice')).secondFactorOff, undefined)
  await Promise.all([markEnrolled(store, 'alice'), switchSecondFactor(store, 'alice', 'off')])
  t.same(await readAccount(store, 'alice'), { everEnrolled: true, secondFactorOff: true })
  await switchSecondFactor(store, 'alice', 'on')
  t.same(await readAccount(store, 'alice'), { everEnrolled: true, secondFactorOff: false })
  t.same(await readAccount(store, 'bob'), { everEnrolled: false })
})
