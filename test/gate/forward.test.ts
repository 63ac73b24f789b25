import t from 'tap'
import { METHODS } from 'node:http'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { HOST, startGateway } from '../harness/gateway.js'
import { exchange, headerOf, openRaw } from '../harness/raw-client.js'
import {
  echo,
  hang,
  rawAnswer,
  rawAnswerThenEnd,
  rawAnswerThenReset,
  startRecordingUpstream,
  valuesOf,
} from '../harness/recording-upstream.js'
import { get, head } from '../harness/siege.js'

const upstream = await startRecordingUpstream(t)
const deaf = createServer()
await new Promise<void>(resolve => deaf.listen(0, '127.0.0.1', resolve))
const closedPort = (deaf.address() as AddressInfo).port
await new Promise(resolve => deaf.close(resolve))

/** A port whose queue of connections is full, so that no further one is ever accepted. */
async function fullPort(): Promise<number> {
  const script =
    "require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port); process.kill(process.pid, 'SIGSTOP') })"
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  t.teardown(() => {
    for (const filler of fillers) filler.destroy()
    child.kill('SIGKILL')
  })
  return port
}

/** The port of an app in a process of its own that answers as soon as it has the head of a request. */
async function hastyPort(): Promise<number> {
  const script =
    "require('http').createServer((_, answer) => answer.end('seen')).listen(0, '127.0.0.1', function () { console.log(this.address().port) })"
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return Number(line.toString())
}

const door = await startGateway(t, {
  yaml: `public_url: https://${HOST}
users: { file: users.yaml }
session: { domain: gw.example }
apps:
  - name: app
    host: ${HOST}
    upstream: { url: ${upstream.url}, timeouts: { headers: 1s, body: 2s } }
    routes: [{ path: /**, access: public }]
  - name: dead
    host: dead.gw.example
    upstream: http://127.0.0.1:${closedPort}
    routes: [{ path: /**, access: public }]
  - name: hasty
    host: hasty.gw.example
    upstream: http://127.0.0.1:${await hastyPort()}
    routes: [{ path: /**, access: public }]
  - name: far
    host: far.gw.example
    upstream: { url: 'http://127.0.0.1:${await fullPort()}', timeouts: { connect: 1s } }
    routes: [{ path: /**, access: public }]
`,
})
t.beforeEach(() => upstream.forget())

const BROWSER = ['Sec-Fetch-Mode: navigate', 'Accept: text/html']

/** Sends one request and gives what came back and what the app got. */
async function pass(bytes: string | Buffer | readonly (string | Buffer)[], method = 'GET') {
  const { answers } = await exchange(door, bytes, { answers: 1, method })
  return { answer: answers[0], request: upstream.requests.at(-1) }
}

