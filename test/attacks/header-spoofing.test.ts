import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { DEMO_USERS, usersYaml } from '../harness/demo-users.js'
import { HOST, mixedPolicy, startGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange, headerOf, openRaw } from '../harness/raw-client.js'
import { rawAnswer, startRecordingUpstream, valuesOf } from '../harness/recording-upstream.js'
import type { RecordedRequest } from '../harness/recording-upstream.js'
import { expectAlive, get, head } from '../harness/siege.js'
import type { Siege } from '../harness/siege.js'
import { IDENTITY, OTHER_NAMES } from './spoofed-names.js'

const upstream = await startRecordingUpstream(t)
const gateway = await startGateway(t, { upstream: upstream.url })
const siege: Siege = { gateway, upstream }

const alice = createPerson(gateway)
const bob = createPerson(gateway)
if (noAuthenticator === false) {
  await alice.login('alice')
  await bob.login('bob')
}
const asAlice = `Cookie: ${alice.cookieHeader()}`
const asBob = `Cookie: ${bob.cookieHeader()}`

/** Sends one request and gives what the app got, or undefined when the gateway answered by itself. */
async function reaching(bytes: string): Promise<RecordedRequest | undefined> {
  upstream.forget()
  await exchange(gateway, bytes, { answers: 1 })
  const [request] = upstream.requests
  upstream.forget()
  return request
}

/** Every value under a name that some server takes for the same: in any case, with `_` and `.` as `-`. */
function lookalikes(request: RecordedRequest | undefined, name: string): readonly string[] {
  const plain = (header: string) => header.toLowerCase().replaceAll(/[_.\s]/g, '-')
  return request?.rawHeaders.filter(([own]) => plain(own) === plain(name)).map(([, value]) => value) ?? []
}

for (const name of IDENTITY) {
  await t.test(`a1: ${name} from a stranger does not reach a public route`, async t => {
    const request = await reaching(get('/public/x', [`${name}: admin`]))
    t.same(lookalikes(request, name), [])
    t.equal(request?.target, '/public/x')
  })

  await t.test(
    `a2: ${name} from somebody logged in is replaced by the truth`,
    { skip: noAuthenticator },
    async t => {
      const request = await reaching(get('/admin/x', [asAlice, `${name}: mallory`]))
      const values = lookalikes(request, name)
      t.equal(values.length, 1)
      t.not(values[0], 'mallory')
      if (name === 'Remote-User') t.equal(values[0], 'alice')
    },
  )

  await t.test(
    `a3: ${name} in odd case, three times and empty, is replaced too`,
    { skip: noAuthenticator },
    async t => {
      const odd = name.replace(
        /.(.)/g,
        (pair, second: string) => pair.charAt(0).toLowerCase() + second.toUpperCase(),
      )
      const lines = [`${odd}: mallory`, `${name}: root`, `${name.toLowerCase()}:`]
      for (const order of [
        [asAlice, ...lines],
        [...lines, asAlice],
      ]) {
        const values = lookalikes(await reaching(get('/admin/x', order)), name)
        t.equal(values.length, 1)
        t.notMatch(values[0], /mallory|root|^$/)
      }
      t.same(lookalikes(await reaching(get('/public/x', lines)), name), [])
    },
  )

  for (const spelling of [
    name.replaceAll('-', '_'),
    name.replaceAll('-', '.'),
    name.replace('-', '_').toUpperCase(),
    `${name}\x20`,
    `${name}\t`,
    `\x20${name}`,
    `${name}_`,
  ]) {
    await t.test(`a4: ${JSON.stringify(spelling)} cannot be taken for ${name}`, async t => {
      for (const lines of [[`${spelling}: mallory`], [asAlice, `${spelling}: mallory`]]) {
        const request = await reaching(get('/public/x', lines))
        t.notOk(request?.rawHeaders.some(([own, value]) => value === 'mallory' && own !== `${name}_`))
        t.notOk(lookalikes(request, name).includes('mallory'))
      }
    })
  }
}

