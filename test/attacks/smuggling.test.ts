import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { exchange, headerOf, openRaw } from '../harness/raw-client.js'
import {
  hang,
  rawAnswer,
  rawAnswerThenEnd,
  rawAnswerThenReset,
  startRecordingUpstream,
  valuesOf,
} from '../harness/recording-upstream.js'
import type { UpstreamAnswer } from '../harness/recording-upstream.js'
import { expectAlive, expectRefused, get, head } from '../harness/siege.js'
import type { Siege } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)
const gateway = await startGateway(t, { upstream: upstream.url, tls: false })
const siege: Siege = { gateway, upstream }
/** The gateway's own pages answer over https only. */
const production = await startGateway(t, { upstream: upstream.url })

const SMUGGLED = `GET /public/smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`

/** A POST to a public path with these header lines and these bytes behind its head. */
const post = (lines: readonly string[], body: string) =>
  head('POST', '/public/x', [`Host: ${HOST}`, ...lines]) + body

const CHUNKED_BODY = `5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`

const FRAMINGS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  c1: [
    ['CL.TE', post(['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\nG')],
    ['TE.CL', post(['Transfer-Encoding: chunked', 'Content-Length: 4'], CHUNKED_BODY)],
    ['xchunked', post(['Transfer-Encoding: xchunked'], CHUNKED_BODY)],
    ['chunked, identity', post(['Transfer-Encoding: chunked, identity'], CHUNKED_BODY)],
    ['identity', post(['Transfer-Encoding: identity', 'Content-Length: 5'], `hello${SMUGGLED}`)],
    ['TE twice', post(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], CHUNKED_BODY)],
    ['chunked twice', post(['Transfer-Encoding: chunked, chunked'], CHUNKED_BODY)],
    ['a space before the colon', post(['Transfer-Encoding : chunked'], CHUNKED_BODY)],
    ['a tab before the colon', post(['Transfer-Encoding\t: chunked'], CHUNKED_BODY)],
    ['a vertical tab', post(['Transfer-Encoding: \x0bchunked'], CHUNKED_BODY)],
    ['a CR inside', post(['Transfer-Encoding: chun\rked'], CHUNKED_BODY)],
    ['quotes', post(['Transfer-Encoding: "chunked"'], CHUNKED_BODY)],
    ['an empty value', post(['Transfer-Encoding:', 'Content-Length: 5'], `hello${SMUGGLED}`)],
    ['a name in odd case with CL', post(['tRANSFER-eNCODING: cHUNKED', 'Content-Length: 3'], CHUNKED_BODY)],
    ['a parameter', post(['Transfer-Encoding: chunked;q=1'], CHUNKED_BODY)],
  ],
  c2: [
    ['gzip, chunked', post(['Transfer-Encoding: gzip, chunked'], CHUNKED_BODY)],
    ['gzip', post(['Transfer-Encoding: gzip'], CHUNKED_BODY)],
    [
      'gzip in one line, chunked in the next',
      post(['Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'], CHUNKED_BODY),
    ],
  ],
  c3: [
    ['two that are equal', post(['Content-Length: 5', 'Content-Length: 5'], `hello${SMUGGLED}`)],
    ['two that differ', post(['Content-Length: 5', 'Content-Length: 0'], `hello${SMUGGLED}`)],
    ['a list', post(['Content-Length: 2, 2'], `hi${SMUGGLED}`)],
    ['a plus', post(['Content-Length: +2'], `hi${SMUGGLED}`)],
    ['a minus', post(['Content-Length: -1'], SMUGGLED)],
    ['hexadecimal', post(['Content-Length: 0x2'], `hi${SMUGGLED}`)],
    ['a space inside', post(['Content-Length: 2 2'], `hi${SMUGGLED}`)],
    ['20 digits', post(['Content-Length: 18446744073709551617'], SMUGGLED)],
    ['an exponent', post(['Content-Length: 2e0'], `hi${SMUGGLED}`)],
    ['a fraction', post(['Content-Length: 2.0'], `hi${SMUGGLED}`)],
    ['nothing', post(['Content-Length:'], SMUGGLED)],
  ],
  c4: [
    ['a folded line', get('/public/x', ['X-A: 1', ' Transfer-Encoding: chunked'])],
    ['a folded first line', `GET /public/x HTTP/1.1\r\n Host: ${HOST}\r\n\r\n`],
    ['bare LF', `GET /public/x HTTP/1.1\nHost: ${HOST}\n\n${SMUGGLED}`],
    ['one bare LF', `GET /public/x HTTP/1.1\r\nHost: ${HOST}\nX-A: 1\r\n\r\n`],
    ['a bare CR in a value', get('/public/x', ['X-A: 1\rX-B: 2'])],
    ['a NUL in a value', get('/public/x', ['X-A: 1\x00'])],
    ['a NUL in a name', get('/public/x', ['X-\x00A: 1'])],
    ['an empty name', get('/public/x', [': 1'])],
    ['no colon', get('/public/x', ['X-A'])],
    ['a name with a space', get('/public/x', ['X A: 1'])],
    ['a control character in a value', get('/public/x', ['X-A: \x07'])],
    ['three words too many', `GET /public/x HTTP/1.1 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['no version', `GET /public/x\r\nHost: ${HOST}\r\n\r\n`],
    ['version 0.9', `GET /public/x HTTP/0.9\r\nHost: ${HOST}\r\n\r\n`],
    ['version 1.2', `GET /public/x HTTP/1.2\r\nHost: ${HOST}\r\n\r\n`],
    ['version 2.0', `GET /public/x HTTP/2.0\r\nHost: ${HOST}\r\n\r\n`],
    ['a lower-case version', `GET /public/x http/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ],
}