/** Waits for something that is under way. */
async function until(holds: () => boolean, patience = 5_000): Promise<boolean> {
  for (const end = performance.now() + patience; performance.now() < end;) {
    if (holds()) return true
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return holds()
}

t.test('every method arrives as it was sent, with and without a body', async t => {
  for (const method of METHODS) {
    if (method === 'CONNECT' || method === 'TRACE') continue
    upstream.forget()
    const { answer, request } = await pass(head(method, '/a?b', [`Host: ${HOST}`]), method)
    t.equal(answer?.status, 200, method)
    t.equal(request?.requestLine, `${method} /a?b HTTP/1.1`)
    if (method === 'HEAD') continue
    upstream.forget()
    const lines = [`Host: ${HOST}`, 'Content-Length: 5', 'Content-Type: text/plain']
    const withBody = await pass(`${head(method, '/a', lines)}hello`, method)
    t.equal(withBody.answer?.status, 200, `${method} with a body`)
    t.equal(withBody.request?.body.toString(), 'hello', method)
  }
})

t.test('CONNECT and TRACE do not pass', async t => {
  for (const method of ['CONNECT', 'TRACE']) {
    const { answer } = await pass(head(method, method === 'CONNECT' ? `${HOST}:443` : '/', [`Host: ${HOST}`]))
    t.equal(answer?.status, 405)
  }
  t.equal(upstream.received().length, 0)
})

t.test('bodies arrive byte for byte, whatever they are said to be', async t => {
  const body = Buffer.from([0, 0xff, 0x80, 0x0d, 0x0a, 0xc3, 0x28, 0x1f, 0x8b])
  for (const type of [
    ['Content-Type: text/plain'],
    ['Content-Type: application/json'],
    ['Content-Type: application/x-www-form-urlencoded'],
    ['Content-Type: multipart/form-data; boundary=x'],
    ['Content-Type: text/plain; charset=utf-16', 'Content-Encoding: gzip'],
    ['Content-Type: nonsense'],
    ['Content-Type: ;;;'],
    ['Content-Type:'],
    ['Content-Type: \xff/\xfe'],
    ['Content-Type: a/b', 'Content-Type: c/d'],
    [],
  ]) {
    for (const method of ['POST', 'PUT', 'DELETE', 'GET', 'PROPFIND']) {
      upstream.forget()
      const lines = [`Host: ${HOST}`, ...type, `Content-Length: ${body.length}`]
      const { answer, request } = await pass([head(method, '/', lines), body])
      t.equal(answer?.status, 200, `${method} ${JSON.stringify(type)}`)
      t.same(request?.body, body)
      t.same(valuesOf(request, 'content-length'), [String(body.length)])
      t.same(valuesOf(request, 'transfer-encoding'), [])
    }
  }
})

t.test('a chunked upload stays chunked', async t => {
  for (const method of ['POST', 'GET', 'DELETE', 'REPORT']) {
    upstream.forget()
    const lines = [`Host: ${HOST}`, 'Transfer-Encoding: chunked']
    const { answer, request } = await pass([
      head(method, '/', lines),
      '3\r\nabc\r\n',
      '4;x=y\r\ndefg\r\n',
      '0\r\n\r\n',
    ])
    t.equal(answer?.status, 200, method)
    t.equal(request?.body.toString(), 'abcdefg')
    t.same(valuesOf(request, 'transfer-encoding'), ['chunked'])
    t.same(valuesOf(request, 'content-length'), [])
  }
})

t.test('an empty POST stays one of length 0', async t => {
  const { request } = await pass(head('POST', '/', [`Host: ${HOST}`, 'Content-Length: 0']))
  t.same(valuesOf(request, 'content-length'), ['0'])
})

t.test('Expect: 100-continue gets its 100, and the body arrives', async t => {
  const connection = await openRaw(door)
  t.teardown(() => connection.destroy())
  connection.write(head('PUT', '/', [`Host: ${HOST}`, 'Expect: 100-continue', 'Content-Length: 5']))
  t.ok(await connection.restHas(25))
  t.match(connection.rest().toString(), /^HTTP\/1\.1 100 Continue/)
  connection.write('hello')
  const answer = await connection.answer()
  t.equal(answer?.status, 200)
  t.equal(upstream.requests[0]?.body.toString(), 'hello')
  t.same(valuesOf(upstream.requests[0], 'expect'), [])
})

t.test('HEAD keeps the length of what it does not send', async t => {
  upstream.answerWith(rawAnswer('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: "x"\r\n\r\n'))
  const connection = await openRaw(door)
  t.teardown(() => connection.destroy())
  connection.write(head('HEAD', '/a', [`Host: ${HOST}`]))
  const answer = await connection.answer('HEAD')
  t.same(headerOf(answer, 'content-length'), ['1234'])
  connection.write(get('/b'))
  upstream.answerWith(echo)
  t.equal((await connection.answer())?.status, 200, 'the connection is in step')
})

t.test('ranges, 304, 204 and encoded bytes pass as they are', async t => {
  const range = 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/9\r\nContent-Length: 3\r\n\r\ncde'
  upstream.answerWith(rawAnswer(range))
  const partial = await pass(get('/', ['Range: bytes=2-4', 'If-Range: "x"']))
  t.equal(partial.answer?.status, 206)
  t.same(headerOf(partial.answer, 'content-range'), ['bytes 2-4/9'])
  t.equal(partial.answer?.body.toString(), 'cde')
  t.same(valuesOf(partial.request, 'range'), ['bytes=2-4'])
  upstream.answerWith(rawAnswer('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 77\r\n\r\n'))
  const unchanged = await pass(get('/', ['If-None-Match: "x"']))
  t.equal(unchanged.answer?.status, 304)
  t.same(headerOf(unchanged.answer, 'etag'), ['"x"'])
  upstream.answerWith(rawAnswer('HTTP/1.1 204 No Content\r\n\r\n'))
  t.equal((await pass(get('/'))).answer?.status, 204)
  const zipped = '\x1f\x8b\x08\x00\xff\xfe'
  upstream.answerWith(
    rawAnswer(`HTTP/1.1 200 Fine\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\n${zipped}`),
  )
  const encoded = await pass(get('/', ['Accept-Encoding: gzip']))
  t.equal(encoded.answer?.status, 200)
  t.equal(encoded.answer?.body.toString('latin1'), zipped)
  t.same(valuesOf(encoded.request, 'accept-encoding'), ['gzip'])
})

t.test('header fields of any bytes pass both ways, in order', async t => {
  upstream.answerWith(
    rawAnswer('HTTP/1.1 200 OK\r\nX-B: \xe4\xff\r\nX-A: 1\r\nx-b:  2 \r\nContent-Length: 0\r\n\r\n'),
  )
  const { answer, request } = await pass(get('/', ['X-Q: \xe4\xff', 'x-z: 1', 'X-Q: "a, b"']))
  t.same(answer?.headers.slice(0, 3), [
    ['X-B', '\xe4\xff'],
    ['X-A', '1'],
    ['x-b', '2'],
  ])
  t.same(request?.rawHeaders.filter(([name]) => name.toLowerCase().startsWith('x-')).slice(0, 3), [
    ['X-Q', '\xe4\xff'],
    ['x-z', '1'],
    ['X-Q', '"a, b"'],
  ])
})

t.test('early hints pass, but not to a client of HTTP/1.0', async t => {
  const hinted =
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n' +
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  upstream.answerWith(rawAnswer(hinted))
  const { answer } = await pass(get('/'))
  t.same(
    answer?.interim.map(({ status }) => status),
    [103],
  )
  t.equal(answer?.body.toString(), 'ok')
  const old = await pass(get('/').replace('HTTP/1.1', 'HTTP/1.0'))
  t.same(old.answer?.interim, [])
  t.equal(old.answer?.body.toString(), 'ok')
})

t.test('trailers pass to whoever takes them', async t => {
  upstream.answerWith(
    rawAnswer(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n',
    ),
  )
  const connection = await openRaw(door)
  t.teardown(() => connection.destroy())
  connection.write(get('/', ['TE: trailers', 'Connection: TE']))
  t.ok(await until(() => /0\r\n(?:.*\r\n)*\r\n$/.test(connection.rest().toString())))
  t.match(connection.rest().toString(), /\r\n0\r\nX-Sum: 7\r\n\r\n$/)
  t.same(valuesOf(upstream.requests[0], 'te'), ['trailers'])
  const { answer, request } = await pass(get('/'))
  t.equal(answer?.body.toString(), 'ok')
  t.same(valuesOf(request, 'te'), [])
})

t.test('server-sent events arrive one by one', async t => {
  let send: ((text: string) => void) | undefined
  upstream.answerWith((_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n')
    send = text => socket.write(text)
  })
  const connection = await openRaw(door)
  t.teardown(() => connection.destroy())
  connection.write(get('/events'))
  t.ok(await until(() => connection.rest().includes('text/event-stream')), 'the head comes before any event')
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    send?.(event)
    t.ok(await until(() => connection.rest().includes(event)), event)
  }
})

