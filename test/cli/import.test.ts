import t, { type Test } from 'tap'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run as check } from '../../src/cli/check.js'
import { run as importFrom } from '../../src/cli/import.js'
import { run as test } from '../../src/cli/test.js'
import { testIo } from './test-io.js'

const USERS = readFileSync(new URL('../../config/examples/users.example.yaml', import.meta.url), 'utf8')

const AUTHELIA = `session:
  secret: hunter2
  cookies: [{ domain: example.com, authelia_url: 'https://auth.example.com' }]
authentication_backend: { file: { path: users.yaml } }
access_control:
  default_policy: deny
  networks: [{ name: office, networks: [10.0.0.0/8] }]
  rules:
    - { domain: wiki.example.com, resources: '^/assets([/?].*)?$', methods: [GET, HEAD], policy: bypass }
    - { domain: wiki.example.com, resources: '^/admin', subject: 'group:ops', policy: two_factor }
    - { domain: wiki.example.com, resources: '^/admin', policy: deny }
    - { domain: wiki.example.com, networks: office, policy: one_factor }
    - { domain: wiki.example.com, policy: two_factor }
    - { domain: mail.example.com, subject: ['user:ann', 'user:bob'], policy: two_factor }
`
const NGINX = `server {
  server_name wiki.example.com;
  location = /auth { internal; proxy_pass http://127.0.0.1:9091; }
  location / { auth_request /auth; proxy_pass http://127.0.0.1:3000; }
  location /assets { proxy_pass http://127.0.0.1:3000; }
  location = /healthz { proxy_pass http://127.0.0.1:3000; }
  location ~ \\.php$ { deny all; proxy_pass http://127.0.0.1:3000; }
}
`
const UPSTREAMS = [
  '--upstream',
  'wiki.example.com=http://wiki:3000',
  '--upstream',
  'mail.example.com=http://mail:80',
]

async function imported(t: Test, files: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const cwd = t.testdir({ 'users.yaml': USERS, ...files })
  const io = testIo(cwd)
  const code = await importFrom(args, io)
  const read = (name: string): string => readFileSync(join(cwd, name), 'utf8')
  return { cwd, code, ...io.written, read }
}

/** What check and test say of the files that were written. */
async function tried(cwd: string) {
  const [checking, testing] = [testIo(cwd), testIo(cwd)]
  return {
    check: await check([], checking),
    test: await test(['--coverage'], testing),
    said: testing.written.out,
    checked: checking.written.out,
  }
}

