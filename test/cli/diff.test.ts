import t, { type Test } from 'tap'
import { Readable } from 'node:stream'
import { run } from '../../src/cli/diff.js'
import { testIo, type TestIoOptions } from './test-io.js'

const OLD = `public_url: https://auth.example.com
secret: { file: /run/secrets/that-nobody-can-read }
tls: { cert: gone.pem, key: gone.key }
session: { domain: example.com }
users: { file: users.yaml }
apps:
  - name: wiki
    host: wiki.example.com
    upstream: { url: 'https://wiki.internal', ca: gone.pem }
    routes:
      - path: /assets/**
        access: required
      - path: /admin/**
        access: required
        groups: [ops]
      - path: /reports/**
        access: bypassed
        reason: the kiosk has no phone
        users: [kiosk]
  - name: board
    host: board.example.com
    upstream: http://board:3000
`
const NEW = OLD.replace('access: required', 'methods: [GET]\n        access: public')
  .replace('groups: [ops]', 'groups: [ops]\n        step_up: { max_age: 5m }')
  .replace('http://board:3000', 'http://board2:3000')

async function compare(
  t: Test,
  args: string,
  files: Readonly<Record<string, string>> = {},
  options: TestIoOptions = {},
  input = '',
) {
  const cwd = t.testdir({ 'old.yaml': OLD, 'new.yaml': NEW, ...files })
  const io = {
    ...testIo(cwd, options),
    openFile: () => ({ bytes: undefined, open: () => Readable.from([Buffer.from(input)]) }),
  }
  const code = await run(args.split(' '), io)
  return { code, ...io.written }
}

t.test('each difference is told with its places, for whom, and an example', async t => {
  const { code, out, err } = await compare(t, 'old.yaml new.yaml')
  t.equal(code, 0)
  t.equal(err, '', 'secrets and certificates that cannot be read are not missed')
  const blocks = out.split('\n\n')
  t.match(blocks[0]?.split('\n').slice(0, 4), [
    /^MORE OPEN    wiki  \/assets\/\*\*  GET, HEAD$/,
    /^    required → public  \(old\.yaml:11 → new\.yaml:11\)$/,
    /^    anybody, without a login: login → allow$/,
    /^      e\.g\. GET https:\/\/wiki\.example\.com\/assets as nobody, from 192\.0\.2\.1$/,
  ])
  t.match(
    blocks[1],
    /^MORE CLOSED {2}wiki {2}\/admin\/\*\* {2}any method\n.*step_up within 5m {2}\(old.yaml:13 → new.yaml:14\)/,
  )
  t.match(blocks[1], 'anybody in group ops, with a second factor, shown more than 5m ago')
  t.match(blocks[2], 'anybody logged in, with a second factor: allow, and the app is no longer told who asks')
  t.match(blocks[3], 'OTHER UPSTREAM  board  http://board:3000 → http://board2:3000')
  t.equal(blocks[4], '1 more open, 1 more closed, 1 changed otherwise, 1 with another upstream.\n')
  t.notMatch(out, /remembered/, 'browsers are not remembered by these files')
})

t.test('the same file twice', async t => {
  t.same(await compare(t, 'old.yaml old.yaml --fail-on any'), {
    code: 0,
    out: 'Nothing became more open.\nNothing became more closed.\n',
    err: '',
  })
})

t.test('--fail-on', async t => {
  const codes = async (line: string) => {
    const ends = ['', ' --fail-on opened', ' --fail-on closed', ' --fail-on any']
    return Promise.all(ends.map(async end => (await compare(t, line + end)).code))
  }
  t.same(await codes('old.yaml new.yaml'), [0, 1, 1, 1])
  const closed = OLD.replace('access: required', 'access: denied')
  t.same((await compare(t, 'old.yaml closed.yaml --fail-on opened', { 'closed.yaml': closed })).code, 0)
  t.match(
    (await compare(t, 'old.yaml closed.yaml', { 'closed.yaml': closed })).out,
    'Nothing became more open.\n',
  )
  const files = { 'a.yaml': OLD.replace('path: /assets/**', "path_regex: '/\\bassets'"), 'b.yaml': OLD }
  const doubtful = await compare(t, 'a.yaml b.yaml --fail-on opened', files)
  t.match(
    doubtful,
    { code: 1, out: /Not certain: path_regex .*\n.*as far as could be compared/s },
    'a doubt fails',
  )
})

t.test('the standard input, and answers for programs', async t => {
  const { code, out } = await compare(t, '- new.yaml --json', {}, {}, OLD)
  t.equal(code, 0)
  t.match(JSON.parse(out), {
    opened: 1,
    closed: 1,
    changed: 1,
    certain: true,
    differences: [
      {
        direction: 'opened',
        methods: 'GET, HEAD',
        before: { app: 'wiki', pattern: '/assets/**', place: { file: 'standard input', line: 11 } },
        changes: [
          { from: 'login', to: 'allow', witness: { url: 'https://wiki.example.com/assets', caller: null } },
          {
            from: 'mfa',
            to: 'allow',
            witness: { caller: { proofs: [{ method: 'password', ageSeconds: 0 }] } },
          },
        ],
      },
    ],
    upstreams: [{ app: 'board', witness: { method: 'GET' } }],
    doubts: [],
  })
})

t.test('errors of either file, and what is not understood', async t => {
  const broken = await compare(t, 'old.yaml broken.yaml', {
    'broken.yaml': OLD.replace('path: /admin', 'pth: /admin'),
  })
  t.match(broken, { code: 1, out: '', err: /^broken\.yaml:13:\d+: error: .*path/ })
  t.match(await compare(t, 'gone.yaml new.yaml'), {
    code: 1,
    err: /gone\.yaml:1:1: error: the file cannot be read/,
  })
  for (const line of ['old.yaml', 'old.yaml new.yaml more', '- -', 'old.yaml new.yaml --fail-on worse'])
    t.match(await compare(t, line), { code: 2, out: '', err: /gatehouse diff OLD NEW/ }, line)
  t.match(await compare(t, '--help'), { code: 0, out: /gatehouse diff OLD NEW/ })
})

t.test('colours on a terminal that wants them', async t => {
  t.match((await compare(t, 'old.yaml new.yaml', {}, { person: true })).out, '\u001b[31mMORE OPEN')
  t.notMatch(
    (await compare(t, 'old.yaml new.yaml', {}, { person: true, env: { NO_COLOR: '1' } })).out,
    '\u001b',
  )
})