t.test('two pipelined requests are answered in order on one kept connection', async t => {
  const connection = await openRaw(door)
  t.teardown(() => connection.destroy())
  connection.write(get('/one') + get('/two'))
  t.match((await connection.answer())?.body.toString(), /GET \/one /)
  t.match((await connection.answer())?.body.toString(), /GET \/two /)
  connection.write(get('/three'))
  t.match((await connection.answer())?.body.toString(), /GET \/three /)
})

t.test('a client of HTTP/1.0 gets a body that ends with the connection', async t => {
  upstream.answerWith(rawAnswer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'))
  const { answers, closed } = await exchange(door, get('/').replace('HTTP/1.1', 'HTTP/1.0'))
  t.equal(answers[0]?.body.toString(), 'ok')
  t.same(headerOf(answers[0], 'transfer-encoding'), [])
  t.ok(closed)
})

t.test('an answer without length ends with its connection', async t => {
  upstream.answerWith(rawAnswerThenEnd('HTTP/1.1 200 OK\r\n\r\nall of it'))
  const { answer } = await pass(get('/'))
  t.equal(answer?.body.toString(), 'all of it')
  t.equal(answer?.complete, true)
})

t.test('an answer that breaks off is not told as a whole one', async t => {
  const length = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'
  const closing = (text: string) => text.replace('\r\n', '\r\nConnection: close\r\n')
  for (const bytes of [length, chunked, closing(length), closing(chunked)]) {
    for (const answer of [rawAnswerThenEnd(bytes), rawAnswerThenReset(bytes)]) {
      upstream.answerWith(answer)
      const { answers, closed } = await exchange(door, get('/'))
      t.equal(answers[0]?.status, 200)
      t.equal(answers[0]?.complete, false, bytes)
      t.ok(closed)
    }
  }
})

t.test('an app that falls silent in the middle of a body ends the answer', async t => {
  upstream.answerWith(rawAnswer('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'))
  const { answers, closed } = await exchange(door, get('/'))
  t.equal(answers[0]?.complete, false)
  t.ok(closed)
})

t.test('while a body is still coming the app is not late with its answer', async t => {
  const connection = await openRaw(door)
  connection.write(head('POST', '/slowly', [`Host: ${HOST}`, 'Content-Length: 9']))
  for (const letter of 'by pieces') {
    await new Promise(resolve => setTimeout(resolve, 300))
    connection.write(letter)
  }
  t.equal((await connection.answer())?.status, 200)
  t.equal(upstream.requests.at(-1)?.body.toString(), 'by pieces')
  connection.destroy()
})

t.test(
  'a request goes to the app with the first byte of its body: no rest is waited for, however short',
  async t => {
    for (const [line, begun] of [
      ['Content-Length: 2', 'o'],
      ['Content-Length: 20000', 'x'],
      ['Transfer-Encoding: chunked', '1\r\no\r\n'],
    ] as const) {
      const connection = await openRaw(door)
      connection.write(head('POST', '/', ['Host: hasty.gw.example', line]) + begun)
      t.equal((await connection.answer())?.body.toString(), 'seen', `${line} ${begun}`)
      connection.destroy()
    }
  },
)

t.test('a client that leaves ends what it has asked of the app', async t => {
  const piece = Buffer.alloc(64 * 1024, 'x')
  const post = (line: string) => head('POST', '/public/c', [`Host: ${HOST}`, line])
  for (const [what, bytes, connections] of [
    ['before the answer', get('/public/a'), 1],
    ['in the middle of the answer', get('/public/big'), 1],
    ['in the middle of an upload', `${post('Content-Length: 99')}hello`, 1],
    ['in the middle of a chunked upload', `${post('Transfer-Encoding: chunked')}5\r\nhello\r\n`, 1],
    ['with requests behind the first', get('/public/a') + get('/public/big') + get('/public/c'), 3],
    [
      'with requests that have a body behind the first',
      `${get('/public/a')}${post('Content-Length: 2').replace('/c', '/big')}ok`,
      2,
    ],
  ] as const) {
    let asked = 0
    let gone = 0
    const app = createServer(socket => {
      socket.on('error', () => socket.destroy())
      socket.once('data', bytes => {
        asked++
        socket.once('close', () => gone++)
        if (!bytes.includes('/big')) return
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n')
        for (let sent = 0; sent < 100; sent++) socket.write(piece)
      })
    })
    await new Promise<void>(resolve => app.listen(0, '127.0.0.1', resolve))
    const gateway = await startGateway(t, {
      upstream: `http://127.0.0.1:${(app.address() as AddressInfo).port}`,
    })
    const connection = await openRaw(gateway)
    connection.write(bytes)
    t.ok(await until(() => asked === connections), `${what}: the app was asked`)
    if (what === 'in the middle of the answer') t.ok(await connection.restHas(10))
    connection.destroy()
    t.ok(await until(() => gone === connections, 2_000), `${what}: ${gone} of ${connections} ended`)
    await gateway.close()
    app.close()
  }
})

t.test('an app that cannot be reached is 502, one that is silent 504: a page or a problem body', async t => {
  for (const [host, target, status, reason] of [
    ['dead.gw.example', '/', 502, 'upstream_unreachable'],
    ['far.gw.example', '/', 504, 'upstream_timeout'],
    [HOST, '/hang', 504, 'upstream_timeout'],
  ] as const) {
    upstream.answerWith(hang)
    const program = await pass(get(target, [], host))
    t.equal(program.answer?.status, status, host)
    t.match(headerOf(program.answer, 'content-type')[0], /^application\/problem\+json/)
    t.match(JSON.parse(program.answer?.body.toString() ?? ''), { status, reason })
    const browser = await pass(get(target, BROWSER, host))
    t.equal(browser.answer?.status, status, host)
    t.match(headerOf(browser.answer, 'content-type')[0], /^text\/html/)
    t.match(headerOf(browser.answer, 'cache-control')[0], /no-store/)
  }
})

t.test('a POST whose body is still coming gets the 502 of a dead app, not a reset', async t => {
  const piece = Buffer.alloc(256 * 1024, 'x')
  for (let turn = 0; turn < 5; turn++) {
    const connection = await openRaw(door)
    connection.write(head('POST', '/', ['Host: dead.gw.example', 'Content-Length: 50000000']))
    for (let sent = 0; sent < 8; sent++) {
      connection.write(piece)
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    const answer = await connection.answer()
    t.equal(answer?.status, 502)
    t.equal(answer?.complete, true)
    connection.destroy()
  }
})

t.test('an app that refuses a body before it has all come is heard', async t => {
  const piece = Buffer.alloc(256 * 1024, 'x')
  const early = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => {
      socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig')
      socket.resume()
    })
  })
  await new Promise<void>(resolve => early.listen(0, '127.0.0.1', resolve))
  t.teardown(() => early.close())
  const strict = await startGateway(t, {
    upstream: `http://127.0.0.1:${(early.address() as AddressInfo).port}`,
  })
  for (let turn = 0; turn < 5; turn++) {
    const connection = await openRaw(strict)
    connection.write(head('POST', '/public/', [`Host: ${HOST}`, 'Content-Length: 50000000']))
    for (let sent = 0; sent < 8; sent++) {
      connection.write(piece)
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    const answer = await connection.answer()
    t.equal(answer?.status, 413)
    t.equal(answer?.body.toString(), 'big')
    connection.destroy()
  }
})

