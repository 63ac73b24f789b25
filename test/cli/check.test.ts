import t from 'tap'
import { readFileSync } from 'node:fs'
import { run } from '../../src/cli/check.js'

const USERS = readFileSync(new URL('../../config/examples/users.example.yaml', import.meta.url), 'utf8')
const SOUND =
  'public_url: https://wiki.example.com\nupstream: http://127.0.0.1:3000\nusers: { file: users.yaml }\n'

function refused(): never {
  throw new Error('check only reads')
}

function check(files: Readonly<Record<string, string>>, ...args: readonly string[]) {
  return checkWithModes(files, {}, ...args)
}

/** The same with permission bits by name; a name that ends with a slash is a directory. */
async function checkWithModes(
  files: Readonly<Record<string, string>>,
  modes: Readonly<Record<string, number>>,
  ...args: readonly string[]
) {
  const written = { out: '', err: '' }
  const code = await run(args, {
    stdout: text => {
      written.out += text
    },
    stderr: text => {
      written.err += text
    },
    readFile: name => {
      const text = new Map(Object.entries(files)).get(name)
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      return text
    },
    rightsOf: name => {
      const isDirectory = modes[`${name}/`] !== undefined
      const mode = modes[isDirectory ? `${name}/` : name]
      return mode === undefined ? undefined : { mode, isDirectory, inVolume: name.includes('/volume/') }
    },
    openFile: refused,
    writeFile: refused,
    ask: refused,
    askSecret: refused,
    untilStopped: refused,
    onHangup: refused,
    onUncaught: refused,
    crew: { number: undefined, processors: 1, start: refused, tell: refused, onAsked: refused },
    random: refused,
    errorIsTTY: false,
    asksPerson: false,
    env: {},
    now: () => Date.parse('2026-11-22T12:00:00Z'),
    isTTY: false,
    cwd: '/srv',
  })
  return { code, ...written }
}

t.test('a sound file: one line that says what is protected', async t => {
  t.same(await check({ '/srv/gateway.yaml': SOUND, '/srv/users.yaml': USERS }), {
    code: 0,
    out: 'gateway.yaml is sound: it protects 1 app with 0 routes, for 3 users. 0 errors, 0 warnings.\n',
    err: '',
  })
})

t.test('a broken file: every problem with place and cure, how many, and exit code 1', async t => {
  const { code, out } = await check(
    { '/srv/conf/g.yaml': `${SOUND}lisen: x\nmfa: { enrolment: no }\n` },
    '--config',
    'conf/g.yaml',
  )
  t.equal(code, 1)
  t.match(out, 'conf/g.yaml:4:1: error: "lisen" is not a setting of this file. Did you mean "listen"?')
  t.match(out, 'conf/g.yaml:5:19: error: "no" is not a value of "enrolment"')
  t.match(out, /Cure: write one of first_login, ticket/)
  t.match(out, /2 errors, 0 warnings\. The gateway does not start with an error\.\n$/)
})

t.test('a warning is told, and is no error', async t => {
  const old = `${SOUND}routes: [{ path: /a, access: bypassed, reason: x, until: 2020-01-01 }]\n`
  const { code, out } = await check({ '/srv/gateway.yaml': old, '/srv/users.yaml': USERS })
  t.equal(code, 0)
  t.match(out, /gateway\.yaml:4:\d+: warning: 2020-01-01 has passed/)
  t.match(out, /1 app with 1 route, for 3 users\. 0 errors, 1 warning\.\n$/)
})

t.test('the users file is checked too, and no hash is shown', async t => {
  const broken = USERS.replace('mfa: disabled', 'mfa: sometimes').replace(/\$argon2id/, 'hunter2')
  const { code, out } = await check({ '/srv/gateway.yaml': SOUND, '/srv/users.yaml': broken })
  t.equal(code, 1)
  t.match(out, /users\.yaml:\d+:\d+: error: /)
  t.match(out, /2 errors, 0 warnings/)
  t.notMatch(out, /hunter2|argon2id\$v/)
})

t.test('the shadow policy is checked too, and the gateway starts without it', async t => {
  const files = { '/srv/gateway.yaml': `${SOUND}shadow: next.yaml\n`, '/srv/users.yaml': USERS }
  const broken = await check({ ...files, '/srv/next.yaml': `${SOUND}lisen: x\n` })
  t.equal(broken.code, 1)
  t.match(broken.out, /^next\.yaml:4:1: error: "lisen"/)
  t.match(broken.out, /1 error, .*The gateway starts, but not with what is broken beside gateway\.yaml\.\n$/)
  t.match(await check(files), { code: 1, out: /next\.yaml:1:1: error: the file cannot be read \(ENOENT\)/ })
  t.match(await check({ ...files, '/srv/next.yaml': SOUND }), { code: 0, out: /is sound/ })
})

