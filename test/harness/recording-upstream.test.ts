import t from 'tap'
import { exchange, headerOf, openRaw } from './raw-client.js'
import {
  rawAnswer,
  rawAnswerThenReset,
  startRecordingUpstream,
  valuesOf,
  webSocketEcho,
} from './recording-upstream.js'

const upstream = await startRecordingUpstream(t)
const door = { port: upstream.port, tls: false }
t.beforeEach(() => upstream.forget())

t.test('what was sent is recorded as it was sent', async t => {
  const bytes =
    'PUT /a%2fb?c HTTP/1.1\r\nHost: x\r\nX_Odd: 1\r\nx-odd:  2 \r\nContent-Length: 5\r\n\r\nhello' +
    'POST /second HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: 1\r\n\r\n'
  const { answers } = await exchange(door, [bytes.slice(0, 30), bytes.slice(30, 150), bytes.slice(150)], {
    answers: 2,
  })
  t.same(
    answers.map(answer => answer.status),
    [200, 200],
  )
  const [first, second] = upstream.requests
  t.equal(first?.requestLine, 'PUT /a%2fb?c HTTP/1.1')
  t.same(valuesOf(first, 'X-ODD'), ['2'])
  t.same(valuesOf(first, 'x_odd'), ['1'])
  t.equal(first?.body.toString(), 'hello')
  t.equal(second?.body.toString(), 'abcde')
  t.same(second?.trailers, [['X-T', '1']])
  t.equal(upstream.received().toString('latin1'), bytes)
  t.match(answers[0]?.body.toString(), /a%2fb/)
})

t.test('answers are read by their framing', async t => {
  upstream.answerWith(
    rawAnswer(
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nx-a: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    ),
  )
  const { answers } = await exchange(door, 'GET / HTTP/1.1\r\n\r\n', { answers: 1 })
  t.equal(answers[0]?.body.toString(), 'hi')
  t.same(
    answers[0]?.interim.map(({ status }) => status),
    [103],
  )
  t.same(headerOf(answers[0], 'X-A'), ['1', '2'])
  t.equal(answers[0]?.complete, true)
})

t.test('an answer that is cut off is not complete', async t => {
  upstream.answerWith(rawAnswerThenReset('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'))
  const { answers, closed } = await exchange(door, 'GET / HTTP/1.1\r\n\r\n')
  t.equal(answers[0]?.complete, false)
  t.equal(closed, true)
})

t.test('a WebSocket gets its bytes back', async t => {
  upstream.answerWith(webSocketEcho)
  const connection = await openRaw(door)
  connection.write('GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
  const answer = await connection.answer()
  t.equal(answer?.status, 101)
  t.same(
    headerOf(answer, 'sec-websocket-accept'),
    ['s3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
    'the example of RFC 6455',
  )
  connection.write('ping')
  t.ok(await connection.restHas(4))
  t.equal(connection.rest().toString(), 'ping')
  connection.destroy()
})
