import t from 'tap'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { GatewayConfig } from '../../src/config/gateway-config.js'
import { loadConfig } from '../../src/config/load-config.js'
import { TEST_CERTIFICATE, TEST_KEY } from '../harness/certificate.js'
import { readUsersFile } from '../../src/users/users-file.js'
import { loadText, NOW, SECRET, site, withRoutes, withSecondApp, type Surroundings } from './broken-file.js'

function load(text: string, surroundings?: Surroundings): GatewayConfig {
  const loaded = loadText(text, surroundings)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems, undefined, 2))
  return loaded.config
}

t.test('the smallest file gets every default', async t => {
  const config = load(site('routes: [{ path: /healthz, access: public }]'))
  t.match(config, {
    file: '/etc/gatehouse/gateway.yaml',
    publicUrl: { origin: 'https://wiki.example.com', host: 'wiki.example.com', secure: true },
    authPath: '/auth',
    listen: { host: '127.0.0.1', port: 8080 },
    tls: undefined,
    trustedProxies: undefined,
    secrets: undefined,
    store: { embedded: '/etc/gatehouse/data' },
    users: { file: '/etc/gatehouse/u.yaml' },
    session: { idle: 3_600_000, absolute: 43_200_000, domain: undefined, bindIp: false },
    login: { methods: ['password', 'passkey'] },
    mfa: {
      enrolment: 'first_login',
      issuer: 'wiki.example.com',
      factors: ['totp', 'webauthn', 'backup_code'],
      totp: { algorithm: 'sha1', digits: 6, period: 30 },
      rememberDevice: undefined,
      questionsCount: false,
      mayDisable: false,
    },
    mail: undefined,
    sms: undefined,
    tokens: {
      algorithm: 'ES256',
      access: 300_000,
      refresh: 43_200_000,
      mfaMaxAge: undefined,
      audience: 'https://wiki.example.com',
      clientId: 'gatehouse-client',
      selfServiceScopes: [],
    },
    identityHeaders: { user: 'Remote-User', amr: 'Remote-Amr', assertion: 'Gatehouse-Assertion' },
    log: { level: 'info' },
    shutdown: 10_000,
    shutdownDelay: 0,
  })
  t.equal(config.apps.length, 1)
  t.match(config.apps[0], {
    policy: { name: 'wiki', host: 'wiki.example.com', preflight: false },
    upstream: {
      origins: ['http://127.0.0.1:3000'],
      tls: { verify: true, ca: undefined, serverName: undefined },
      passHost: true,
      timeouts: { connect: 5000, headers: 60_000, body: 300_000 },
    },
    allowInPath: [],
    stripHeaders: [],
    websocketOrigins: [],
  })
})

t.test('a route is compiled with all that it says', async t => {
  const config = load(
    withRoutes(
      'path: "/a/*/**", methods: [get, HEAD], networks: [10.0.0.0/8, "fd00::/8", 192.0.2.7], access: bypassed, ' +
        'reason: no phone, until: 2027-03-31, users: [kiosk], groups: [hall]',
      'path_regex: "/v[0-9]+/export", access: required, step_up: { max_age: 5m, methods: [totp] }',
    ),
  )
  const [first, second] = config.apps[0]?.policy.routes ?? []
  t.match(first, {
    name: 'wiki /a/*/**',
    path: { segments: [{ kind: 'text', text: 'a' }, { kind: 'one' }, { kind: 'any' }] },
    pathRegex: undefined,
    pattern: '/a/*/**',
    methods: ['GET'],
    access: 'bypassed',
    users: ['kiosk'],
    groups: ['hall'],
    stepUp: undefined,
    reason: 'no phone',
    until: Date.parse('2027-04-01T00:00:00Z'),
    place: { file: '/etc/gatehouse/gateway.yaml', line: 5, column: 5 },
  })
  const inside = ['10.255.0.1', '192.0.2.7'].map(one => first?.networks?.check(one))
  t.same(
    [...inside, first?.networks?.check('fd00::1', 'ipv6'), first?.networks?.check('::ffff:10.1.2.3', 'ipv6')],
    [true, true, true, true],
  )
  t.same(
    ['11.0.0.1', '192.0.2.8'].map(one => first?.networks?.check(one)),
    [false, false],
  )
  t.ok(second?.pathRegex?.test('/v12/export'))
  t.notOk(second?.pathRegex?.test('/x/v12/export'))
  t.same(second?.stepUp, { maxAge: 300_000, methods: ['totp'] })
})