for (const [id, rows] of Object.entries(FRAMINGS)) {
  for (const [what, bytes] of rows) {
    await t.test(`${id}: ${what} is refused`, async t => {
      await expectRefused(t, siege, bytes, status => status >= 400 && status < 500)
    })
  }
}

const CHUNKS: readonly (readonly [string, string])[] = [
  ['a bare LF after the size', '2\nhi\r\n0\r\n\r\n'],
  ['a bare LF after the data', '2\r\nhi\n0\r\n\r\n'],
  ['a bare LF in an extension', '2;\nxx\r\n0\r\n\r\n'],
  ['hexadecimal with 0x', '0x2\r\nhi\r\n0\r\n\r\n'],
  ['a space before the size', ' 2\r\nhi\r\n0\r\n\r\n'],
  ['a minus', '-2\r\nhi\r\n0\r\n\r\n'],
  ['17 digits', '10000000000000002\r\nhi\r\n0\r\n\r\n'],
  ['no size', '\r\nhi\r\n0\r\n\r\n'],
  ['more data than the size says', '2\r\nhello\r\n0\r\n\r\n'],
  ['1 MB of extension', `2;${'x'.repeat(1_000_000)}\r\nhi\r\n0\r\n\r\n`],
  ['a bare CR in an extension', '2;a\rb\r\nhi\r\n0\r\n\r\n'],
]
for (const [what, body] of CHUNKS) {
  await t.test(`c5: a chunk with ${what} ends the request, and nothing behind it is read`, async t => {
    upstream.forget()
    const result = await exchange(gateway, post(['Transfer-Encoding: chunked'], body + SMUGGLED))
    t.ok(result.answers.length <= 1)
    for (const { status } of result.answers) t.ok(status >= 400 && status < 500, `answered ${status}`)
    t.ok(result.closed)
    t.notMatch(upstream.received().toString('latin1'), /smuggled/)
    t.same(await expectAlive(t, siege), [], 'no complete request reached the app')
  })
}

await t.test('c5: the same chunk with a space behind its size is refused or read as it is meant', async t => {
  upstream.forget()
  const result = await exchange(
    gateway,
    post(['Transfer-Encoding: chunked', 'Connection: close'], '2 \r\nhi\r\n0\r\n\r\n'),
  )
  for (const request of await expectAlive(t, siege)) t.equal(request.body.toString(), 'hi')
  t.ok(result.closed)
})