t.test('what may not be repeated is sent once, a GET on a stale connection twice', async t => {
  for (const end of [rawAnswerThenEnd(''), rawAnswerThenReset('')]) {
    for (const [bytes, times, status] of [
      [get('/second'), 2, 200],
      [head('POST', '/second', [`Host: ${HOST}`, 'Content-Length: 0']), 1, 502],
      [`${head('POST', '/second', [`Host: ${HOST}`, 'Content-Length: 2'])}ok`, 1, 502],
      [`${get('/second', ['Content-Length: 2'])}ok`, 1, 502],
      [head('DELETE', '/second', [`Host: ${HOST}`]), 1, 502],
    ] as const) {
      upstream.forget()
      let attempts = 0
      upstream.answerWith((request, socket, tunnel) => {
        if (request.target === '/second' && ++attempts === 1) end(request, socket, tunnel)
        else echo(request, socket, tunnel)
      })
      await pass(get('/first'))
      const { answers } = await exchange(door, bytes, { answers: 1 })
      t.equal(answers[0]?.status, status, bytes.slice(0, 20))
      t.equal(attempts, times)
    }
    upstream.forget()
    upstream.answerWith(end)
    const { answer } = await pass(get('/always'))
    t.equal(answer?.status, 502)
    t.equal(upstream.requests.length, 2, 'and never a third time')
  }
})