t.test('several apps, wildcard hosts and hosts in any case', async t => {
  const config = load(
    withSecondApp(
      [
        'name: all',
        'host: "*.Example.COM."',
        'upstream: { url: "https://b:8443/", pass_host: false }',
        'preflight: pass',
      ],
      'session: { domain: Example.com }',
    ),
  )
  t.same(
    config.apps.map(app => app.policy.host),
    ['wiki.example.com', '*.example.com'],
  )
  t.match(config.apps[1], {
    policy: { preflight: true },
    upstream: { origins: ['https://b:8443'], passHost: false },
  })
  t.equal(config.session.domain, 'example.com')
})

t.test('loopback may do without https, and shares a cookie below localhost', async t => {
  for (const host of ['localhost:8080', 'auth.localhost', '127.0.0.9:8080', '[::1]:8080']) {
    const config = load(site(`public_url: "http://${host}"`))
    t.match(config.publicUrl, { origin: `http://${host}`, secure: false })
  }
  const config = load(
    'public_url: http://auth.localhost:1\nusers: { file: u }\nsession: { domain: localhost }\n' +
      'apps: [{ name: a, host: a.localhost, upstream: "http://127.0.0.1:2" }]',
  )
  t.equal(config.session.domain, 'localhost')
})

t.test('an address gives its one app a plain name', async t => {
  t.equal(load(site('public_url: http://127.0.0.1:8080\nlisten: 127.0.0.1:0')).apps[0]?.policy.name, 'app')
})

t.test('secrets come from variables and files, the one in use first', async t => {
  const other = `older-${SECRET}`
  const surroundings = { env: { S: SECRET }, files: { '/etc/gatehouse/old': `${other}\n` } }
  t.same(load(site('secret: ["${S}", { file: old }]'), surroundings).secrets, [SECRET, other])
  t.same(load(site('secret: ${S}'), surroundings).secrets, [SECRET])
  t.same(load(site('secret: { file: /etc/gatehouse/old }'), surroundings).secrets, [other])
})

t.test('header presets, and names of one’s own', async t => {
  const names = (written: string) => load(site(`headers: ${written}`)).identityHeaders
  t.equal(names('x-forwarded').email, 'X-Forwarded-Email')
  t.equal(names('x-auth-request').user, 'X-Auth-Request-User')
  t.match(names('{ preset: x-forwarded, groups: X-Teams, amr: false, assertion: false }'), {
    user: 'X-Forwarded-User',
    groups: 'X-Teams',
    amr: undefined,
    assertion: undefined,
  })
})

t.test('until can be a moment, and one that has passed is only a warning', async t => {
  const route = (until: string) => withRoutes(`path: /a, access: bypassed, reason: x, until: "${until}"`)
  t.equal(
    load(route('2027-01-01T12:00:00+01:00')).apps[0]?.policy.routes[0]?.until,
    Date.parse('2027-01-01T11:00Z'),
  )
  const passed = loadText(route('2026-11-21'))
  t.match(passed, { ok: true, warnings: [{ severity: 'warning', line: 5 }] })
  t.match(loadText(route('2026-11-22')), { ok: true, warnings: [] }, 'the day itself is still in')
})