for (const name of OTHER_NAMES) {
  await t.test(`a5: ${name} of a client never reaches the app`, async t => {
    for (const spelling of [name, name.toLowerCase(), name.replaceAll('-', '_')]) {
      t.same(lookalikes(await reaching(get('/public/x', [`${spelling}: mallory`])), name), [], spelling)
    }
    if (noAuthenticator !== false) return
    t.same(lookalikes(await reaching(get('/admin/x', [asAlice, `${name}: mallory`])), name), [])
  })
}

await t.test('a5: an operator can add names to the list', async t => {
  const own = await startGateway(t, {
    yaml: `public_url: https://${HOST}
users: { file: users.yaml }
apps:
  - name: app
    host: ${HOST}
    upstream: ${upstream.url}
    strip_headers: [X-Company-Role]
    routes: [{ path: /public/**, access: public }]
`,
  })
  upstream.forget()
  const lines = ['x_company.role: boss', 'X-Company-Role: boss', 'X-Company: fine']
  await exchange(own, get('/public/x', lines), { answers: 1 })
  t.same(lookalikes(upstream.requests[0], 'X-Company-Role'), [])
  t.same(lookalikes(upstream.requests[0], 'X-Company'), ['fine'])
  upstream.forget()
})

await t.test(
  'a6: what is not known of a user is not taken from the client',
  { skip: noAuthenticator },
  async t => {
    const lines = [asBob, 'Remote-Groups: admins', 'Remote-Email: bob@evil.example', 'remote_groups: admins']
    const request = await reaching(get('/admin/x', lines))
    t.same(lookalikes(request, 'Remote-User'), ['bob'])
    for (const name of ['Remote-Groups', 'Remote-Email']) {
      t.notOk(
        lookalikes(request, name).some(value => value !== ''),
        `${name} is absent or empty`,
      )
    }
  },
)

for (const value of [
  'close, Remote-User, Remote-Groups, Gatehouse-Assertion',
  'Remote-User',
  'keep-alive, X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Port, Authorization, Cookie, Host, Content-Length',
  'close, remote-user, cookie',
]) {
  await t.test(
    `a7, a8: "Connection: ${value}" takes nothing away that the gateway added`,
    { skip: noAuthenticator },
    async t => {
      const plain = await reaching(
        `${head('POST', '/admin/x', [`Host: ${HOST}`, `${asAlice}; app=1`, 'Content-Length: 5'])}hello`,
      )
      const request = await reaching(
        `${head('POST', '/admin/x', [
          `Host: ${HOST}`,
          `${asAlice}; app=1`,
          `Connection: ${value}`,
          'Content-Length: 5',
        ])}hello`,
      )
      t.equal(request?.body.toString(), 'hello', 'the framing is intact')
      for (const name of [
        ...IDENTITY.slice(0, -1),
        'X-Forwarded-For',
        'X-Forwarded-Host',
        'X-Forwarded-Proto',
        'Host',
      ]) {
        t.same(valuesOf(request, name), valuesOf(plain, name), name)
      }
      t.equal(valuesOf(request, 'Gatehouse-Assertion').length, 1)
      for (const own of valuesOf(request, 'connection'))
        t.match(own, /^(keep-alive|close)$/i, 'it is not passed on')
    },
  )
}

const FORWARDING = {
  'X-Forwarded-For': '1.2.3.4',
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Proto': 'gopher',
  'X-Forwarded-Port': '666',
  'X-Forwarded-Prefix': '/evil',
  'X-Forwarded-Server': 'evil.example',
  'X-Forwarded-Ssl': 'evil',
  'X-Forwarded-Scheme': 'gopher',
  'X-Real-IP': '1.2.3.4',
  Forwarded: 'for=1.2.3.4;host=evil.example',
  'Front-End-Https': 'evil',
  'True-Client-IP': '1.2.3.4',
  'CF-Connecting-IP': '1.2.3.4',
  'X-Cluster-Client-IP': '1.2.3.4',
  'X-Client-IP': '1.2.3.4',
}

for (const [name, value] of Object.entries(FORWARDING)) {
  await t.test(`a9: ${name} of an untrusted peer is not believed and not passed on`, async t => {
    for (const spelling of [name, name.replaceAll('-', '_'), name.toUpperCase()]) {
      const request = await reaching(get('/public/x', [`${spelling}: ${value}`]))
      t.ok(request, 'the request works')
      t.notOk(
        lookalikes(request, name).some(own => own.includes(value)),
        spelling,
      )
    }
  })
}

