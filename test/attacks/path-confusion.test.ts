import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange } from '../harness/raw-client.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'
import { expectAlive, expectRefused, get, head } from '../harness/siege.js'
import type { Siege } from '../harness/siege.js'
import { CONFUSING, mostLenientReading } from './confusing-paths.js'

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

await t.test('b13, k15: the query takes no part in matching and goes upstream as it came', async t => {
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

for (const method of ['PRI', 'ANNOUNCE', 'DESCRIBE', 'FLUSH']) {
  await t.test(`b20: ${method} of another protocol is refused, with and without its version`, async t => {
    await expectRefused(t, siege, head(method, '/public/x', [`Host: ${HOST}`]))
    await expectRefused(t, siege, `${method} /public/x?/HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    await expectRefused(t, siege, `${method} /public/x RTSP/1.0\r\nHost: ${HOST}\r\n\r\n`)
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