for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PROPFIND']) {
  for (const [what, lines, body] of [
    ['a length', ['Content-Length: 5'], 'hello'],
    ['chunks', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n'],
  ] as const) {
    await t.test(
      `c6: ${method} with a body of ${what} leaves the next request on the connection whole`,
      async t => {
        upstream.forget()
        const connection = await openRaw(gateway)
        t.teardown(() => connection.destroy())
        connection.write(
          head(method, '/public/first', [`Host: ${HOST}`, ...lines]) + body + get('/public/second'),
        )
        t.equal((await connection.answer(method))?.status, 200)
        t.equal((await connection.answer())?.status, 200)
        const reached = upstream.requests.map(request => `${request.method} ${request.target}`)
        t.same(reached.sort(), [`${method} /public/first`, 'GET /public/second'].sort())
        const first = upstream.requests.find(request => request.target === '/public/first')
        t.ok(['', 'hello'].includes(first?.body.toString() ?? '?'), 'the body is delivered or dropped')
        upstream.forget()
      },
    )
  }
}

await t.test('c6: what looks like a request inside the body of a GET stays a body', async t => {
  upstream.forget()
  const inner = `GET /admin HTTP/1.1\r\nHost: ${HOST}\r\nX: y\r\n\r\n`
  await exchange(gateway, get('/public/x', [`Content-Length: ${inner.length}`]) + inner, { answers: 1 })
  for (const request of await expectAlive(t, siege)) t.equal(request.target, '/public/x')
})

await t.test('c7: two requests in one packet get a decision each', async t => {
  upstream.forget()
  const connection = await openRaw(gateway)
  t.teardown(() => connection.destroy())
  connection.write(get('/public/first') + get('/admin') + get('/public/third'))
  t.equal((await connection.answer())?.status, 200)
  t.equal((await connection.answer())?.status, 401)
  t.equal((await connection.answer())?.status, 200)
  t.same(
    (await expectAlive(t, siege)).map(request => request.target),
    ['/public/first', '/public/third'],
  )
})

await t.test('c7: a cookie of one request on a connection is not there for the next one', async t => {
  upstream.forget()
  const connection = await openRaw(gateway)
  t.teardown(() => connection.destroy())
  connection.write(get('/public/first', ['Cookie: app=1', 'Authorization: Bearer x']) + get('/public/second'))
  t.equal((await connection.answer())?.status, 200)
  t.equal((await connection.answer())?.status, 200)
  t.same(valuesOf(upstream.requests[1], 'cookie'), [])
  t.same(valuesOf(upstream.requests[1], 'authorization'), [])
  upstream.forget()
})

