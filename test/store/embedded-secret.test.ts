import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readOrCreateEmbeddedSecret } from '../../src/store/embedded-secret.js'

void t.test('a secret is made once, for its owner only, and read from then on', t => {
  const directory = join(t.testdir({}), 'data')
  const secret = readOrCreateEmbeddedSecret(directory)
  t.equal(Buffer.from(secret, 'base64url').length, 32)
  t.equal(readOrCreateEmbeddedSecret(directory), secret)
  t.same(readdirSync(directory), ['secret'], 'no draft is left')
  t.equal(statSync(join(directory, 'secret')).mode & 0o777, 0o600)
  t.equal(statSync(directory).mode & 0o777, 0o700)
  t.not(readOrCreateEmbeddedSecret(t.testdir({})), secret)
  t.end()
})

void t.test('a file that holds something else is not replaced, and told with a cure', t => {
  const directory = t.testdir({})
  for (const text of ['', 'changeme', 'A'.repeat(20)]) {
    writeFileSync(join(directory, 'secret'), text)
    t.throws(() => readOrCreateEmbeddedSecret(directory), /Restore it from a backup/)
    t.equal(readFileSync(join(directory, 'secret'), 'utf8'), text)
  }
  t.end()
})

void t.test('a place that cannot hold a secret is an error', t => {
  const directory = t.testdir({ file: 'x' })
  t.throws(() => readOrCreateEmbeddedSecret(join(directory, 'file')), { code: 'ENOTDIR' })
  t.end()
})

void t.test('processes that start at once agree on one secret', async t => {
  const directory = join(t.testdir({}), 'data')
  const worker = fileURLToPath(new URL('embedded-secret-worker.ts', import.meta.url))
  const children = [1, 2, 3].map(() => fork(worker, [directory]))
  t.teardown(() => {
    for (const child of children) child.kill('SIGKILL')
  })
  await Promise.all(children.map(child => once(child, 'message')))
  const answers = children.map(child => once(child, 'message'))
  for (const child of children) child.send('go')
  const secrets = new Set((await Promise.all(answers)).map(([secret]) => String(secret)))
  t.equal(secrets.size, 1)
  t.ok(secrets.has(readOrCreateEmbeddedSecret(directory)))
})
