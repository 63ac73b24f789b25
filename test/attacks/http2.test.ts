import t from 'tap'
import type { Test } from 'tap'
import type { ClientHttp2Session } from 'node:http2'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST, startGateway, mixedPolicy } from '../harness/gateway.js'
import type { TestGateway } from '../harness/gateway.js'
import { askHttp2, openHttp2 } from '../harness/http2-client.js'
import { END_HEADERS, END_STREAM, FRAME, frame, headerBlock, openFrames } from '../harness/http2-frames.js'
import type { FrameConnection } from '../harness/http2-frames.js'
import { createPerson } from '../harness/person.js'
import { exchange } from '../harness/raw-client.js'
import { startRecordingUpstream, valuesOf } from '../harness/recording-upstream.js'
import { expectAlive, get } from '../harness/siege.js'
import { CONFUSING, mostLenientReading } from './confusing-paths.js'
import { IDENTITY, OTHER_NAMES } from './spoofed-names.js'

const upstream = await startRecordingUpstream(t)
const gateway: TestGateway = await startGateway(t, { yaml: mixedPolicy(upstream.url), http2: true })
const siege = { gateway, upstream }

const alice = createPerson(gateway)
if (!noAuthenticator) await alice.login('alice')
const halfway = createPerson(gateway)
t.equal((await halfway.giveUserName('bob')).status, 202)

type Fields = readonly (readonly [string, string])[]

/** The fields that every request has, each of which may be replaced or left out. */
function request(changes: Readonly<Record<string, string | undefined>> = {}, more: Fields = []): Fields {
  const pseudo = {
    ':method': 'GET',
    ':scheme': 'https',
    ':authority': HOST,
    ':path': '/public/x',
    ...changes,
  }
  const kept = Object.entries<string | undefined>(pseudo).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return [...kept, ...more]
}

function send(client: FrameConnection, stream: number, fields: Fields): void {
  client.write(frame(FRAME.headers, END_HEADERS | END_STREAM, stream, headerBlock(fields)))
}

/** What became of a request: the status of its answer, the code of its reset, or that the connection ended. */
async function outcomeOf(client: FrameConnection, stream: number): Promise<string> {
  const end = await client.next(
    ({ type, stream: of }) =>
      (of === stream && (type === FRAME.headers || type === FRAME.reset)) || type === FRAME.goaway,
  )
  if (end?.type === FRAME.headers) return `status ${statusIn(end.payload)}`
  return end?.type === FRAME.reset ? `reset ${end.payload.readUInt32BE(0)}` : 'gone'
}

/** The status in the head of an answer: an index of the static table, or a literal with the name of entry 8. */
function statusIn(block: Buffer): number {
  const known = new Map([
    [0x88, 200],
    [0x89, 204],
    [0x8a, 206],
    [0x8b, 304],
    [0x8c, 400],
    [0x8d, 404],
    [0x8e, 500],
  ])
  // An answer begins with an update of the table's size where the client has set one.
  const first = block[0] ?? 0
  const status = known.get(first)
  if (status !== undefined) return status
  const length = (block[1] ?? 0) & 0x7f
  const isHuffman = ((block[1] ?? 0) & 0x80) !== 0
  return isHuffman
    ? huffmanDigits(block.subarray(2, 2 + length))
    : Number(block.toString('latin1', 2, 2 + length))
}

