import t, { type Test } from 'tap'
import type { Clock } from '../../src/clock.js'
import { type RecordKey, type Store, StoreUnavailable, update } from '../../src/store/store.js'

/** Makes an empty store that reads this clock. The suite closes it. */
type MakeStore = (t: Test, now: Clock) => Store | Promise<Store>

interface ContractOptions {
  /** The home deletes what has expired by itself, and `sweep` finds nothing. Default false. */
  readonly expiresByItself?: boolean
}

const START = 1_700_000_000_000
const key = (id: string): RecordKey => ({ kind: 'session', id })
const forever = { expiresAt: undefined }

/** What every store must do. Run once for each home of records. */
export function testStoreContract(
  makeStore: MakeStore,
  { expiresByItself = false }: ContractOptions = {},
): void {
  const clock = { time: START }
  const now: Clock = () => clock.time
  const with_ = (name: string, body: (t: Test, store: Store) => Promise<void>): void => {
    void t.test(name, async t => {
      clock.time = START
      const store = await makeStore(t, now)
      t.teardown(() => store.close())
      await body(t, store)
    })
  }

  with_('what was put is read back as it was, with its key, version and expiry', async (t, store) => {
    const value = { text: 'Grüße', list: [1, null, true], nested: { deep: { empty: '' } } }
    await store.put(key('a'), value, { expiresAt: START + 5 })
    const record = await store.get(key('a'))
    t.match(record, { key: key('a'), value, expiresAt: START + 5 })
    t.type(record?.version, 'string')
    t.equal(await store.get(key('b')), undefined)
    t.equal(await store.get({ kind: 'totp', id: 'a' }), undefined, 'another kind is another record')
  })

  with_('a stored value does not change with the object that was put', async (t, store) => {
    const value = { list: ['a'] }
    await store.put(key('a'), value, forever)
    value.list.push('b')
    const first = await store.get<typeof value>(key('a'))
    first?.value.list.push('c')
    t.same((await store.get(key('a')))?.value, { list: ['a'] })
  })

  with_('ids may be long, empty or of any characters', async (t, store) => {
    const ids = [
      '',
      ' ',
      '__proto__',
      'constructor',
      'a b',
      'a\u0000b',
      'ä',
      '日本'.repeat(500),
      'x'.repeat(128),
    ]
    ids.push('x'.repeat(129), 'x'.repeat(3000), '=x', '#x', 'a\x7f', '\u{1f600}'.repeat(256))
    for (const id of ids) await store.put(key(id), { id }, { ...forever, owner: id })
    for (const id of ids) {
      t.match(await store.get(key(id)), { key: key(id), value: { id } })
      t.same(
        (await store.listByOwner('session', id)).map(record => record.key.id),
        [id],
      )
    }
  })

  with_('an expired record is never given out, by no operation', async (t, store) => {
    const options = { expiresAt: START + 1000, owner: 'alice' }
    await store.put(key('a'), 'value', options)
    clock.time = START + 999
    const record = await store.get(key('a'))
    t.equal(record?.value, 'value')
    clock.time = START + 1000
    t.equal(await store.get(key('a')), undefined)
    t.same(await store.listByOwner('session', 'alice'), [])
    t.equal(await store.compareAndSet(key('a'), record?.version ?? '', 'late', forever), false)
    t.equal(await store.take(key('a')), undefined)
    await store.put(key('b'), 'value', options)
    t.equal(await store.delete(key('b')), false)
  })

  with_('an expired record does not stand in the way of a new one', async (t, store) => {
    await store.put(key('a'), 'old', { expiresAt: START + 1, owner: 'alice' })
    t.equal(await store.putIfAbsent(key('a'), 'new', forever), false)
    clock.time += 1
    t.equal(await store.putIfAbsent(key('a'), 'new', { expiresAt: START + 10, owner: 'bob' }), true)
    t.equal((await store.get(key('a')))?.value, 'new')
    t.same(await store.listByOwner('session', 'alice'), [])
    t.equal(await store.sweep(10), 0, 'the old expiry is forgotten')
    t.equal((await store.get(key('a')))?.value, 'new')
  })

  with_('of many putIfAbsent at once exactly one writes', async (t, store) => {
    const tries = Array.from({ length: 50 }, (_, n) => store.putIfAbsent(key('a'), n, forever))
    const written = (await Promise.all(tries)).flatMap((won, n) => (won ? [n] : []))
    t.equal(written.length, 1)
    t.equal((await store.get(key('a')))?.value, written[0])
  })

  with_('of many that take at once exactly one gets the value', async (t, store) => {
    await store.put(key('a'), 'once', { ...forever, owner: 'alice' })
    const taken = await Promise.all(Array.from({ length: 50 }, () => store.take(key('a'))))
    t.same(
      taken.filter(value => value !== undefined),
      ['once'],
    )
    t.equal(await store.get(key('a')), undefined)
    t.same(await store.listByOwner('session', 'alice'), [])
  })

  with_('of many compareAndSet with one version exactly one writes', async (t, store) => {
    await store.put(key('a'), 'start', forever)
    const version = (await store.get(key('a')))?.version ?? ''
    const tries = Array.from({ length: 50 }, (_, n) => store.compareAndSet(key('a'), version, n, forever))
    t.equal((await Promise.all(tries)).filter(Boolean).length, 1)
    t.equal(await store.compareAndSet(key('none'), version, 1, forever), false)
    t.equal(await store.compareAndSet(key('none'), '', 1, forever), false)
  })

  with_('a version never comes back for a key, whatever wrote it', async (t, store) => {
    const versions: (string | undefined)[] = []
    const note = async (): Promise<void> => {
      versions.push((await store.get(key('a')))?.version)
    }
    for (let round = 0; round < 5; round += 1) {
      await store.put(key('a'), 1, forever)
      await note()
      await store.put(key('a'), 1, forever)
      await note()
      await store.compareAndSet(key('a'), versions.at(-1) ?? '', 1, forever)
      await note()
      await store.increment(key('a'), forever)
      await note()
      await store.delete(key('a'))
      await store.putIfAbsent(key('a'), 1, forever)
      await note()
      await store.take(key('a'))
    }
    t.equal(new Set(versions).size, 25)
  })

  with_('update loses no concurrent change', async (t, store) => {
    const add = () =>
      update<number, number>(store, key('a'), current => {
        const value = (current ?? 0) + 1
        return { result: value, write: { value, options: forever } }
      })
    const results = await Promise.all(Array.from({ length: 30 }, add))
    t.equal((await store.get(key('a')))?.value, 30)
    t.equal(new Set(results).size, 30)
    t.equal(await update(store, key('b'), current => ({ result: current ?? 'none' })), 'none')
    t.equal(await store.get(key('b')), undefined)
  })

  with_('a counter counts every increment and keeps its first expiry and owner', async (t, store) => {
    const counter: RecordKey = { kind: 'attempts', id: 'alice' }
    const counts = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        store.increment(counter, { expiresAt: START + 100 + n, owner: 'alice' }),
      ),
    )
    t.same(
      counts.sort((a, b) => a - b),
      Array.from({ length: 40 }, (_, n) => n + 1),
    )
    t.match(await store.get(counter), { value: 40, expiresAt: START + 100 })
    t.equal((await store.listByOwner('attempts', 'alice')).length, 1)
    clock.time = START + 100
    t.equal(await store.increment(counter, { expiresAt: START + 200 }), 1, 'it begins anew after its expiry')
    t.match(await store.get(counter), { value: 1, expiresAt: START + 200 })
    t.same(await store.listByOwner('attempts', 'alice'), [])
  })

  with_('an owner finds exactly what is theirs, of one kind, oldest write first', async (t, store) => {
    const alice = { ...forever, owner: 'alice' }
    await store.put(key('2'), 'second', alice)
    await store.put(key('1'), 'first', alice)
    await store.put(key('3'), 'third', alice)
    await store.put(key('2'), 'again', forever)
    await store.put(key('x'), 'x', { ...forever, owner: 'alic' })
    await store.put(key('y'), 'y', { ...forever, owner: 'alice2' })
    await store.put(key('z'), 'z', forever)
    await store.put({ kind: 'totp', id: 't' }, 't', alice)
    const ids = async (owner: string) =>
      (await store.listByOwner('session', owner)).map(record => record.key.id)
    t.same(await ids('alice'), ['1', '3', '2'], 'a write that names no owner leaves the owner')
    await store.put(key('1'), 'moved', { ...forever, owner: 'bob' })
    t.same(await ids('alice'), ['3', '2'])
    t.same(await ids('bob'), ['1'])
    t.equal(await store.delete(key('3')), true)
    t.equal(await store.delete(key('3')), false)
    t.same(await ids('alice'), ['2'])
    t.same(await ids(''), [])
  })

  with_('each gives every live record of a kind with its owner, however many there are', async (t, store) => {
    const ids = async (kind: RecordKey['kind']) => {
      const found: string[] = []
      for await (const record of store.each(kind)) found.push(`${record.key.id} ${record.owner ?? '-'}`)
      return found.sort()
    }
    t.same(await ids('webauthn'), [])
    const expected = [`${'long '.repeat(100)} alice`, 'ä -']
    await store.put({ kind: 'webauthn', id: 'long '.repeat(100) }, 1, { ...forever, owner: 'alice' })
    await store.put({ kind: 'webauthn', id: 'ä' }, 1, forever)
    await store.put({ kind: 'webauthn', id: 'gone' }, 1, { expiresAt: START + 1 })
    await store.put({ kind: 'webauthn_challenge', id: 'other' }, 1, forever)
    const many = Array.from({ length: 1100 }, (_, index) => `n${String(index)}`)
    await Promise.all(many.map(id => store.put({ kind: 'webauthn', id }, id, { ...forever, owner: id })))
    clock.time = START + 1
    t.same(await ids('webauthn'), [...expected, ...many.map(id => `${id} ${id}`)].sort())
  })

  with_('sweep deletes what has expired, no more than it was told, and nothing else', async (t, store) => {
    for (let n = 0; n < 20; n += 1) await store.put(key(`old${String(n)}`), n, { expiresAt: START + n })
    await store.put(key('later'), 'later', { expiresAt: START + 1000 })
    await store.put(key('prolonged'), 1, { expiresAt: START + 1 })
    await store.put(key('prolonged'), 2, { expiresAt: START + 1000 })
    await store.put(key('kept'), 1, { expiresAt: START + 1 })
    await store.put(key('kept'), 2, forever)
    clock.time = START + 100
    t.equal(await store.sweep(15), expiresByItself ? 0 : 15)
    t.equal(await store.sweep(15), expiresByItself ? 0 : 5)
    t.equal(await store.sweep(15), 0)
    t.equal((await store.get(key('later')))?.value, 'later')
    t.equal((await store.get(key('prolonged')))?.value, 2)
    t.equal((await store.get(key('kept')))?.value, 2)
  })

  with_('a closed store answers with StoreUnavailable, and closing twice is no mistake', async (t, store) => {
    await store.put(key('a'), 1, forever)
    await store.close()
    await store.close()
    await t.rejects(store.get(key('a')), StoreUnavailable)
    await t.rejects(store.put(key('a'), 2, forever), StoreUnavailable)
    await t.rejects(store.sweep(1), StoreUnavailable)
  })
}