await t.test('a9: the forwarding headers are those of the socket', async t => {
  const lines = Object.entries(FORWARDING).map(([name, value]) => `${name}: ${value}`)
  const request = await reaching(get('/public/x', lines))
  t.same(valuesOf(request, 'x-forwarded-for'), ['127.0.0.1'])
  t.same(valuesOf(request, 'x-forwarded-host'), [HOST])
  t.equal(valuesOf(request, 'x-forwarded-proto').length, 1)
  t.equal(valuesOf(request, 'x-forwarded-port').length, 1)
})

await t.test('a10: of a trusted proxy the rightmost untrusted hop counts', async t => {
  const own = await startGateway(t, {
    yaml: `public_url: https://${HOST}
upstream: ${upstream.url}
trusted_proxies: [127.0.0.1/32, 10.0.0.0/8]
users: { file: users.yaml }
routes:
  - path: /public/**
    access: public
  - path: /office
    networks: [8.8.8.8/32]
    access: public
`,
  })
  const statusFrom = async (...lines: readonly string[]) => {
    upstream.forget()
    const { answers } = await exchange(own, get('/office', lines), { answers: 1 })
    return answers[0]?.status
  }
  t.equal(await statusFrom('X-Forwarded-For: 8.8.8.8'), 200)
  t.equal(await statusFrom('X-Forwarded-For: 9.9.9.9, 8.8.8.8'), 200)
  t.match(
    upstream.requests[0]?.rawHeaders.find(([name]) => name.toLowerCase() === 'x-forwarded-for')?.[1],
    /8\.8\.8\.8/,
  )
  t.equal(
    await statusFrom('X-Forwarded-For: 9.9.9.9, 8.8.8.8, 10.1.2.3'),
    200,
    'trusted hops are stepped over',
  )
  t.equal(
    await statusFrom('X-Forwarded-For: 8.8.8.8, 9.9.9.9'),
    401,
    'what a client wrote itself does not count',
  )
  t.equal(
    await statusFrom('X-Forwarded-For: 8.8.8.8', 'X-Forwarded-For: 9.9.9.9'),
    401,
    'nor as a second header',
  )
  t.not(
    await statusFrom('X-Forwarded-For: 8.8.8.8, nonsense'),
    200,
    'nor behind something that is no address',
  )
  t.equal(await statusFrom('X-Real-IP: 8.8.8.8'), 401, 'no other header counts')
  t.equal(await statusFrom('Forwarded: for=8.8.8.8'), 401)
  upstream.forget()
})

for (const name of [
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Original-Method',
  'X-HTTP-Method',
  'X-HTTP-Method-Override',
  'X-Method-Override',
  'X-Forwarded-Uri',
  'X-Forwarded-Method',
  'X-Forwarded-Path',
  'X-Original-Host',
]) {
  await t.test(`a11: ${name} takes no part in the decision and does not reach the app`, async t => {
    const value = name.includes('ethod') ? 'DELETE' : name.includes('ost') ? 'evil.example' : '/admin'
    t.same(lookalikes(await reaching(get('/public/x', [`${name}: ${value}`])), name), [])
    upstream.forget()
    const opposite = name.includes('ethod') ? 'OPTIONS' : '/public/x'
    const { answers } = await exchange(gateway, get('/admin', [`${name}: ${opposite}`]), { answers: 1 })
    t.equal(answers[0]?.status, 401)
    t.same(await expectAlive(t, siege), [])
  })
}

await t.test('a12: a trailer with an identity is not merged into the headers', async t => {
  for (const trailer of ['Remote-User', 'X-Forwarded-User', 'Remote_User', 'Content-Length', 'Cookie']) {
    const request = await reaching(
      `${head('POST', '/public/x', [
        `Host: ${HOST}`,
        'Transfer-Encoding: chunked',
        `Trailer: ${trailer}`,
      ])}5\r\nhello\r\n0\r\n${trailer}: mallory\r\n\r\n`,
    )
    if (request === undefined) continue
    t.equal(request.body.toString(), 'hello')
    t.same(
      request.rawHeaders.filter(([, value]) => value === 'mallory'),
      [],
    )
    t.same(
      request.trailers.filter(([, value]) => value === 'mallory'),
      [],
    )
    t.same(
      lookalikes(request, trailer).filter(value => value === 'mallory'),
      [],
    )
  }
})