t.test('every file that was read is told, and a change of any one can be seen', async t => {
  const read = (key: string) =>
    loadConfig('/etc/gw/gateway.yaml', {
      readFile: path => (path.endsWith('.yaml') ? `\ufeff${site('secret: { file: key }')}` : key),
      env: {},
      now: NOW,
    })
  const [one, same, other] = [read(SECRET), read(SECRET), read(SECRET.split('').reverse().join(''))]
  t.match(one.files, ['/etc/gw/gateway.yaml', '/etc/gw/key'])
  t.equal(one.fingerprint, same.fingerprint)
  t.not(one.fingerprint, other.fingerprint)
  t.equal(
    one.ok && other.ok && one.config.hash === other.config.hash,
    true,
    'the text of the file itself is the same',
  )
})

t.test('windows line ends are understood', async t => {
  const config = load(site('listen: 0.0.0.0:1\nsession:\n  idle: 5m').replaceAll('\n', '\r\n'))
  t.equal(config.session.idle, 300_000)
})

t.test('a file that cannot be read is a problem', async t => {
  const readFile = () => {
    throw Object.assign(new Error('no'), { code: 'EACCES' })
  }
  t.match(loadConfig('gateway.yaml', { readFile, env: {}, now: NOW }), {
    ok: false,
    problems: [
      {
        severity: 'error',
        file: 'gateway.yaml',
        line: 1,
        message: /cannot be read \(EACCES\)/,
        cure: /--config/,
      },
    ],
  })
})

t.test('every example is sound', async t => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const env = { GATEHOUSE_SECRET: SECRET, SMTP_PASSWORD: 'correct horse' }
  const examples = [
    'gateway.example.yaml',
    ...['single-app', 'several-apps', 'kiosk-bypass', 'every-way-in'].map(
      name => `config/examples/${name}.yaml`,
    ),
  ]
  for (const name of examples) {
    const readFile = (file: string) => readFileSync(file, 'utf8')
    const loaded = loadConfig(`${root}${name}`, { readFile, env, now: NOW })
    t.match(loaded, { ok: true, warnings: [] }, name)
    t.match(readFile(`${root}${name}`), /^# yaml-language-server: \$schema=/)
  }
  const users = 'config/examples/users.example.yaml'
  const read = readUsersFile(readFileSync(`${root}${users}`, 'utf8'), users)
  t.same(read.ok ? [...read.users.keys()] : read.faults, ['alice', 'bob', 'kiosk'])
})

t.test('every setting of the example that is switched off can be switched on', async t => {
  const example = readFileSync(new URL('../../gateway.example.yaml', import.meta.url), 'utf8')
  const text = example.replace(/^( *)# {3}/gm, '$1')
  const ofTheWebhook = 'Zt4Kp9Wm2Xc7Vb1Nq6Rs8Yd3Fg5Hj0LaEuIo'
  const files = {
    '/etc/gatehouse/tls.crt': TEST_CERTIFICATE,
    '/etc/gatehouse/tls.key': TEST_KEY,
    '/etc/gatehouse/mail-ca.pem': TEST_CERTIFICATE,
    '/run/secrets/smtp': 'correct horse',
    '/run/secrets/sms': ofTheWebhook,
  }
  const config = load(text, { env: { GATEHOUSE_SECRET: SECRET }, files })
  t.match(config, {
    tls: { key: TEST_KEY },
    session: { bindIp: true },
    login: { methods: ['password', 'passkey', 'email', 'sms', 'link'] },
    mfa: {
      factors: ['totp', 'webauthn', 'backup_code', 'email', 'sms', 'knowledge_question'],
      rememberDevice: 30 * 86_400_000,
      questionsCount: true,
      mayDisable: true,
    },
    mail: { via: { smtp: { password: 'correct horse', ca: TEST_CERTIFICATE } } },
    sms: { via: { webhook: { secret: ofTheWebhook } } },
    tokens: { audience: 'https://api.example.com', selfServiceScopes: ['calendar'] },
    accessLog: { format: 'json' },
    metrics: { listen: { port: 9090 } },
    shutdownDelay: 5_000,
    shutdown: 20_000,
  })
})