t.test('Authelia: all of it carried over, the files are sound, and every case passes', async t => {
  const { cwd, code, out, err, read } = await imported(
    t,
    { 'configuration.yml': AUTHELIA },
    'authelia',
    'configuration.yml',
    ...UPSTREAMS,
  )
  t.same([code, err], [0, ''])
  t.match(
    out,
    /gateway\.yaml is written, and gateway\.tests\.yaml with \d+ cases: the gateway decides all of them alike\./,
  )
  t.notMatch(out, /Not carried over|hunter2/)
  t.match(read('gateway.yaml'), /# line 9: rule 1 \(bypass\)/)
  const after = await tried(cwd)
  t.equal(after.check, 0, after.checked)
  t.equal(after.test, 0, after.said)
  t.match(after.said, /^[1-9]\d* passed, 0 failed/m)
})

t.test('nginx: what is stricter is told with place, reason and cure, and by the names of cases', async t => {
  const { cwd, code, out, read } = await imported(
    t,
    { 'wiki.conf': NGINX },
    'nginx',
    'wiki.conf',
    '--out',
    '.',
  )
  t.equal(code, 1)
  t.match(out, /Not carried over \(3\):/)
  t.match(out, /wiki\.conf:6:3: wiki\.example\.com, location = \/healthz: it is left out for \/healthz/)
  t.match(out, /Cure: .*--loose/)
  t.match(out, /the gateway is stricter in \d+ of them/)
  t.match(
    read('gateway.tests.yaml'),
    /healthz, as: anonymous, expect: login, name: 'stricter than nginx, which let it through'/,
  )
  const after = await tried(cwd)
  t.same([after.check, after.test], [0, 0], after.said + after.checked)
  const loose = await imported(t, { 'wiki.conf': NGINX }, 'nginx', 'wiki.conf', '--loose')
  t.equal(loose.code, 0, loose.out)
  t.match(loose.out, 'None is more open, but for what relied on a query or on a slash at the end.')
})

t.test('oauth2-proxy: flags behind "--"', async t => {
  const flags = [
    '--redirect-url=https://wiki.example.com/oauth2/callback',
    '--upstream=http://127.0.0.1:3000',
    '--skip-auth-route=GET=^/pub',
  ]
  const { cwd, code, out } = await imported(t, {}, 'oauth2-proxy', '-', '--', ...flags)
  t.equal(code, 1)
  t.match(out, /the identity provider is not carried over/)
  const after = await tried(cwd)
  t.same([after.check, after.test], [0, 0], after.said + after.checked)
})

t.test('nothing is overwritten, and nothing half written', async t => {
  const files = { 'configuration.yml': AUTHELIA, 'gateway.tests.yaml': 'mine' }
  const { code, err, read } = await imported(t, files, 'authelia', 'configuration.yml')
  t.equal(code, 1)
  t.match(err, 'Already there: gateway.tests.yaml. Nothing is overwritten')
  t.equal(read('gateway.tests.yaml'), 'mine')
  t.throws(() => read('gateway.yaml'))
})

t.test('what is not understood ends with 2', async t => {
  const files = { 'broken.yml': 'a: [', 'nginx.conf': 'server {' }
  for (const [args, says] of [
    [['authelia', 'broken.yml'], /broken\.yml:1:\d+: error: /],
    [['nginx', 'nginx.conf'], /nginx\.conf:1:\d+: error: this brace is never closed/],
    [['authelia', 'nowhere.yml'], /nowhere\.yml:1:1: error: the file cannot be read \(ENOENT\)/],
    [['apache', 'x'], /"apache" is none of authelia, oauth2-proxy, nginx/],
    [['authelia'], /Something is missing/],
    [['authelia', 'broken.yml', 'more'], /"more" is one word too many/],
    [['authelia', 'broken.yml', '--upstream', 'x'], /--upstream is HOST=URL/],
    [['authelia', 'broken.yml', '--public-url', 'x'], /--public-url is scheme and host/],
  ] as const) {
    const { code, err } = await imported(t, files, ...args)
    t.equal(code, 2, args.join(' '))
    t.match(err, says)
  }
  const help = await imported(t, {}, '--help')
  t.match(help, { code: 0, out: /gatehouse import authelia/ })
})

t.test('the directory of --out', async t => {
  const cwd = t.testdir({ 'c.yml': AUTHELIA, out: {} })
  writeFileSync(join(cwd, 'out', 'users.yaml'), USERS)
  const io = testIo(cwd)
  t.equal(await importFrom(['authelia', 'c.yml', '--out', 'out', ...UPSTREAMS], io), 0)
  t.match(io.written.out, 'gatehouse check --config out/gateway.yaml')
  t.match(readFileSync(join(cwd, 'out/gateway.yaml'), 'utf8'), 'access: public')
})

t.test('a slip in a file of another product shows no line of it: that could be a secret', async t => {
  const files = {
    'configuration.yml': 'session:\n  secret hunter2hunter2\n  domain: example.com\n',
    'alpha.yaml': 'upstreamConfig: {\nclientSecret hunter2hunter2\nproviders: [\n',
    'nginx.conf': 'server { proxy_set_header X-Key hunter2hunter2 }',
  }
  for (const [source, file] of [
    ['authelia', 'configuration.yml'],
    ['oauth2-proxy', 'alpha.yaml'],
    ['nginx', 'nginx.conf'],
  ] as const) {
    const { code, out, err } = await imported(t, files, source, file)
    t.equal(code, 2, source)
    t.match(err, new RegExp(`^${file}:[0-9]+:[0-9]+: error: `), 'the place is told')
    t.notMatch(out + err, /hunter2/)
  }
})