/** Three digits in the code of RFC 7541, appendix B: 0 to 2 have five bits, the others six. */
function huffmanDigits(bytes: Buffer): number {
  const bits = [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('')
  let digits = ''
  for (let at = 0; digits.length < 3;) {
    const five = Number.parseInt(bits.slice(at, at + 5), 2)
    if (five <= 2) {
      digits += String(five)
      at += 5
    } else {
      digits += String(Number.parseInt(bits.slice(at, at + 6), 2) - 0x19 + 3)
      at += 6
    }
  }
  return Number(digits)
}

/** What is refused: by a status, or by resetting the stream as malformed (PROTOCOL_ERROR). */
const MALFORMED = /^status 400$|^reset 1$/

for (const [what, fields, outcome] of [
  ['a path twice', [...request(), [':path', '/admin/x']], MALFORMED],
  ['a path twice, at once', [[':path', '/public/x'], ...request()], MALFORMED],
  ['an authority twice', [...request(), [':authority', 'other.example']], MALFORMED],
  ['a method twice', [[':method', 'GET'], ...request()], MALFORMED],
  ['a pseudo-header behind a field', [['accept', '*/*'], ...request()], MALFORMED],
  ['an unknown pseudo-header', [[':user', 'admin'], ...request()], MALFORMED],
  ['a status', [[':status', '200'], ...request()], MALFORMED],
  ['no path', request({ ':path': undefined }), MALFORMED],
  ['an empty path', request({ ':path': '' }), MALFORMED],
  ['no method', request({ ':method': undefined }), MALFORMED],
  ['no scheme', request({ ':scheme': undefined }), MALFORMED],
  ['the scheme http', request({ ':scheme': 'http' }), MALFORMED],
  ['another scheme and a path that is none', request({ ':scheme': 'ftp', ':path': 'x://y' }), MALFORMED],
  ['an upper-case name', request({}, [['Remote-User', 'admin']]), MALFORMED],
  ['connection', request({}, [['connection', 'close']]), MALFORMED],
  ['keep-alive', request({}, [['keep-alive', '5']]), MALFORMED],
  ['proxy-connection', request({}, [['proxy-connection', 'close']]), MALFORMED],
  ['transfer-encoding', request({}, [['transfer-encoding', 'chunked']]), MALFORMED],
  ['upgrade', request({}, [['upgrade', 'websocket']]), MALFORMED],
  ['te other than trailers', request({}, [['te', 'gzip']]), MALFORMED],
  ['a length that is none', request({}, [['content-length', '5x']]), MALFORMED],
  [
    'two lengths',
    request({}, [
      ['content-length', '0'],
      ['content-length', '5'],
    ]),
    MALFORMED,
  ],
  ['a length without a body', request({}, [['content-length', '5']]), MALFORMED],
  ['another host beside the authority', request({}, [['host', 'other.example']]), MALFORMED],
  [
    'an authority beside another host',
    request({ ':authority': 'other.example' }, [['host', HOST]]),
    MALFORMED,
  ],
  [
    'two hosts',
    request({ ':authority': undefined }, [
      ['host', HOST],
      ['host', HOST],
    ]),
    MALFORMED,
  ],
  ['no host at all', request({ ':authority': undefined }), MALFORMED],
  ['a user in the authority', request({ ':authority': `admin@${HOST}` }), MALFORMED],
  ['a path in the authority', request({ ':authority': `${HOST}/admin` }), MALFORMED],
  ['the method constructor', request({ ':method': 'constructor' }), /^status 405$/],
  ['the method __proto__', request({ ':method': '__proto__' }), /^status 405$/],
  ['the method toString', request({ ':method': 'toString' }), /^status 405$/],
  ['the method get', request({ ':method': 'get' }), /^status 405$/],
  ['the method TRACE', request({ ':method': 'TRACE' }), /^status 405$/],
  ['a method with a space', request({ ':method': 'GET /admin' }), /^status 40[05]$|^reset 1$/],
  [
    'a tunnel',
    [
      [':method', 'CONNECT'],
      [':authority', 'other.example:443'],
    ],
    /^status 405$/,
  ],
  [
    'a WebSocket by RFC 8441',
    [...request({ ':method': 'CONNECT' }), [':protocol', 'websocket']],
    /^status 405$|^reset 1$/,
  ],
] as const satisfies readonly (readonly [string, Fields, RegExp])[]) {
  await t.test(`a16: ${what} is refused, and the streams beside it go on`, async t => {
    upstream.forget()
    const client = await openFrames(t, gateway)
    send(client, 1, fields)
    t.match(await outcomeOf(client, 1), outcome)
    t.equal(upstream.received().length, 0, 'not a byte went upstream')
    send(client, 3, request())
    t.equal(await outcomeOf(client, 3), 'status 200')
    client.destroy()
    t.equal((await expectAlive(t, siege)).length, 1)
  })
}

for (const [what, field] of [
  ['a name with a space', ['remote-user ', 'admin']],
  ['a name with a colon', ['remote-user:', 'admin']],
  ['a value with a line break', ['x-a', 'b\r\nremote-user: admin']],
  ['a value with a NUL', ['x-a', 'b\0remote-user\0admin']],
] as const) {
  await t.test(`a16: ${what} is left out with its field`, async t => {
    upstream.forget()
    const client = await openFrames(t, gateway)
    send(client, 1, request({}, [field]))
    t.match(await outcomeOf(client, 1), /^status 200$|^reset 1$/)
    t.notMatch(upstream.received().toString(), /admin|x-a|remote/i)
  })
}

await t.test('a16: a host that is the authority, and a host without one, are one host', async t => {
  for (const fields of [
    request({}, [['host', HOST]]),
    request({ ':authority': undefined }, [['host', HOST]]),
  ]) {
    upstream.forget()
    const client = await openFrames(t, gateway)
    send(client, 1, fields)
    t.equal(await outcomeOf(client, 1), 'status 200')
    t.same(valuesOf(upstream.requests[0], 'host'), [HOST])
    t.same(valuesOf(upstream.requests[0], 'x-forwarded-host'), [HOST])
  }
})

await t.test('a16: a head as large as HTTP/1.1 has it passes, and a larger one does not', async t => {
  for (const [size, fields, outcome] of [
    [15_000, 1, /^status 200$/],
    [17_000, 1, /^status 431$/],
    [100_000, 1, /^status 431$|^reset \d+$|^gone$/],
    [5, 190, /^status 200$/],
    [5, 201, /^status 431$/],
    [5, 5_000, /^status 431$|^reset \d+$|^gone$/],
  ] as const) {
    const session = await openHttp2(t, gateway)
    const many = Object.fromEntries(
      Array.from({ length: fields }, (_, index) => [`x-${index}`, 'x'.repeat(size)] as const),
    )
    const { status, code } = await askHttp2(session, { ':path': '/public/x', ...many })
    t.match(status === 0 ? `reset ${code}` : `status ${status}`, outcome, `${fields} of ${size}`)
    session.destroy()
  }
  await expectAlive(t, siege)
})

/** Sends what a siege of HTTP/1.1 sends, over HTTP/2; the lines are `name: value`. */
async function overHttp2(
  session: ClientHttp2Session,
  target: string,
  lines: readonly string[],
): Promise<{ readonly status: number; readonly code: number }> {
  const headers: Record<string, string[]> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    headers[name] = [...(headers[name] ?? []), line.slice(colon + 1).trim()]
  }
  return askHttp2(session, { ':path': Buffer.from(target).toString('latin1'), ...headers })
}

