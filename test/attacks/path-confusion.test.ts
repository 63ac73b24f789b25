import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange } from '../harness/raw-client.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'
import { expectAlive, expectRefused, get, head } from '../harness/siege.js'
import type { Siege } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)
const gateway = await startGateway(t, {
  yaml: `public_url: https://${HOST}
upstream: ${upstream.url}
users: { file: users.yaml }
routes:
  - path: /public/**
    access: public
  - path: /admin/**
    access: required
  - path: /read-only
    methods: [GET]
    access: public
  - path: /**
    access: bypassed
    reason: the rest of the test app asks for the password only
`,
})
const siege: Siege = { gateway, upstream }

const knowsPasswordOnly = createPerson(gateway)
t.equal((await knowsPasswordOnly.giveUserName('alice')).status, 202, 'a session without second factor')
const partialCookie = knowsPasswordOnly.cookieHeader()

/** Not allowed: refused, told to log in, or sent to the login page. */
const isRefusal = (status: number) => status === 302 || status === 303 || (status >= 400 && status < 500)

/** Targets that some server, somewhere, reads as `/admin`. */
const CONFUSING: Readonly<Record<string, readonly string[]>> = {
  b1: [
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public/.%2e/admin',
    '/public/%2E./admin',
    '/public/..',
    '/../admin',
  ],
  b2: ['/./admin', '/%2e/admin', '/admin/%2E', '/admin/.'],
  b3: ['/public%2f..%2fadmin', '/public/..%2fadmin', '/public%2F..%2Fadmin'],
  b4: ['/public/..%5cadmin', '/public\\..\\admin', '/public/%5c..%5cadmin', '\\admin', '/\\admin'],
  b5: [
    '/public/%252e%252e/admin',
    '/%2561dmin',
    '/public/%25%32%65%25%32%65/admin',
    '/public/%2525252e/admin',
  ],
  b6: ['/public/..;/admin', '/public/..%3b/admin', '/public/..;a=b/admin', '/public/%2e%2e;/admin'],
  b7: ['/admin;/public/x', '/public/.;/admin', '/admin;x=1', '/;/admin', '/public;/../admin'],
  b8: ['//admin', '///admin', '//evil.example/admin', '//gw.example/admin'],
  b9: ['/public//admin', '/public//../admin', '/public/x//'],
  b10: ['/%61dmin', '/admi%6e', '/%61%64%6d%69%6e', '/ADMIN', '/Admin', '/%41DMIN'],
  b11: [
    '/admin.',
    '/admin%20',
    '/admin%09',
    '/admin%00',
    '/admin%00/public/',
    '/admin%0d%0aX:1',
    '/public/%00/../admin',
    '/public/x%0d%0aX-Evil:%201',
    '/public/%7f',
    '/public/\x01',
  ],
  b12: ['/admin#/public/', '/admin%23/public/', '/public/#/../admin', '#/public/x'],
  b13: [
    '/admin?/public/',
    '/admin?x=/../public/',
    '/admin%3f/public/',
    '/admin??/public/',
    '/?/public/x',
    '?/public/x',
  ],
  b14: [
    'http://gw.example/admin',
    'https://gw.example/admin',
    'http://other/admin',
    'http://other/public/x',
    'HtTp://u:p@gw.example/admin',
    'http://u:p@gw.example/public/x',
    'http://gw.example?x=/public/',
    'http://gw.example\\@evil.example/public/x',
    'ftp://gw.example/admin',
    'ftp://gw.example/public/x',
    'http:///admin',
    'http:/admin',
    'http:admin',
    'javascript:alert(1)',
  ],
  b15: ['*', 'admin', 'admin/', 'public/x', '.', '..', '?x'],
  b16: [
    '/public/%ef%bc%8e%ef%bc%8e/admin',
    '/public/%e2%80%a4%e2%80%a4/admin',
    '/public%ef%bc%8f..%ef%bc%8fadmin',
    '/public/\u2024\u2024/admin',
    '/public/\uff0e\uff0e/admin',
    '/public/%c0%ae%c0%ae/admin',
    '/public/%e0%80%af',
    '/public/\u00e9',
  ],
  b17: [
    '/a%zz',
    '/%',
    '/public/%',
    '/public/%2',
    '/public/%u002e',
    '/public/%ed%a0%80',
    '/public/%ff',
    '/public/%f8%88%80%80%80',
  ],
  b18: ['/admin/', '/admin%2f', '/admin//', '/admin/x/', '/admin/%2f'],
}

