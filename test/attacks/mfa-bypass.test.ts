import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { PASSWORD } from '../harness/demo-users.js'
import { HOST, startGateway } from '../harness/gateway.js'
import { createPerson, roundTrip } from '../harness/person.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'

const PAGE = { Host: HOST, Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'none' }

/** Addresses that other gateways let pass unasked, because of who seems to be asking. */
const WHO_SEEMS_TO_ASK = [
  { 'User-Agent': 'kube-probe/1.31' },
  { 'User-Agent': 'GoogleHC/1.0' },
  { 'User-Agent': 'ELB-HealthChecker/2.0' },
  { 'User-Agent': '' },
  { 'X-Forwarded-For': '127.0.0.1' },
  { 'X-Requested-With': 'XMLHttpRequest' },
  { Purpose: 'prefetch' },
]

t.test(
  'j15: nobody is let in for what a program calls itself, nor at the address of a health check',
  async t => {
    const upstream = await startRecordingUpstream(t)
    const gateway = await startGateway(t, { upstream: upstream.url })
    for (const headers of WHO_SEEMS_TO_ASK) {
      for (const path of [
        '/admin/',
        '/',
        '/healthz',
        '/ping',
        '/ready',
        '/robots.txt',
        '/favicon.ico',
        '/?ping',
      ]) {
        const { status } = await roundTrip(gateway, 'GET', path, { Host: HOST, ...headers }, undefined)
        t.equal(status, 401, `${path} ${JSON.stringify(headers)}`)
      }
    }
    t.equal(upstream.requests.length, 0)
  },
)

t.test('j16: a method that the route does not name is not let through by it', async t => {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, {
    yaml: `public_url: https://${HOST}
upstream: ${upstream.url}
users: { file: users.yaml }
routes:
  - { path: /page, methods: [GET], access: public }
`,
  })
  for (const [method, expected] of [
    ['GET', 200],
    ['HEAD', 200],
    ['POST', 401],
    ['PUT', 401],
    ['DELETE', 401],
    ['OPTIONS', 401],
    ['PROPFIND', 401],
  ] as const)
    t.equal((await roundTrip(gateway, method, '/page', { Host: HOST }, undefined)).status, expected, method)
  t.same(
    upstream.requests.map(({ method }) => method),
    ['GET', 'HEAD'],
  )
})

t.test(
  'j17: no address slips past the gate: neither what is not found, nor what is oddly asked for',
  async t => {
    const upstream = await startRecordingUpstream(t)
    const gateway = await startGateway(t, { upstream: upstream.url })
    for (const path of [
      '/authx',
      '/auth%2flogin',
      '/AUTH/login',
      '/auth/nothing/../x',
      '/nothing',
      '/x?/auth/login',
    ]) {
      for (const method of ['GET', 'POST', 'OPTIONS', 'REPORT']) {
        const { status } = await roundTrip(gateway, method, path, { Host: HOST }, undefined)
        t.ok(status === 400 || status === 401 || status === 404, `${method} ${path}: ${status}`)
      }
    }
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS'])
      t.ok(
        (await roundTrip(gateway, method, '/auth/nothing', { Host: HOST }, undefined)).status >= 400,
        method,
      )
    t.equal(upstream.requests.length, 0)
  },
)

t.test('j18: no redirect of a login loses the second factor', { skip: noAuthenticator }, async t => {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, { upstream: upstream.url })
  await createPerson(gateway).login('alice')
  const alice = createPerson(gateway)
  await alice.giveUserName('alice')
  for (const way of [
    '/admin/x',
    '/auth/login?return_to=/admin/x',
    '/auth/mfa?return_to=/admin/x',
    '/auth/enrol?return_to=/admin/x',
    '/auth/account',
    '/auth/logout?return_to=/admin/x',
  ]) {
    await alice.navigate(way)
    await alice.submit('/auth/login', { username: 'alice', password: PASSWORD, return_to: '/admin/x' })
    const { status, header } = await alice.navigate('/admin/x')
    t.equal(status, 302, `after ${way}`)
    t.equal(header('location')[0], `https://${HOST}/auth/mfa?return_to=%2Fadmin%2Fx`)
  }
  t.equal((await roundTrip(gateway, 'GET', '/admin/x', PAGE, undefined)).status, 302)
  t.equal(upstream.requests.length, 0)
})