for (const [name, value] of [
  ['Proxy', 'http://evil.example'],
  ['Proxy-Authorization', 'Basic eDp5'],
  ['Proxy-Connection', 'keep-alive'],
  ['Proxy-Authenticate', 'Basic'],
  ['TE', 'gzip'],
  ['Keep-Alive', 'x'],
  ['Keep-Alive', 'timeout=5'],
  ['Upgrade', 'foo'],
  ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
] as const) {
  await t.test(`a13: "${name}: ${value}" stays at the gateway and the request works`, async t => {
    const request = await reaching(get('/public/x', [`${name}: ${value}`]))
    t.equal(request?.target, '/public/x')
    t.same(
      lookalikes(request, name).filter(own => own !== 'keep-alive'),
      [],
    )
  })
}

await t.test('a13: an upgrade to something unknown never makes a tunnel', async t => {
  upstream.forget()
  const lines = ['Connection: Upgrade', 'Upgrade: foo']
  const { answers } = await exchange(gateway, get('/public/x', lines), { answers: 1 })
  t.not(answers[0]?.status, 101)
  t.ok((answers[0]?.status ?? 0) < 500)
  for (const request of await expectAlive(t, siege)) t.same(valuesOf(request, 'upgrade'), [])
})

await t.test('a14: Expect: 100-continue gets its 100, then the answer', async t => {
  upstream.forget()
  const connection = await openRaw(gateway)
  t.teardown(() => connection.destroy())
  connection.write(head('POST', '/public/x', [`Host: ${HOST}`, 'Expect: 100-continue', 'Content-Length: 5']))
  t.ok(await connection.restHas('HTTP/1.1 100'.length))
  connection.write('hello')
  const answer = await connection.answer('POST')
  t.same(
    answer?.interim.map(({ status }) => status),
    [100],
  )
  t.equal(answer?.status, 200)
  t.same(
    upstream.requests.map(request => request.body.toString()),
    ['hello'],
  )
  upstream.forget()
})

await t.test('a14: who is refused is refused before the body has come', async t => {
  upstream.forget()
  const lines = [`Host: ${HOST}`, 'Expect: 100-continue', 'Content-Length: 5']
  const { answers, closed } = await exchange(gateway, head('POST', '/admin', lines))
  t.equal(answers[0]?.status, 401)
  t.ok(closed)
  t.same(await expectAlive(t, siege), [])
})

await t.test('a14: an expectation that is unknown is refused or ignored', async t => {
  const { answers } = await exchange(gateway, get('/public/x', ['Expect: miracles']), { answers: 1 })
  t.ok([200, 417].includes(answers[0]?.status ?? 0))
  for (const request of await expectAlive(t, siege)) t.same(valuesOf(request, 'expect'), [])
})

await t.test(
  'a15: names that are no header values reach the app encoded',
  { skip: noAuthenticator },
  async t => {
    const nasty = {
      displayname: 'Zoë "the; boss", Ünïcode \u{1f642}\r\nRemote-User: root',
      email: 'zoë@app.example',
      groups: ['ops', 'a,admins', 'grüße', 'x\r\nRemote-Groups: root'],
    }
    let own
    try {
      own = await startGateway(t, {
        yaml: mixedPolicy(upstream.url),
        users: await usersYaml([
          ...DEMO_USERS,
          { name: 'zoe', ...nasty },
          { name: 'long', displayname: 'x'.repeat(4_000) },
        ]),
      })
    } catch (error) {
      t.match(String(error), /users\.yaml/, 'such a user is refused when the file is read')
      return
    }
    for (const name of ['zoe', 'long']) {
      const person = createPerson(own)
      await person.login(name)
      upstream.forget()
      const { answers } = await exchange(own, get('/admin/x', [`Cookie: ${person.cookieHeader()}`]), {
        answers: 1,
      })
      t.equal(answers[0]?.status, 200)
      const [request] = upstream.requests
      t.same(lookalikes(request, 'Remote-User'), [name])
      for (const header of IDENTITY) {
        for (const value of lookalikes(request, header))
          t.match(value, /^[\x20-\x7e]*$/, `${header} is plain ASCII`)
      }
      t.notOk(
        lookalikes(request, 'Remote-Groups').join(',').split(',').includes('admins'),
        'one group is not two',
      )
      upstream.forget()
    }
  },
)