t.test('a users file that is not there', async t => {
  const { code, out } = await check({ '/srv/gateway.yaml': SOUND })
  t.equal(code, 1)
  t.match(
    out,
    /users\.yaml:1:1: error: the file cannot be read \(ENOENT\)\n {2}Cure: make it with "gatehouse users add/,
  )
})

t.test('a configuration that is not there', async t => {
  const { code, out } = await check({}, '--config', '/elsewhere/g.yaml')
  t.equal(code, 1)
  t.match(out, '/elsewhere/g.yaml:1:1: error: the file cannot be read (ENOENT)')
})

t.test('--json gives the same to a program', async t => {
  const { code, out } = await check({ '/srv/gateway.yaml': 'public_url: 7\n' }, '--json')
  t.equal(code, 1)
  t.match(JSON.parse(out), { ok: false, problems: [{ severity: 'error', file: 'gateway.yaml', line: 1 }] })
  const sound = await check({ '/srv/gateway.yaml': SOUND, '/srv/users.yaml': USERS }, '--json')
  t.same([sound.code, JSON.parse(sound.out)], [0, { ok: true, problems: [] }])
})

const CROSSING = `${SOUND}routes:
  - { path: "/*/help", access: public }
  - { path: /admin/**, access: required, groups: [opps] }
`

t.test(
  'a policy that works and is probably not meant: warnings with both places, and exit code 0',
  async t => {
    const { code, out } = await check({ '/srv/gateway.yaml': CROSSING, '/srv/users.yaml': USERS })
    t.equal(code, 0)
    t.equal(
      out,
      `gateway.yaml:5:5: warning: GET /admin/help needs no login, although /admin/** on line 6 asks for login and second factor, the group opps: this route comes first
    5 |   - { path: "/*/help", access: public }
      |     ^
  See gateway.yaml:6:5: /admin/** asks for login and second factor, the group opps
    6 |   - { path: /admin/**, access: required, groups: [opps] }
      |     ^
  Cure: move line 6 above line 5; if GET /admin/help is meant so, give /admin/help a route of its own above both

gateway.yaml:6:51: warning: no user of the users file is in the group "opps": this entry lets nobody in
    6 |   - { path: /admin/**, access: required, groups: [opps] }
      |                                                   ^
  Cure: write ops, or give a user this group in the users file

gateway.yaml is sound: it protects 1 app with 2 routes, for 3 users. 0 errors, 2 warnings.
`,
    )
  },
)

t.test('--strict: a warning counts as an error', async t => {
  const files = { '/srv/gateway.yaml': CROSSING, '/srv/users.yaml': USERS }
  const { code, out } = await check(files, '--strict')
  t.equal(code, 1)
  t.match(
    out,
    /gateway\.yaml works: it protects 1 app .* 0 errors, 2 warnings, and with --strict a warning counts/,
  )
  t.match(JSON.parse((await check(files, '--strict', '--json')).out), { ok: false })
  t.match(JSON.parse((await check(files, '--json')).out), {
    ok: true,
    problems: [{ related: [{ file: 'gateway.yaml', line: 6, column: 5, says: /asks for/ }] }, {}],
  })
  const sound = { '/srv/gateway.yaml': SOUND, '/srv/users.yaml': USERS }
  t.match(await check(sound, '--strict'), { code: 0, out: /is sound: .* 0 warnings \(--strict\)\.\n$/ })
})

t.test('--format github: one annotation for each problem, in one line, escaped', async t => {
  const files = { '/srv/a,b:c%.yaml': CROSSING, '/srv/users.yaml': USERS }
  const { code, out } = await check(files, '--config', 'a,b:c%.yaml', '--format', 'github')
  t.equal(code, 0)
  const [first, second, last, ...others] = out.split('\n')
  t.equal(
    first,
    '::warning file=a%2Cb%3Ac%25.yaml,line=5,col=5,title=gatehouse check%3A warning::GET /admin/help needs no login, ' +
      'although /admin/** on line 6 asks for login and second factor, the group opps: this route comes first%0ASee ' +
      'a,b:c%25.yaml:6:5: /admin/** asks for login and second factor, the group opps%0ACure: move line 6 above line 5; ' +
      'if GET /admin/help is meant so, give /admin/help a route of its own above both',
  )
  t.match(second, /^::warning file=.*,line=6,col=51,title=[^:]*::no user of the users file/)
  t.match(last, /is sound: it protects/)
  t.same(others, [''])
  const broken = await check({ '/srv/gateway.yaml': 'lisen: x\n' }, '--format', 'github')
  t.match(broken, {
    code: 1,
    out: /^::error file=gateway\.yaml,line=1,col=1,title=gatehouse check%3A error::/m,
  })
})

