import { systemClock } from '../../src/clock.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'

/**
 * A second process for the tests of the embedded store: `lmdb-worker DIRECTORY JOB COUNT`. Tells its parent one
 * message for each thing done, and `undefined` things never.
 */
const [directory = '', job = '', count = '0'] = process.argv.slice(2)
const store = openLmdbStore({ directory, now: systemClock })
const tell = (message: string): boolean => process.send?.(message) ?? false
const forever = { expiresAt: undefined }

for (let n = 0; n < Number(count); n += 1) {
  const id = String(n)
  if (job === 'increment') {
    await store.increment({ kind: 'attempts', id: 'shared' }, forever)
  } else if (job === 'take') {
    if ((await store.take({ kind: 'challenge', id })) !== undefined) tell(id)
  } else if (job === 'compareAndSet') {
    for (;;) {
      const record = await store.get<number>({ kind: 'session', id: 'shared' })
      if (record === undefined) break
      if (await store.compareAndSet(record.key, record.version, record.value + 1, forever)) break
    }
  } else if (job === 'write') {
    await store.put({ kind: 'session', id }, { n }, { expiresAt: Date.now() + 3_600_000, owner: 'alice' })
    tell(id)
  }
}
if (job === 'wait-and-delete') {
  tell('ready')
  process.on('message', (id: string) => {
    void store.delete({ kind: 'session', id }).then(() => tell(id))
  })
} else {
  await store.close()
  tell('done')
  process.disconnect()
}
