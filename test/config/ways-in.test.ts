import t from 'tap'
import type { GatewayConfig } from '../../src/config/gateway-config.js'
import { TEST_CERTIFICATE } from '../harness/certificate.js'
import { loadText, problemsOf, SECRET, site, withRoutes } from './broken-file.js'

const MAIL = 'mail: { from: a@b.example, command: [send] }'
const SMS = 'sms: { command: [send] }'
const SURROUNDINGS = {
  env: { S: SECRET, P: 'correct horse' },
  files: { '/etc/gatehouse/p': 'battery staple\r\n', '/etc/gatehouse/ca.pem': TEST_CERTIFICATE },
}

function load(added: string): GatewayConfig {
  const loaded = loadText(site(added), SURROUNDINGS)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems, undefined, 2))
  return loaded.config
}

t.test('without webauthn nobody is offered a passkey', async t => {
  t.same(load('mfa: { factors: [totp, backup_code] }').login.methods, ['password'])
  t.same(load('mfa: { factors: [webauthn] }').login.methods, ['password', 'passkey'])
  t.same(load('login: { methods: [passkey] }').login.methods, ['passkey'])
})

t.test('methods and factors keep the order of the file', async t => {
  const config = load(
    `${MAIL}\n${SMS}\nlogin: { methods: [link, sms, email, password] }\nmfa: { factors: [webauthn, totp] }`,
  )
  t.same(config.login.methods, ['link', 'sms', 'email', 'password'])
  t.same(config.mfa.factors, ['webauthn', 'totp'])
})

t.test('what mfa says is read whole', async t => {
  const totp = 'totp: { algorithm: sha512, digits: 8, period: 1m }'
  const questions = 'knowledge_questions: { count_as_second_factor: true }'
  const { mfa } = load(
    `mfa: { enrolment: ticket, issuer: Us, factors: [totp, knowledge_question], ${totp}, remember_device: 90d, ${questions}, may_disable: true }`,
  )
  t.same(mfa, {
    enrolment: 'ticket',
    issuer: 'Us',
    factors: ['totp', 'knowledge_question'],
    totp: { algorithm: 'sha512', digits: 8, period: 60 },
    rememberDevice: 90 * 86_400_000,
    questionsCount: true,
    mayDisable: true,
  })
})

t.test('questions do not count unless the file says so', async t => {
  t.equal(load('mfa: { factors: [totp, knowledge_question] }').mfa.questionsCount, false)
})

t.test('a way in whose second factor could only come the same way is a dead end', async t => {
  for (const [method, factor] of [
    ['email', 'email'],
    ['link', 'email'],
    ['sms', 'sms'],
  ]) {
    const file = (factors: string) =>
      site(`${MAIL}\n${SMS}\nmfa: { factors: [${factors}] }\nlogin: { methods: [password, ${method ?? ''}] }`)
    const errors = (factors: string) => problemsOf(file(factors)).filter(one => one.severity === 'error')
    t.match(errors(factor ?? ''), [
      {
        line: 7,
        message: `a login that begins with "${method ?? ''}" never gets its second factor: mfa.factors on line 6`,
        cure: `leave "${method ?? ''}" out of login.methods`,
      },
    ])
    t.same(errors(`${factor ?? ''}, webauthn`), [])
  }
})

t.test('questions that do not count, with or without backup codes, are no second factor', async t => {
  for (const factors of ['[knowledge_question]', '[knowledge_question, backup_code]']) {
    const found = problemsOf(site(`mfa: { factors: ${factors} }`))
    t.match(found, [{ severity: 'error', message: 'nobody could enrol' }, { severity: 'warning' }])
  }
  const counting =
    'mfa: { factors: [knowledge_question], knowledge_questions: { count_as_second_factor: true } }'
  t.match(problemsOf(site(counting)), [{ severity: 'warning' }])
})

t.test('a wrong list of factors brings no second complaint', async t => {
  const file = site(
    `${MAIL}\nmfa: { factors: [totp, emial] }\nroutes: [{ path: /a, access: required, step_up: { methods: [email] } }]`,
  )
  t.match(problemsOf(file), [{ line: 5, message: '"emial" is not a value' }])
  t.equal(problemsOf(file).length, 1)
})