await t.test('a16: no spelling of a path opens by HTTP/2 what it does not open by HTTP/1.1', async t => {
  const session = await openHttp2(t, gateway)
  const cookie = `Cookie: ${halfway.cookieHeader()}`
  for (const [id, targets] of Object.entries(CONFUSING)) {
    for (const target of targets) {
      for (const lines of [['Sec-Fetch-Mode: cors'], [cookie]]) {
        upstream.forget()
        const { answers } = await exchange(gateway, get(target, [...lines, 'Connection: close']), {
          answers: 1,
        })
        const before = upstream.requests.map(request => request.target)
        upstream.forget()
        const { status } = await overHttp2(session, target, lines)
        t.same(
          upstream.requests.filter(request => /^\/admin(\/|$)/.test(mostLenientReading(request.target))),
          [],
          `${id}: ${target}`,
        )
        // HTTP/2 has no absolute form: nothing but a path may stand there.
        if (id === 'b14') t.same(upstream.requests, [])
        else
          t.same(
            upstream.requests.map(request => request.target),
            before,
            `${id}: ${target}`,
          )
        if (status !== 0 && id !== 'b14') t.equal(status, answers[0]?.status, `${id}: ${target}`)
      }
    }
  }
  t.notOk(session.destroyed)
})

await t.test(
  'a16: no field of a client reaches the app by HTTP/2 as an identity',
  { skip: noAuthenticator },
  async t => {
    const session = await openHttp2(t, gateway)
    const cookie = `Cookie: ${alice.cookieHeader()}`
    const plain = (name: string): string => name.toLowerCase().replaceAll(/[_.\s]/g, '-')
    for (const name of [...IDENTITY, ...OTHER_NAMES]) {
      for (const spelling of [name, name.replaceAll('-', '_'), name.replaceAll('-', '.')]) {
        for (const [target, lines] of [
          ['/public/x', []],
          ['/admin/x', [cookie]],
        ] as const) {
          upstream.forget()
          const { status } = await overHttp2(session, target, [
            ...lines,
            `${spelling}: mallory`,
            `${spelling}: root`,
          ])
          t.not(status, 0)
          const values = (upstream.requests[0]?.rawHeaders ?? []).filter(
            ([own]) => plain(own) === plain(name),
          )
          t.notOk(
            values.some(([, value]) => /mallory|root/.test(value)),
            `${spelling} to ${target}`,
          )
        }
      }
    }
    t.same(valuesOf(upstream.requests[0], 'remote-user'), ['alice'])
  },
)

await t.test('c8: a WebSocket is not opened by HTTP/2, and none is offered (RFC 8441)', async t => {
  const session = await openHttp2(t, gateway)
  t.not(session.remoteSettings.enableConnectProtocol, true)
})