await t.test('c8: an upgrade to h2c makes no tunnel, and its headers stay here', async t => {
  for (const connectionLine of [
    'Connection: Upgrade, HTTP2-Settings',
    'Connection: upgrade',
    'Connection: close',
  ]) {
    upstream.forget()
    const lines = [connectionLine, 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']
    const { answers } = await exchange(gateway, get('/public/x', lines) + get('/admin'), { answers: 1 })
    t.not(answers[0]?.status, 101)
    t.ok((answers[0]?.status ?? 0) < 500)
    for (const request of await expectAlive(t, siege)) {
      t.equal(request.target, '/public/x')
      t.same(valuesOf(request, 'upgrade'), [])
      t.same(valuesOf(request, 'http2-settings'), [])
    }
  }
})

await t.test('c8: HTTP/2 without asking is refused', async t => {
  await expectRefused(t, siege, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00')
})

await t.test('c11: a 101 to a plain GET is a broken upstream', async t => {
  upstream.forget()
  upstream.answerWith(
    rawAnswer('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello'),
  )
  const { answers } = await exchange(gateway, get('/public/x'), { answers: 1 })
  t.equal(answers[0]?.status, 502)
  await expectAlive(t, siege)
})

const BROKEN_ANSWERS: Readonly<Record<string, UpstreamAnswer>> = {
  'a length and chunks at once': rawAnswer(
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ),
  'two lengths': rawAnswer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 3\r\n\r\nhello'),
  'a header of 200 kB': rawAnswer(
    `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(200_000)}\r\nContent-Length: 0\r\n\r\n`,
  ),
  'no HTTP': rawAnswer('SSH-2.0-OpenSSH_9.2\r\n\r\n'),
  'a NUL in a header': rawAnswer('HTTP/1.1 200 OK\r\nX-A: \x00\r\nContent-Length: 0\r\n\r\n'),
  'a status that is none': rawAnswer('HTTP/1.1 99 Odd\r\nContent-Length: 0\r\n\r\n'),
  'an end before the head is whole': rawAnswerThenEnd('HTTP/1.1 200 OK\r\nContent-'),
  'an end at once': rawAnswerThenEnd(''),
  'a reset at once': (_request, socket) => socket.resetAndDestroy(),
}
for (const [what, answer] of Object.entries(BROKEN_ANSWERS)) {
  await t.test(
    `c12: an upstream that answers with ${what} gives 502, and its connection is not used again`,
    async t => {
      upstream.forget()
      upstream.answerWith(answer)
      const { answers } = await exchange(gateway, get('/public/x'), { answers: 1 })
      t.equal(answers[0]?.status, 502)
      const broken = upstream.requests.map(request => request.connection)
      upstream.forget()
      await exchange(gateway, get('/public/next'), { answers: 1 })
      t.equal(upstream.requests[0]?.target, '/public/next')
      t.notOk(broken.includes(upstream.requests[0]?.connection ?? -1))
      await expectAlive(t, siege)
    },
  )
}

await t.test('c12: 103 twice, then the answer', async t => {
  upstream.forget()
  upstream.answerWith(
    rawAnswer(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ),
  )
  const { answers } = await exchange(gateway, get('/public/x'), { answers: 1 })
  t.equal(answers[0]?.status, 200)
  t.equal(answers[0]?.body.toString(), 'ok')
  await expectAlive(t, siege)
})

await t.test('c12: 100 without being asked, then the answer', async t => {
  upstream.forget()
  upstream.answerWith(
    rawAnswer('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  )
  const { answers } = await exchange(gateway, get('/public/x'), { answers: 1 })
  t.ok([200, 502].includes(answers[0]?.status ?? 0))
  await expectAlive(t, siege)
})

await t.test('c12: what follows a 204 is no answer to anybody', async t => {
  upstream.forget()
  upstream.answerWith(
    rawAnswer(
      'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
    ),
  )
  await exchange(gateway, get('/public/x'), { answers: 1 })
  upstream.forget()
  const { answers } = await exchange(gateway, get('/public/next'), { answers: 1 })
  t.notMatch(answers[0]?.body.toString(), /poison/)
  await expectAlive(t, siege)
})

await t.test('c12: a second answer behind the first is no answer to anybody', async t => {
  upstream.forget()
  upstream.answerWith(
    rawAnswer(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
    ),
  )
  await exchange(gateway, get('/public/x'), { answers: 1 })
  upstream.forget()
  const { answers } = await exchange(gateway, get('/public/next'), { answers: 1 })
  t.notMatch(answers[0]?.body.toString(), /poison/)
  await expectAlive(t, siege)
})

const CUT_OFF: Readonly<Record<string, UpstreamAnswer>> = {
  'a body that is too short': rawAnswerThenEnd('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'),
  'chunks without an end': rawAnswerThenEnd(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
  ),
  'a reset in the middle': rawAnswerThenReset('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'),
  'a broken chunk': rawAnswer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n'),
}
for (const [what, answer] of Object.entries(CUT_OFF)) {
  await t.test(`c12: ${what} is not told as a whole answer`, async t => {
    upstream.forget()
    upstream.answerWith(answer)
    const connection = await openRaw(gateway)
    t.teardown(() => connection.destroy())
    connection.write(get('/public/x'))
    const told = await connection.answer()
    t.ok(told === undefined || told.status === 502 || !told.complete, 'cut off, or 502')
    t.ok(await connection.closed())
    await expectAlive(t, siege)
  })
}

await t.test('c13: CONNECT and TRACE reach nothing', async t => {
  for (const bytes of [
    head('CONNECT', `127.0.0.1:${upstream.port}`, [`Host: 127.0.0.1:${upstream.port}`]) + SMUGGLED,
    head('TRACE', '/public/x', [`Host: ${HOST}`]) + SMUGGLED,
  ]) {
    await expectRefused(t, siege, bytes, status => status === 405)
  }
})

for (const [what, request] of [
  [
    'a path that can be read two ways',
    head('POST', '/public//x', [`Host: ${HOST}`, `Content-Length: ${SMUGGLED.length}`]),
  ],
  [
    'a login that is missing',
    head('POST', '/admin', [`Host: ${HOST}`, `Content-Length: ${SMUGGLED.length}`]),
  ],
  [
    'a host that is unknown',
    head('POST', '/public/x', ['Host: other.example', `Content-Length: ${SMUGGLED.length}`]),
  ],
] as const) {
  await t.test(`c14: after ${what} on a kept connection, the body is never read as a request`, async t => {
    upstream.forget()
    const connection = await openRaw(gateway)
    t.teardown(() => connection.destroy())
    connection.write(get('/public/first'))
    t.equal((await connection.answer())?.status, 200)
    connection.write(request)
    const refusal = await connection.answer('POST')
    t.ok((refusal?.status ?? 0) >= 400 && (refusal?.status ?? 0) < 500)
    connection.write(SMUGGLED + SMUGGLED)
    t.equal(await connection.answer(), undefined)
    t.ok(await connection.closed())
    t.same(
      (await expectAlive(t, siege)).map(({ target }) => target),
      ['/public/first'],
    )
  })
}

for (const [what, path, type] of [
  ['an address of ours that is not', '/auth/nothing', 'application/json'],
  ['a form of another site', '/auth/login', 'application/x-www-form-urlencoded'],
  ['a body of a type that is not read', '/auth/login', 'text/plain'],
] as const) {
  await t.test(`c14: after ${what}, the body of the request is never read as the next one`, async t => {
    upstream.forget()
    const connection = await openRaw(production)
    t.teardown(() => connection.destroy())
    const lines = [`Host: ${HOST}`, `Content-Type: ${type}`, `Content-Length: ${SMUGGLED.length}`]
    connection.write(head('POST', path, lines))
    connection.write(SMUGGLED + head('TRACE', '/in-step', [`Host: ${HOST}`]))
    const refusal = await connection.answer('POST')
    t.ok((refusal?.status ?? 0) >= 400 && (refusal?.status ?? 0) < 500)
    const next = await connection.answer()
    t.ok(next === undefined || next.status === 405, 'closed, or in step')
    t.same(await expectAlive(t, siege), [])
  })
}

await t.test('c15: a large body that is refused early is not read as requests', async t => {
  upstream.forget()
  const connection = await openRaw(gateway)
  t.teardown(() => connection.destroy())
  connection.write(head('POST', '/admin', [`Host: ${HOST}`, 'Content-Length: 50000000']))
  const answer = await connection.answer('POST')
  t.equal(answer?.status, 401)
  t.same(
    headerOf(answer, 'connection').map(value => value.toLowerCase()),
    ['close'],
  )
  for (let sent = 0; sent < 100; sent++) connection.write(SMUGGLED)
  t.ok(await connection.closed())
  t.same(await expectAlive(t, siege), [])
})

await t.test('c15: a login with a body beyond measure is refused', async t => {
  upstream.forget()
  for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
    const lines = [
      `Host: ${HOST}`,
      `Content-Type: ${type}`,
      'Sec-Fetch-Site: same-origin',
      'Content-Length: 50000000',
    ]
    const connection = await openRaw(production)
    t.teardown(() => connection.destroy())
    connection.write(head('POST', '/auth/login', lines))
    const answer = await connection.answer('POST')
    t.equal(answer?.status, 413)
    t.ok(await connection.closed())
  }
  t.same(await expectAlive(t, siege), [])
})

await t.test('c15: a client that leaves takes its request to the app with it', async t => {
  upstream.forget()
  upstream.answerWith(hang)
  const connection = await openRaw(gateway)
  connection.write(get('/public/x'))
  for (let turn = 0; turn < 1_000 && upstream.requests.length === 0; turn++) await new Promise(setImmediate)
  connection.destroy()
  await expectAlive(t, siege)
})