for (const [id, targets] of Object.entries(CONFUSING)) {
  for (const target of targets) {
    await t.test(`${id}: ${JSON.stringify(target)} opens nothing for a stranger`, async t => {
      await expectRefused(t, siege, get(target, ['Sec-Fetch-Mode: cors']), isRefusal)
      await expectRefused(t, siege, get(target, ['Accept: text/html']), isRefusal)
    })

    await t.test(
      `${id}: ${JSON.stringify(target)} does not reach /admin with the password alone`,
      async t => {
        upstream.forget()
        await exchange(gateway, get(target, [`Cookie: ${partialCookie}`, 'Connection: close']))
        for (const request of await expectAlive(t, siege)) {
          t.notMatch(mostLenientReading(request.target), /^\/admin(\/|$)/, `the app got ${request.target}`)
        }
      },
    )
  }
}

await t.test(
  'b10: an escape that was not needed is judged and forwarded as the character it stands for',
  async t => {
    upstream.forget()
    const { answers } = await exchange(gateway, get('/publi%63/%7Ea%2D%41'), { answers: 1 })
    t.equal(answers[0]?.status, 200)
    t.same(
      upstream.requests.map(request => request.target),
      ['/public/~a-A'],
    )
    await expectRefused(t, siege, get('/%61dmin', [`Cookie: ${partialCookie}`, 'Sec-Fetch-Mode: cors']))
  },
)

await t.test('b10: paths are compared with case, and the app gets the case that was judged', async t => {
  upstream.forget()
  const { answers } = await exchange(gateway, get('/ADMIN', [`Cookie: ${partialCookie}`]), { answers: 1 })
  t.equal(answers[0]?.status, 200)
  t.same(
    upstream.requests.map(request => request.target),
    ['/ADMIN'],
  )
  await expectRefused(t, siege, get('/PUBLIC/x', ['Sec-Fetch-Mode: cors']))
})

await t.test('b13: the query takes no part in matching and goes upstream as it came', async t => {
  upstream.forget()
  const target = '/public/x?next=/../admin&a=%2F%5c;b//?c'
  const { answers } = await exchange(gateway, get(target), { answers: 1 })
  t.equal(answers[0]?.status, 200)
  t.same(
    upstream.requests.map(request => request.target),
    [target],
  )
})

await t.test('b15: OPTIONS * and CONNECT reach nothing', async t => {
  await expectRefused(t, siege, head('OPTIONS', '*', [`Host: ${HOST}`]))
  await expectRefused(t, siege, head('CONNECT', `${HOST}:443`, [`Host: ${HOST}:443`]))
  await expectRefused(t, siege, head('CONNECT', '/public/x', [`Host: ${HOST}`]))
})

await t.test('b17: paths beyond measure are refused at once', async t => {
  for (const target of [
    `/public/${'a'.repeat(70_000)}`,
    `/public/${'a'.repeat(9_000)}`,
    `/public/${'%25'.repeat(5_000)}`,
  ]) {
    const begun = process.hrtime.bigint()
    await expectRefused(t, siege, get(target))
    t.ok(process.hrtime.bigint() - begun < 1_000_000_000n, 'within a second')
  }
})

await t.test('b18: a slash at the end changes nothing: /admin/ is /admin, /public/ is /public', async t => {
  await expectRefused(t, siege, get('/admin/', [`Cookie: ${partialCookie}`, 'Sec-Fetch-Mode: cors']))
  await expectRefused(t, siege, get('/admin', [`Cookie: ${partialCookie}`, 'Sec-Fetch-Mode: cors']))
  const { answers } = await exchange(gateway, get('/public/'), { answers: 1 })
  t.equal(answers[0]?.status, 200)
  t.same(
    upstream.requests.map(request => request.target),
    ['/public/'],
    'the app gets the slash',
  )
  upstream.forget()
})

for (const host of ['GW.EXAMPLE', 'gw.example.', 'gw.example:443', 'gw.example:8443', 'Gw.Example.:443']) {
  await t.test(`b19: Host ${host} is the same virtual host`, async t => {
    await expectRefused(t, siege, get('/admin', ['Sec-Fetch-Mode: cors'], host), status => status === 401)
    const { answers } = await exchange(gateway, get('/public/x', [], host), { answers: 1 })
    t.equal(answers[0]?.status, 200)
    t.equal(upstream.requests.length, 1)
    upstream.forget()
  })
}

