// Copies the session of Alice so many times within the store of a gateway: `gateway.yaml COUNT`. Tells on the standard
// error how far it is, and sends COUNT when all are written. It takes the built gateway's own way to its store.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { copiedSessionId } from './copied-session-id.js'

/** Writes that are under way together: they share the waiting for the disk. */
const AT_ONCE = 2_000
/** Milliseconds between two lines about how far it is. */
const TELL_EVERY = 5_000

/** What this takes from the built gateway, whose sources are not compiled with the bench. */
interface Parts {
  readonly loadConfig: (
    file: string,
    io: { readonly readFile: (path: string) => string; readonly env: object; readonly now: number },
  ) => { readonly ok: boolean; readonly config: { readonly store: unknown } }
  readonly openRecords: (
    place: unknown,
    io: { readonly now: () => number; readonly random: (bytes: number) => Buffer },
  ) => Store
  readonly hashSecret: (secret: string) => string
}

interface Session {
  readonly expiresAt: number
  readonly reference: string
}

interface Store {
  readonly listByOwner: (kind: 'session', owner: string) => Promise<readonly { readonly value: Session }[]>
  readonly put: (
    key: { readonly kind: 'session'; readonly id: string },
    value: Session,
    options: { readonly expiresAt: number; readonly owner: string },
  ) => Promise<void>
  readonly close: () => Promise<void>
}

const [file = '', words = ''] = process.argv.slice(2)
const count = Number(words)
const { loadConfig, openRecords, hashSecret } = await builtParts()
const { config } = loadConfig(file, {
  readFile: path => readFileSync(path, 'utf8'),
  env: process.env,
  now: Date.now(),
})
const store = openRecords(config.store, { now: Date.now, random: randomBytes })
const [session] = await store.listByOwner('session', 'alice')
if (session === undefined) throw new Error('Alice is not logged in')
const begun = performance.now()
let told = begun
for (let first = 0; first < count; first += AT_ONCE) {
  const many = Math.min(AT_ONCE, count - first)
  await Promise.all(Array.from({ length: many }, (_, number) => copy(session.value, first + number)))
  if (performance.now() - told < TELL_EVERY) continue
  told = performance.now()
  console.error(`${first + many} of ${count} sessions after ${Math.round((told - begun) / 1000)} s`)
}
await store.close()
process.send?.(count)
process.disconnect()

/** Each belongs to somebody else as far as the store knows: nobody has as many, and nobody lists them. */
function copy(value: Session, number: number): Promise<void> {
  const reference = `${value.reference.slice(0, 8)}${number}`
  return store.put(
    { kind: 'session', id: hashSecret(copiedSessionId(number)) },
    { ...value, reference },
    { expiresAt: value.expiresAt, owner: `copy-${number}` },
  )
}

async function builtParts(): Promise<Parts> {
  const files = ['config/load-config', 'cli/deployment', 'store/secret-hash']
  const modules = await Promise.all(
    files.map(name => import(new URL(`../../../dist/${name}.js`, import.meta.url).href) as Promise<object>),
  )
  return Object.assign({}, ...modules) as Parts
}
