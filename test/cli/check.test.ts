import t from 'tap'
import { readFileSync } from 'node:fs'
import { run } from '../../src/cli/check.js'

const USERS = readFileSync(new URL('../../config/examples/users.example.yaml', import.meta.url), 'utf8')
const SOUND =
  'public_url: https://wiki.example.com\nupstream: http://127.0.0.1:3000\nusers: { file: users.yaml }\n'

function refused(): never {
  throw new Error('check only reads')
}

async function check(files: Readonly<Record<string, string>>, ...args: readonly string[]) {
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
    writeFile: refused,
    ask: refused,
    askSecret: refused,
    untilStopped: refused,
    onHangup: refused,
    random: refused,
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

t.test('--help explains, and what is not understood ends with 2', async t => {
  t.match(await check({}, '--help'), { code: 0, out: /gatehouse check/ })
  t.match(await check({}, '--verbose'), { code: 2, out: '', err: /--verbose[^]*gatehouse check/ })
  t.match(await check({}, 'extra'), { code: 2 })
})