t.test('a reason phrase that cannot be written harms nobody', async t => {
  upstream.answerWith(rawAnswer('HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok'))
  const { answer } = await pass(get('/'))
  t.ok([200, 502].includes(answer?.status ?? 0), answer?.statusLine ?? 'no answer')
  t.equal(answer?.complete, true)
})

t.test('answers that cannot be told give 502, and the next request works', async t => {
  for (const bytes of [
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX-Big: ${'x'.repeat(200_000)}\r\nContent-Length: 0\r\n\r\n`,
    'HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'hello\r\n\r\n',
  ]) {
    for (const request of [get('/'), head('POST', '/', [`Host: ${HOST}`, 'Content-Length: 0'])]) {
      upstream.answerWith(rawAnswer(bytes))
      const { answer } = await pass(request)
      t.equal(answer?.status, 502, bytes.slice(0, 60))
      t.equal(answer?.complete, true)
      upstream.answerWith(echo)
      t.equal((await pass(get('/'))).answer?.status, 200)
    }
  }
})

t.test('an app that answers a HEAD before its body and closes is heard', async t => {
  const fields = ['Host: hasty.gw.example', 'Transfer-Encoding: chunked']
  const bytes = `${head('HEAD', '/', fields)}2\r\nx=\r\n1\r\n1\r\n0\r\n\r\n`
  const statuses = new Map<number, number>()
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let sent = 0; sent < 50; sent++) {
        const { answers } = await exchange(door, bytes, { answers: 1, method: 'HEAD' })
        const status = answers[0]?.status ?? 0
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }),
  )
  t.same([...statuses], [[200, 200]])
})