t.test('every rule about the ways in is told at once', async t => {
  const file = site(
    'login: { methods: [password, passkey, email, sms] }\nmfa: { factors: [totp, sms] }\n' +
      'routes: [{ path: /a, access: required, step_up: { methods: [totp, webauthn] } }]',
  )
  t.same(
    problemsOf(file).map(({ line, column }) => `${line}:${column}`),
    ['4:30', '4:39', '4:46', '5:24', '6:67'],
  )
})

t.test('a mail server has the port that its TLS usually has', async t => {
  const smtp = (written: string) => load(`mail:\n  from: a@b.example\n  smtp: { ${written} }`).mail?.via
  t.same(smtp('host: Smtp.Example.com.'), {
    smtp: {
      host: 'smtp.example.com',
      port: 465,
      tls: 'implicit',
      username: undefined,
      password: undefined,
      ca: undefined,
      timeout: 10_000,
    },
  })
  t.match(smtp('host: 192.0.2.1, tls: starttls'), { smtp: { host: '192.0.2.1', port: 587, tls: 'starttls' } })
  for (const host of ['localhost', '127.0.0.9', '"::1"'])
    t.match(smtp(`host: ${host}, tls: none`), { smtp: { host: host.replaceAll('"', ''), port: 25 } })
  t.match(smtp('host: a, port: 2525, username: me, password: "${P}", ca_file: ca.pem, timeout: 1m'), {
    smtp: { port: 2525, username: 'me', password: 'correct horse', ca: TEST_CERTIFICATE, timeout: 60_000 },
  })
  t.match(smtp('host: a, username: me, password: { file: p }'), { smtp: { password: 'battery staple' } })
})

t.test('a sender is an address, with or without a name', async t => {
  for (const from of [
    'a@b.example',
    'Gatehouse <a@b.example>',
    '"Example, Ltd" <a@b.example>',
    'Über uns <ä@b.example>',
  ])
    t.equal(load(`mail:\n  from: '${from}'\n  command: [send]`).mail?.from, from)
})

t.test('a program is looked for beside the file only when its name has a slash', async t => {
  const command = (written: string) => load(`sms: { command: ${written}, timeout: 3s }`).sms?.via
  t.same(command('[send, -t, -t]'), { command: ['send', '-t', '-t'], timeout: 3000 })
  t.same(command('[./send.sh, a/b]'), { command: ['/etc/gatehouse/send.sh', 'a/b'], timeout: 3000 })
  t.same(command('[/bin/send]'), { command: ['/bin/send'], timeout: 3000 })
})

t.test('messages can go into a file beside the configuration', async t => {
  t.same(load('mail: { from: a@b.example, file: m.jsonl }').mail?.via, { file: '/etc/gatehouse/m.jsonl' })
})

t.test('text messages are posted to an address over https, or on loopback', async t => {
  const webhook = (url: string) => load(`sms: { webhook: { url: "${url}", secret: "\${S}" } }`).sms?.via
  for (const url of [
    'https://a.example/send?x=1',
    'http://127.0.0.1:8025/',
    'http://localhost:1/a',
    'http://[::1]:1/a',
  ])
    t.same(webhook(url), { webhook: { url, secret: SECRET, timeout: 10_000 } })
})

t.test('what tokens says is read whole', async t => {
  t.same(
    load(
      'tokens: { algorithm: EdDSA, access: 1h, refresh: 90d, mfa_max_age: 8h, audience: api, client_id: me, self_service_scopes: [a, b:c] }',
    ).tokens,
    {
      algorithm: 'EdDSA',
      access: 3_600_000,
      refresh: 90 * 86_400_000,
      mfaMaxAge: 28_800_000,
      audience: 'api',
      clientId: 'me',
      selfServiceScopes: ['a', 'b:c'],
    },
  )
})

t.test('a route names scopes of API tokens, and factors that are in use', async t => {
  const loaded = loadText(
    withRoutes(
      'path: /a, access: required, tokens: ["export:read", a.b_c-d], step_up: { methods: [webauthn, backup_code] }',
      'path: /b, access: bypassed, reason: x, tokens: [b]',
      'path: /c, access: enrolled',
    ),
  )
  const routes = loaded.ok ? loaded.config.apps[0]?.policy.routes : undefined
  t.same(
    routes?.map(route => route.tokens),
    [['export:read', 'a.b_c-d'], ['b'], undefined],
  )
  t.same(routes?.[0]?.stepUp, { maxAge: undefined, methods: ['webauthn', 'backup_code'] })
})

t.test('a session can be bound to its address', async t => {
  t.equal(load('session: { bind_ip: true }').session.bindIp, true)
})