const HOST_LINES: Readonly<Record<string, readonly string[]>> = {
  'two Hosts': [`Host: ${HOST}`, 'Host: evil.example'],
  'two equal Hosts': [`Host: ${HOST}`, `Host: ${HOST}`],
  'a user in it': [`Host: ${HOST}@evil.example`],
  'a user before it': [`Host: evil@${HOST}`],
  'a list': [`Host: ${HOST}, evil.example`],
  nothing: ['Host:'],
  'a path': [`Host: ${HOST}/admin`],
  'a query': [`Host: ${HOST}?x`],
  'a fragment': [`Host: ${HOST}#x`],
  'a backslash': [`Host: ${HOST}\\evil`],
  'a space': [`Host: ${HOST} evil`],
  'a port that is none': [`Host: ${HOST}:x`],
  'a port too large': [`Host: ${HOST}:99999`],
  'two dots at the end': [`Host: ${HOST}..`],
  'an escape': ['Host: gw%2eexample'],
  'a NUL': ['Host: gw.example\x00'],
  'an open bracket': ['Host: [::1'],
  'letters beyond ASCII': ['Host: gw.ex\xe4mple'],
  'no Host at all': [],
}
for (const [what, lines] of Object.entries(HOST_LINES)) {
  await t.test(`b19: a Host with ${what} is refused`, async t => {
    await expectRefused(t, siege, head('GET', '/public/x', lines), status => status === 400)
  })
}

await t.test('b19: a host that no app has is not found', async t => {
  await expectRefused(t, siege, get('/public/x', [], 'other.example'), status => status === 404)
  await expectRefused(t, siege, get('/public/x', [], 'gw.example.evil.example'), status => status === 404)
})

await t.test('b19: HTTP/1.0 without Host reaches nothing', async t => {
  await expectRefused(t, siege, 'GET /public/x HTTP/1.0\r\n\r\n')
})

for (const method of [
  'get',
  'GeT',
  'FOO',
  'TRACE',
  'TRACK',
  'CONSTRUCTOR',
  'constructor',
  '__proto__',
  'G\x00T',
  '',
]) {
  await t.test(`b20: ${JSON.stringify(method)} is no method for any path`, async t => {
    await expectRefused(t, siege, head(method, '/public/x', [`Host: ${HOST}`]))
    await expectRefused(t, siege, head(method, '/admin', [`Host: ${HOST}`]))
  })
}

for (const method of [
  'PROPFIND',
  'QUERY',
  'SEARCH',
  'MKCOL',
  'PURGE',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'REPORT',
]) {
  await t.test(`b20: ${method} on a protected path asks for the login`, async t => {
    await expectRefused(t, siege, head(method, '/admin', [`Host: ${HOST}`]))
  })
}

await t.test('b21: HEAD is decided as GET', async t => {
  const { answers } = await exchange(gateway, head('HEAD', '/read-only', [`Host: ${HOST}`]), {
    answers: 1,
    method: 'HEAD',
  })
  t.equal(answers[0]?.status, 200, 'where GET is public')
  t.same(
    (await expectAlive(t, siege)).map(request => request.requestLine),
    ['HEAD /read-only HTTP/1.1'],
  )
  upstream.forget()
  const refused = await exchange(gateway, head('HEAD', '/admin', [`Host: ${HOST}`]), {
    answers: 1,
    method: 'HEAD',
  })
  t.ok(isRefusal(refused.answers[0]?.status ?? 0), 'where GET needs a login')
  t.same(await expectAlive(t, siege), [])
  await expectRefused(t, siege, head('POST', '/read-only', [`Host: ${HOST}`, 'Content-Length: 0']), isRefusal)
})

/** Reads a path as the most obliging server would: decoded until nothing changes, `\` as `/`, `;…` and dots gone. */
function mostLenientReading(target: string): string {
  let path = target.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  for (let before = ''; before !== path;) {
    before = path
    path = path.replace(/%([0-9a-f]{2})/gi, (_escape, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
  }
  const kept: string[] = []
  for (const piece of path.replaceAll('\\', '/').split('/')) {
    const segment = piece.split(/[;\0]/)[0] ?? ''
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  return `/${kept.join('/')}`
}
