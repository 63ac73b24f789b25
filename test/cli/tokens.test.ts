import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/tokens.js'
import { createApiTokens } from '../../src/credentials/api-tokens.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { usersYaml } from '../harness/demo-users.js'
import { testIo, type TestIoOptions } from './test-io.js'

const GATEWAY = `public_url: https://auth.example.com
users: { file: users.yaml }
session: { domain: example.com }
apps:
  - name: wiki
    host: wiki.example.com
    upstream: http://127.0.0.1:3000
    routes:
      - path: /export/**
        access: required
        tokens: [export:read]
  - name: calendar
    host: calendar.example.com
    upstream: http://127.0.0.1:3001
`
const NOW = Date.UTC(2027, 0, 15, 8)

async function deployment(t: Test) {
  const cwd = t.testdir({
    'gateway.yaml': GATEWAY,
    'users.yaml': await usersYaml([{ name: 'alice' }, { name: 'bob' }]),
  })
  const tokens = async (line: string, options: TestIoOptions = {}) => {
    const io = testIo(cwd, options)
    const code = await run(line.split(' '), io)
    return { code, ...io.written }
  }
  const list = async () =>
    JSON.parse((await tokens('list --json')).out) as { reference: string; name: string }[]
  /** What a gateway that runs on the same store makes of a token. */
  const find = async (token: string) => {
    const store = openLmdbStore({ directory: join(cwd, 'data'), now: () => NOW })
    const found = await createApiTokens({ store, now: () => NOW, random: randomBytes }).find(token)
    await store.close()
    return found
  }
  return { cwd, tokens, list, find }
}

t.test('create prints the token alone, and a running gateway knows it', async t => {
  const { tokens, find, list } = await deployment(t)
  const made = await tokens('create backup --scope export:read --app wiki --path /export/** --expires 30d')
  t.match(made, { code: 0, out: /^gh_[A-Za-z0-9_-]{49}\n$/, err: /good until 2027-02-14T08:00:00.000Z/ })
  const token = made.out.trim()
  t.match(await find(token), {
    name: 'backup',
    owner: { kind: 'machine' },
    scopes: ['export:read'],
    apps: ['wiki'],
    paths: ['/export/**'],
    expiresAt: Date.UTC(2027, 1, 14, 8),
  })
  t.notMatch(made.err, token.slice(3, 40))
  t.match(made.err, '"audit":"operator.command"')
  t.notMatch(JSON.stringify(await list()), token.slice(3, 40))
})

t.test('a token of a user is under the canonical name, for ninety days if nothing else is said', async t => {
  const { tokens, find } = await deployment(t)
  const made = await tokens('create calendar --user Alice --scope export:read --scope dav', { person: true })
  t.match(await find(made.out.trim()), {
    owner: { kind: 'user', subject: 'alice' },
    scopes: ['export:read', 'dav'],
    apps: undefined,
    paths: undefined,
    expiresAt: NOW + 90 * 86_400_000,
  })
  t.notMatch(made.err, 'operator.command', 'a person is spared the audit line')
  t.match(made.err, 'No route names the scope "dav" yet')
  t.notMatch(made.err, 'No route names the scope "export:read"')
})

t.test('create refuses what cannot be, says why, and makes nothing', async t => {
  const { tokens, cwd } = await deployment(t)
  for (const [line, code, err] of [
    ['create', 2, 'Something is missing'],
    ['create backup', 2, 'add --scope'],
    ['create backup --scope x --expires soon', 2, '--expires is a time'],
    ['create backup --scope x --expires 0d', 2, '--expires is a time'],
    ['create backup extra --scope x', 2, 'one word too many'],
    ['create backup --scope x --user alcie', 1, 'Did you mean "alice"?'],
    ['create backup --scope x --app wikki', 1, 'Did you mean "wiki"?'],
    ['create backup --scope x --app nothing-like-it', 1, 'There are: wiki, calendar.'],
    ['create backup --scope x --path reports', 1, 'a path begins with "/"'],
    ['create alice --scope x', 1, 'add --user alice'],
  ] as const)
    t.match(await tokens(line), { code, out: '', err }, line)
  t.notOk(existsSync(join(cwd, 'data')), 'no store is made for it')
  for (const [line, err] of [
    ['create Backup --scope x', 'lower-case'],
    ['create backup --scope x --expires 367d', 'at most 366 days'],
    ['create backup --scope *', 'A scope has'],
    ['create calendar --user alice --scope authenticate', 'for machines only'],
  ] as const)
    t.match(await tokens(line), { code: 1, out: '', err }, line)
  t.same(await tokens('list --json'), { code: 0, out: '[]\n', err: '' })
})

t.test('list shows every token, for people and for programs', async t => {
  const { tokens, list } = await deployment(t)
  t.match(await tokens('list'), { code: 0, out: /^REFERENCE +NAME +USER[^\n]*\n$/ })
  await tokens('create backup --scope authenticate')
  await tokens('create feeds --user alice --scope export:read --app wiki --path /export/**')
  t.match(await list(), [
    {
      reference: /^[A-Za-z0-9_-]{22}$/,
      name: 'backup',
      user: null,
      scopes: ['authenticate'],
      apps: null,
      paths: null,
      created: '2027-01-15T08:00:00.000Z',
      expires: '2027-04-15T08:00:00.000Z',
      last_used: null,
    },
    { name: 'feeds', user: 'alice', scopes: ['export:read'], apps: ['wiki'], paths: ['/export/**'] },
  ])
  const { out } = await tokens('list')
  t.match(out, /^\S{22} {2}backup +\(machine\) +authenticate +2027-04-15 +never$/m)
  t.match(out, /^\S{22} {2}feeds +alice +export:read +wiki \/export\/\*\* +2027-04-15 +never$/m)
})

t.test('revoke ends a token by its reference, and never repeats what was typed', async t => {
  const { tokens, list, find } = await deployment(t)
  t.match(await tokens('revoke AAAAAAAAAAAAAAAAAAAAAA'), { code: 1, out: '', err: 'There is no token' })
  const token = (await tokens('create backup --scope export:read')).out.trim()
  const wrong = await tokens(`revoke ${token}`)
  t.match(wrong, { code: 1, out: '' })
  t.notMatch(wrong.err, token)
  t.ok(await find(token))
  const [made] = await list()
  const revoked = await tokens(`revoke ${made?.reference ?? ''}`)
  t.match(revoked, { code: 0, out: /^The token backup is revoked/, err: '"command":"tokens revoke"' })
  t.equal(await find(token), undefined)
  t.same(await list(), [])
})

t.test('what is no subcommand ends with 2', async t => {
  const { tokens } = await deployment(t)
  t.match(await tokens(''), { code: 2, err: 'Do what with tokens?' })
  t.match(await tokens('frobnicate'), { code: 2, err: '"tokens frobnicate" is not a command' })
  for (const line of ['create --help', 'list -h', 'revoke --help', '--help'])
    t.match(await tokens(line), { code: 0, out: /^gatehouse tokens/ }, line)
})
