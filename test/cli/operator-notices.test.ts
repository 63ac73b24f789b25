import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/users.js'
import { createBackupCodes } from '../../src/factors/backup-codes.js'
import { readOrCreateEmbeddedSecret } from '../../src/store/embedded-secret.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { createSeal } from '../../src/store/seal.js'
import { usersYaml } from '../harness/demo-users.js'
import { testIo } from './test-io.js'

const now = (): number => Date.UTC(2027, 0, 15, 8)
const GOOD = 'a password that is long enough'

/** A gateway that sends its mail this way, and commands on it. */
async function deployment(t: Test, mail: string) {
  const cwd = t.testdir({
    'gateway.yaml': `public_url: https://wiki.example.com
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
${mail}`,
    'users.yaml': await usersYaml([{ name: 'alice', email: 'alice@example.com' }, { name: 'bob' }]),
  })
  const outbox = join(cwd, 'mails.jsonl')
  return {
    cwd,
    users: async (line: string, lines: readonly string[] = []) => {
      const io = testIo(cwd, { lines })
      return { code: await run(line.split(' '), io), ...io.written }
    },
    mails: (): readonly Readonly<Record<string, string>>[] =>
      existsSync(outbox)
        ? readFileSync(outbox, 'utf8')
            .trim()
            .split('\n')
            .map(line => JSON.parse(line) as Record<string, string>)
        : [],
  }
}

const INTO_FILE = 'mail: { from: gate@example.com, file: mails.jsonl }\n'

t.test(
  'a user is told what an operator did to the account, and that nothing in the mail is to be clicked',
  async t => {
    const { cwd, users, mails } = await deployment(t, INTO_FILE)
    t.match(await users('passwd alice', [GOOD]), { code: 0 })
    const directory = join(cwd, 'data')
    const store = openLmdbStore({ directory, now })
    const seal = createSeal([readOrCreateEmbeddedSecret(directory)])
    const codes = createBackupCodes({ store, seal, now, random: randomBytes })
    await codes.replace('alice')
    await store.close()
    t.match(await users('reset-mfa alice --yes'), { code: 0 })
    t.match(await users('disable alice --yes'), { code: 0 })
    t.match(
      mails().map(({ to, subject }) => ({ to, subject })),
      [
        { to: 'alice@example.com', subject: 'A new password was set for your account at wiki.example.com' },
        {
          to: 'alice@example.com',
          subject: 'The second factors of your account were removed at wiki.example.com',
        },
        { to: 'alice@example.com', subject: 'Your account was disabled at wiki.example.com' },
      ],
    )
    for (const { text = '' } of mails()) {
      t.match(
        text,
        /Account: alice at wiki\.example\.com\nWhen: 15 Jan 2027, 08:00 UTC\nBy: whoever runs the site/,
      )
      t.notMatch(text, /https?:|password that is long/)
    }
  },
)

t.test('what changed nothing is told to nobody', async t => {
  const { users, mails } = await deployment(t, INTO_FILE)
  t.match(await users('reset-mfa alice --yes'), { code: 0, out: /had no second factor/ })
  t.match(await users('passwd alice', ['short']), { code: 1 })
  t.match(await users('disable alice'), { code: 2 })
  t.match(await users('passwd bob', [GOOD]), { code: 0 }, 'nor somebody without an address')
  t.same(mails(), [])
  t.match(await users('disable alice --yes'), { code: 0 })
  t.match(await users('disable alice --yes'), { code: 0 })
  t.equal(mails().length, 1, 'once')
})

t.test('a mail that cannot be delivered fails no command, and the operator is told', async t => {
  const closed = createServer()
  await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise(resolve => closed.close(resolve))
  const smtp = `mail: { from: gate@example.com, smtp: { host: 127.0.0.1, port: ${port}, tls: none } }\n`
  const { users } = await deployment(t, smtp)
  t.match(await users('disable alice --yes'), {
    code: 0,
    out: /alice is disabled/,
    err: /The mail that tells alice of it was not delivered: .*ECONNREFUSED/,
  })
})
