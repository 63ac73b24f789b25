import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run as check } from '../../src/cli/check.js'
import { run } from '../../src/cli/init.js'
import { testIo, type TestIoOptions } from './test-io.js'

const GOOD = 'a password that is long enough'
const FLAGS = ['--upstream', 'http://127.0.0.1:3000', '--user', 'alice', '--public-url']

async function init(cwd: string, args: readonly string[], options: TestIoOptions) {
  const io = testIo(cwd, options)
  const code = await run(args, io)
  return { code, ...io.written, asked: io.asked }
}

/** What `check` says of the files in a folder. */
async function verdict(cwd: string) {
  const io = testIo(cwd)
  return { code: await check([], io), out: io.written.out }
}

t.test('a script gives three flags and the password, and the files pass check', async t => {
  const cwd = t.testdir()
  const made = await init(cwd, [...FLAGS, 'https://wiki.example.com'], { lines: [GOOD] })
  t.match(made, { code: 0, out: /gatehouse check\n {2}gatehouse serve\n.*X-Forwarded-Proto.*explain/s })
  t.same(readdirSync(cwd).sort(), ['gateway.yaml', 'secret', 'users.yaml'])
  for (const name of readdirSync(cwd)) t.equal(statSync(join(cwd, name)).mode & 0o077, 0, name)
  const text = readFileSync(join(cwd, 'gateway.yaml'), 'utf8')
  t.match(text, /^# yaml-language-server: \$schema=.*gateway\.schema\.json\n/)
  t.match(text, 'trusted_proxies: [127.0.0.1]', 'otherwise nobody could log in behind a proxy')
  t.notMatch(text + readFileSync(join(cwd, 'users.yaml'), 'utf8'), GOOD)
  t.match(await verdict(cwd), { code: 0, out: /1 app with 0 routes, for 1 user\. 0 errors, 0 warnings/ })
})

t.test('a person is asked little, and again where an answer cannot be', async t => {
  const cwd = t.testdir()
  const lines = [
    'http://wiki.example.com',
    '',
    'localhost:3000',
    'http://localhost:3000',
    'alice',
    GOOD,
    GOOD,
  ]
  const made = await init(cwd, [], { person: true, lines })
  t.match(made, { code: 0, err: /write https:\/\/wiki\.example\.com.*does not begin with http/s })
  t.same(made.asked, [
    'Where will people reach it? [http://localhost:8080] ',
    'Where will people reach it? [http://localhost:8080] ',
    'Where does the app listen? [http://127.0.0.1:3000] ',
    'Where does the app listen? [http://127.0.0.1:3000] ',
    'Name of the first user? ',
    'New password of alice: ',
    'The same again: ',
  ])
  const text = readFileSync(join(cwd, 'gateway.yaml'), 'utf8')
  t.match(text, /\npublic_url: http:\/\/localhost:8080\n/)
  t.match(text, /\nlisten: 127\.0\.0\.1:8080\n/)
  t.notMatch(text, 'trusted_proxies')
  t.match(await verdict(cwd), { code: 0 })
})

t.test('an input that has ended is not asked for ever', async t => {
  const cwd = t.testdir()
  const made = await init(cwd, [], { person: true })
  t.match(made, { code: 1, asked: { length: 5 } })
  t.same(readdirSync(cwd), [])
})

t.test('nothing is ever overwritten', async t => {
  for (const name of ['gateway.yaml', 'users.yaml', 'secret']) {
    const cwd = t.testdir({ [name]: 'precious' })
    const made = await init(cwd, [...FLAGS, 'http://localhost:8080'], { lines: [GOOD] })
    t.match(made, { code: 1, err: `Already there: ${name}.` })
    t.same(readdirSync(cwd), [name])
    t.equal(readFileSync(join(cwd, name), 'utf8'), 'precious')
  }
})

t.test('a bad flag, user name or password writes nothing', async t => {
  const cwd = t.testdir()
  const url = 'http://localhost:8080'
  const bad: readonly (readonly [readonly string[], string, RegExp])[] = [
    [[...FLAGS, 'http://wiki.example.com'], GOOD, /write https/],
    [[...FLAGS, url, '--upstream', 'http://127.0.0.1:3000/app'], GOOD, /has a path/],
    [[...FLAGS, url, '--upstream', url], GOOD, /is the gateway itself/],
    [[...FLAGS, url, '--upstream', 'http://x\n#'], GOOD, /control character/],
    [[...FLAGS, url, '--user', ' '], GOOD, /cannot be a user name/],
    [[...FLAGS, url], 'short', /at least 8 characters/],
  ]
  for (const [args, password, why] of bad)
    t.match(await init(cwd, args, { lines: [password] }), { code: 1, err: why }, String(why))
  t.same(readdirSync(cwd), [])
})

t.test('addresses of every kind make a sound file', async t => {
  const urls = [
    'http://localhost',
    'http://[::1]:8080',
    'http://127.0.0.5:81',
    'https://localhost:8443',
    'https://192.0.2.7/',
  ]
  for (const url of urls) {
    const cwd = t.testdir()
    t.match(
      await init(cwd, [...FLAGS, url, '--upstream', 'https://[fd00::1]:8080'], { lines: [GOOD] }),
      { code: 0 },
      url,
    )
    t.match(await verdict(cwd), { code: 0 }, url)
  }
})

t.test(
  '--config says where; what is missing in a script is a usage error, as is what is unknown',
  async t => {
    const cwd = t.testdir({ conf: {} })
    const args = [...FLAGS, 'http://localhost:8080', '--config', 'conf/my.yaml']
    t.match(await init(cwd, args, { lines: [GOOD] }), {
      code: 0,
      out: 'gatehouse serve --config conf/my.yaml',
    })
    t.same(readdirSync(join(cwd, 'conf')).sort(), ['my.yaml', 'secret', 'users.yaml'])
    t.match(await init(cwd, ['--user', 'alice'], {}), {
      code: 2,
      err: /give --public-url, --upstream as well/,
    })
    t.match(await init(cwd, ['--what'], {}), { code: 2, err: /gatehouse init/ })
    t.match(await init(cwd, ['--help'], {}), { code: 0, out: /gatehouse init/, err: '' })
  },
)
