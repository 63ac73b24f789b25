import { connect } from 'node:net'
import t from 'tap'
import { HOST, startGateway } from '../harness/gateway.js'
import { exchange } from '../harness/raw-client.js'

const gateway = await startGateway(t, {
  tls: false,
  yaml: `public_url: http://localhost
upstream: http://127.0.0.1:1
users: { file: users.yaml }
`,
})
const LARGE = Buffer.alloc(16_000_000, 'a')

const headOf = (lines: readonly string[]): string =>
  ['POST /auth/login HTTP/1.1', 'Host: localhost', 'Origin: http://localhost', ...lines, '', ''].join('\r\n')

/** Sends a login as clients do that write the whole body before they read, and gives what came or went wrong. */
function send(lines: readonly string[], pieces: readonly (string | Buffer)[]) {
  return new Promise<{ readonly text: string; readonly error: string | undefined }>(resolve => {
    let text = ''
    let error: string | undefined
    const socket = connect(gateway.port, '127.0.0.1').pause()
    socket.on('data', bytes => (text += bytes.toString('latin1')))
    socket.on('error', (fault: NodeJS.ErrnoException) => (error = fault.code))
    socket.on('close', () => resolve({ text, error }))
    socket.write(headOf(lines))
    for (const piece of pieces) socket.write(piece)
    socket.write('', () => socket.resume())
  })
}

const stated = `Content-Length: ${LARGE.length}`
const chunk = [`${LARGE.length.toString(16)}\r\n`, LARGE, '\r\n0\r\n\r\n']

for (const [form, lines, pieces] of [
  ['JSON of a stated length', ['Content-Type: application/json', stated], [LARGE]],
  ['a form of a stated length', ['Content-Type: application/x-www-form-urlencoded', stated], [LARGE]],
  ['JSON in chunks', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], chunk],
] as const)
  t.test(`l4: the sender of far too much learns why, and is not cut off: ${form}`, async t => {
    const { text, error } = await send(lines, pieces)
    t.equal(error, undefined)
    t.match(text, /^HTTP\/1\.1 413 /)
    t.match(text, /\r\nconnection: close\r\n/i)
    t.match(text, /\r\ncache-control: no-store\r\n/i)
    t.match(text, /at most 32 KiB/)
  })

t.test('l4: so does the sender of far too much of an unknown type', async t => {
  const { text, error } = await send(['Content-Type: text/csv', stated], [LARGE])
  t.equal(error, undefined)
  t.match(text, /^HTTP\/1\.1 415 /)
})

t.test('c15: what comes behind a body that was refused is no request', async t => {
  const second = `GET /auth/health/live HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
  const first = headOf(['Content-Type: text/csv', 'Content-Length: 3'])
  const { answers, closed } = await exchange(gateway, `${first}abc${second}`)
  t.same([answers.map(({ status }) => status), closed], [[415], true])
})