/** Sends until the connection is ended, or as often as said; waits for the socket and the event loop between. */
async function flood(
  client: FrameConnection,
  times: number,
  made: (turn: number) => Buffer,
): Promise<number> {
  let turn = 0
  for (; turn < times && client.isOpen(); turn += 1) {
    client.write(made(turn))
    while (client.isOpen() && client.backlog() > 1_000_000)
      await new Promise(resolve => setTimeout(resolve, 1))
    if (turn % 50 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  return turn
}

/** Does something to the gateway, which must go on serving others meanwhile. */
async function whileServing(t: Test, attack: () => Promise<void>): Promise<void> {
  const before = process.memoryUsage().rss
  const attacked = { over: false }
  let slowest = 0
  const others = (async () => {
    while (!attacked.over) {
      const begun = performance.now()
      const { answers } = await exchange(gateway, get('/public/other'), { answers: 1 })
      t.equal(answers[0]?.status, 200)
      slowest = Math.max(slowest, performance.now() - begun)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  })()
  await attack()
  attacked.over = true
  await others
  t.ok(slowest < 3_000, `others waited ${Math.round(slowest)} ms at most`)
  const grown = (process.memoryUsage().rss - before) / 1024 / 1024
  t.ok(grown < 200, `the memory grew by ${Math.round(grown)} MB`)
}

await t.test(
  'l9: requests that are reset at once end the connection, and hardly any reaches the app',
  async t => {
    await whileServing(t, async () => {
      upstream.forget()
      const client = await openFrames(t, gateway)
      const block = headerBlock(request({ ':path': '/public/reset' }))
      const cancel = Buffer.from([0, 0, 0, 8])
      await flood(client, 400, turn =>
        Buffer.concat(
          Array.from({ length: 50 }, (_, index) => (turn * 50 + index) * 2 + 1).flatMap(stream => [
            frame(FRAME.headers, END_HEADERS | END_STREAM, stream, block),
            frame(FRAME.reset, 0, stream, cancel),
          ]),
        ),
      )
      t.ok(await client.closed(), 'the gateway ended the connection')
      const reached = upstream.requests.filter(({ target }) => target === '/public/reset').length
      t.ok(reached < 2_000, `${reached} reached the app`)
    })
  },
)

await t.test('l9: a head in endless pieces ends the connection', async t => {
  await whileServing(t, async () => {
    const client = await openFrames(t, gateway)
    client.write(frame(FRAME.headers, END_STREAM, 1, headerBlock(request())))
    const piece = headerBlock([['x-more', 'y'.repeat(4_000)]])
    const sent = await flood(client, 5_000, () => frame(FRAME.continuation, 0, 1, piece))
    t.ok(await client.closed(), `the gateway ended the connection, ${sent} pieces sent`)
  })
})

await t.test('l9: empty pieces of a head end the connection', async t => {
  await whileServing(t, async () => {
    const client = await openFrames(t, gateway)
    client.write(frame(FRAME.headers, END_STREAM, 1, headerBlock(request())))
    await flood(client, 50_000, () => frame(FRAME.continuation, 0, 1))
    t.ok(await client.closed(), 'the gateway ended the connection')
  })
})

for (const [what, made] of [
  ['settings', () => frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0xff, 0xff]))],
  ['pings', () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
  ['empty pieces of bodies', () => frame(FRAME.data, 0, 1)],
  ['windows', () => frame(FRAME.window, 0, 0, Buffer.from([0, 0, 0, 1]))],
] as const) {
  await t.test(`l9: a flood of ${what} keeps nobody else from being served`, async t => {
    await whileServing(t, async () => {
      const client = await openFrames(t, gateway)
      const block = headerBlock(request({ ':method': 'POST', ':path': '/admin/x' }))
      client.write(frame(FRAME.headers, END_HEADERS, 1, block))
      await flood(client, 50_000, made)
      client.destroy()
    })
  })
}

await t.test('l9: more requests at once than the settings allow end the connection', async t => {
  await whileServing(t, async () => {
    upstream.forget()
    upstream.answerWith((recorded, socket) => {
      if (recorded.target === '/public/other') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
    const client = await openFrames(t, gateway)
    const block = headerBlock(request({ ':path': '/public/held' }))
    await flood(client, 500, turn => frame(FRAME.headers, END_HEADERS | END_STREAM, turn * 2 + 1, block))
    t.ok(await client.closed(), 'the gateway ended the connection')
    const held = upstream.requests.filter(({ target }) => target === '/public/held').length
    t.ok(held <= 100, `${held} reached the app`)
  })
  upstream.forget()
})