await t.test('a17: headers named like members of objects do nothing', async t => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'prototype']
  const request = await reaching(
    get(
      '/public/x',
      names.map(name => `${name}: x`),
    ),
  )
  t.equal(request?.target, '/public/x')
  t.same(await expectAlive(t, siege), [])
})

await t.test(
  'a18: our cookie stays at the gateway, the cookies of the app go on',
  { skip: noAuthenticator },
  async t => {
    const ours = alice.cookieHeader()
    for (const path of ['/admin/x', '/public/x']) {
      const between = await reaching(get(path, [`Cookie: app=1; ${ours}; theme=dark`]))
      t.same(valuesOf(between, 'cookie'), ['app=1; theme=dark'])
      const apart = await reaching(get(path, ['Cookie: app=1', `Cookie: ${ours}`, 'Cookie: theme=dark']))
      t.equal(valuesOf(apart, 'cookie').join('; '), 'app=1; theme=dark')
      t.same(valuesOf(await reaching(get(path, [`Cookie: ${ours}`])), 'cookie'), [])
      t.same(
        valuesOf(await reaching(get(path, [`Cookie: ${ours};`])), 'cookie').filter(value =>
          value.includes('='),
        ),
        [],
      )
    }
    const name = ours.split('=')[0] ?? ''
    for (const value of [`${name} =x`, ` ${name}=x`, `${name}=`, `a=1;${name}=x`, `${name}="x"`, name]) {
      const request = await reaching(get('/public/x', [`Cookie: ${value}`]))
      t.notMatch(valuesOf(request, 'cookie').join('; '), new RegExp(`(^|; *)${name} *(=|;|$)`), value)
    }
  },
)

await t.test(
  'a18, a19: an app cannot set our cookie, nor end our sessions',
  { skip: noAuthenticator },
  async t => {
    const name = alice.cookieHeader().split('=')[0] ?? ''
    const evil = [
      `${name}=evil; Path=/; Secure`,
      `${name.toUpperCase()}=evil; Path=/; Secure`,
      ` ${name} = evil; Path=/; Secure`,
      `${name}=; Max-Age=0; Path=/; Secure`,
      `=${name}=evil; Path=/; Secure`,
      `${name}; Path=/; Secure`,
    ]
    upstream.forget()
    upstream.answerWith(
      rawAnswer(
        `HTTP/1.1 103 Early Hints\r\n` +
          `Set-Cookie: ${name}=evil; Path=/; Secure\r\nLink: </x>; rel=preload\r\n\r\n` +
          `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: app=1; Path=/\r\n${evil
            .map(value => `Set-Cookie: ${value}\r\n`)
            .join(
              '',
            )}Set-Cookie: theme=dark\r\nClear-Site-Data: "cookies", "storage"\r\nX-Other: kept\r\n\r\nok`,
      ),
    )
    const { answers } = await exchange(gateway, get('/admin/x', [asAlice]), { answers: 1 })
    t.equal(answers[0]?.status, 200)
    const set = headerOf(answers[0], 'set-cookie')
    t.same(
      set.filter(value => !value.toLowerCase().includes(name.toLowerCase())),
      ['app=1; Path=/', 'theme=dark'],
    )
    t.same(
      set.filter(value => new RegExp(`^[\\s=]*${name}\\s*(=|;|$)`).test(value)),
      [],
      'ours is not among them',
    )
    for (const { headers } of answers[0]?.interim ?? []) {
      t.same(
        headers.filter(([own]) => own.toLowerCase() === 'set-cookie'),
        [],
        'nor in an interim answer',
      )
    }
    t.notMatch(headerOf(answers[0], 'clear-site-data').join(), /cookies|\*/)
    t.same(headerOf(answers[0], 'x-other'), ['kept'])
    upstream.forget()
    const again = await exchange(gateway, get('/admin/x', [asAlice]), { answers: 1 })
    t.equal(again.answers[0]?.status, 200, 'and the session lives')
  },
)