t.test('an app without cases is told once there are some, in the file or beside it', async t => {
  const two = `public_url: https://a.example.com
session: { domain: example.com }
users: { file: users.yaml }
apps:
  - { name: a, host: a.example.com, upstream: "http://a:1" }
  - { name: b, host: b.example.com, upstream: "http://b:1" }
`
  const files = { '/srv/gateway.yaml': two, '/srv/users.yaml': USERS }
  t.match(await check(files), { code: 0, out: /0 warnings/ })
  const cases = '  - { get: "https://a.example.com/", as: anonymous, expect: login }\n'
  const inFile = await check({ ...files, '/srv/gateway.yaml': `${two}tests:\n${cases}` })
  t.match(inFile, { code: 0, out: /gateway\.yaml:6:13: warning: no case of "tests" asks the app b:/ })
  const beside = await check({ ...files, '/srv/gateway.tests.yaml': `tests:\n${cases}` })
  t.match(beside, { code: 0, out: /no case of "tests" asks the app b: .*\n[^]*0 errors, 1 warning\./ })
  const broken = await check({ ...files, '/srv/gateway.tests.yaml': 'tests: 7\n' })
  t.match(broken, { code: 1, out: /gateway\.tests\.yaml:1:8: error: / })
})

t.test('--help explains, and what is not understood ends with 2', async t => {
  t.match(await check({}, '--help'), { code: 0, out: /gatehouse check/ })
  t.match(await check({}, '--verbose'), { code: 2, out: '', err: /--verbose[^]*gatehouse check/ })
  t.match(await check({}, 'extra'), { code: 2 })
  t.match(await check({}, '--format', 'xml'), {
    code: 2,
    out: '',
    err: /--format is one of text, json, github/,
  })
  t.match(await check({}, '--json', '--format', 'github'), { code: 2, out: '' })
})

const GUARDED = `public_url: https://wiki.example.com
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
secret: [{ file: /run/volume/new }, { file: old }]
audit: { file: audit.jsonl }
mail: { from: gate@example.com, smtp: { host: mail.example.com, username: gate, password: { file: smtp } } }
`

t.test('a file with secrets that others may read is a warning with its cure', async t => {
  const files = {
    '/srv/gateway.yaml': GUARDED,
    '/srv/users.yaml': USERS,
    '/run/volume/new': '9z8y7x6w5v4u3t2s1r0q9p8o7n6m5l4k3j2i1h0g9f8e7d6c',
    '/srv/old': 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4',
    '/srv/smtp': 'the word that the server knows',
  }
  const modes = {
    '/srv/users.yaml': 0o100644,
    '/run/volume/new': 0o100644,
    '/srv/old': 0o100640,
    '/srv/smtp': 0o100604,
    '/srv/data/': 0o040755,
    '/srv/audit.jsonl': 0o100644,
  }
  const { code, out } = await checkWithModes(files, modes)
  t.equal(code, 0)
  for (const told of [
    /gateway.yaml:3:16: warning: everybody on this machine may read users.yaml \(mode 0644\): .*hashes.*chmod 600 \/srv\/users.yaml/s,
    /gateway.yaml:4:.* may read \/run\/volume\/new \(mode 0644\).*defaultMode: 0400/s,
    /gateway.yaml:4:.* its group may read old \(mode 0640\).*chmod 600 \/srv\/old/s,
    /gateway.yaml:5:.* may read audit.jsonl.*chmod 640 \/srv\/audit.jsonl/s,
    /gateway.yaml:6:.* may read smtp/,
    /may read data \(mode 0755\).*chmod 700 \/srv\/data/s,
  ])
    t.match(out, told)
  t.equal((await checkWithModes(files, modes, '--strict')).code, 1)
  const annotated = await checkWithModes(files, modes, '--format', 'github')
  t.match(annotated.out, /^::warning file=gateway.yaml,line=3,.*users.yaml \(mode 0644\)/m)
  const { problems } = JSON.parse((await checkWithModes(files, modes, '--json')).out) as {
    problems: unknown[]
  }
  t.equal(problems.length, 6)
})

t.test('files for their owner are in order, and so is what a group is meant to read', async t => {
  const yaml = { '/srv/gateway.yaml': `${SOUND}audit: { file: audit.jsonl }\n`, '/srv/users.yaml': USERS }
  const modes = { '/srv/users.yaml': 0o100600, '/srv/audit.jsonl': 0o100640, '/srv/data/': 0o040700 }
  t.match(await checkWithModes(yaml, modes, '--strict'), { code: 0, out: /is sound/ })
  const generated = { ...modes, '/srv/data/secret': 0o100644 }
  t.match(await checkWithModes(yaml, generated), {
    out: /gateway.yaml:.*may read data\/secret \(mode 0644\)/,
  })
})
