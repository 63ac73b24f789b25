import t from 'tap'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer as createPlainServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HOST, startGateway } from '../harness/gateway.js'
import { exchange } from '../harness/raw-client.js'
import { get } from '../harness/siege.js'

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** Makes a certificate that signs itself, for one name or address. */
function certificateFor(folder: string, name: string, alternative: string) {
  const [key, cert] = [`${folder}/${name}.key`, `${folder}/${name}.pem`]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ].concat([
      '-keyout',
      key,
      '-out',
      cert,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=${alternative}`,
    ]),
    { stdio: 'ignore' },
  )
  return { key: readFileSync(key), cert: readFileSync(cert), file: cert }
}

const warnings: string[] = []
process.on('warning', warning => warnings.push(warning.message))

const folder = t.testdir()
const local = certificateFor(folder, 'local', 'DNS:localhost,IP:127.0.0.1')
const six = certificateFor(folder, 'six', 'IP:::1')
const named = certificateFor(folder, 'named', 'DNS:app.internal')

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  response.end(`${request.headers.host ?? ''} ${String(request.headers['x-forwarded-host'])}`)
}

async function serve(certificate: { key: Buffer; cert: Buffer }, host: string): Promise<number> {
  const server = createServer(certificate, answer)
  server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  })
  await new Promise<void>(resolve => server.listen(0, host, resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const ports = {
  local: await serve(local, '127.0.0.1'),
  six: await serve(six, '::1'),
  named: await serve(named, '127.0.0.1'),
}

for (const [what, upstream, trusted] of [
  ['signed by itself', `url: 'https://127.0.0.1:${ports.local}'`, false],
  ['of a CA that is named', `url: 'https://127.0.0.1:${ports.local}', ca: ${local.file}`, true],
  ['of that CA, by name', `url: 'https://localhost:${ports.local}', ca: ${local.file}`, true],
  ['of another CA', `url: 'https://127.0.0.1:${ports.local}', ca: ${named.file}`, false],
  [
    'that nobody is to look at',
    `url: 'https://127.0.0.1:${ports.local}', tls_verify: insecure-skip-verify`,
    true,
  ],
  ['for another name', `url: 'https://127.0.0.1:${ports.named}', ca: ${named.file}`, false],
  [
    'for the name that is expected',
    `url: 'https://127.0.0.1:${ports.named}', ca: ${named.file}, server_name: app.internal`,
    true,
  ],
  ['for an IPv6 address', `url: 'https://[::1]:${ports.six}', ca: ${six.file}`, true],
  ['for another address', `url: 'https://[::1]:${ports.six}', ca: ${local.file}`, false],
] as const) {
  t.test(`an upstream with a certificate ${what} is ${trusted ? 'believed' : 'refused'}`, async t => {
    const yaml = `public_url: https://${HOST}
users: { file: users.yaml }
upstream: { ${upstream} }
routes: [{ path: /**, access: public }]
`
    const gateway = await startGateway(t, { yaml })
    for (const host of [HOST, `${HOST}:443`]) {
      const { answers } = await exchange(gateway, get('/', [], host), { answers: 1 })
      t.equal(answers[0]?.status, trusted ? 200 : 502)
      if (trusted) t.equal(answers[0]?.body.toString(), `${host} ${host}`)
    }
    const { answers } = await exchange(gateway, get('/', HANDSHAKE), { answers: 1 })
    t.equal(answers[0]?.status, trusted ? 101 : 502, 'so it is with WebSockets')
    await gateway.close()
  })
}

t.test('an upstream on IPv6 is reached', async t => {
  const server = createPlainServer(answer)
  await new Promise<void>(resolve => server.listen(0, '::1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  for (const passHost of [true, false]) {
    const yaml = `public_url: https://${HOST}
users: { file: users.yaml }
upstream: { url: 'http://[::1]:${port}', pass_host: ${passHost} }
routes: [{ path: /**, access: public }]
`
    const gateway = await startGateway(t, { yaml })
    const { answers } = await exchange(gateway, get('/'), { answers: 1 })
    t.equal(answers[0]?.body.toString(), `${passHost ? HOST : `[::1]:${port}`} ${HOST}`)
    await gateway.close()
  }
})

t.test('no address is asked for as a name', async t => {
  await new Promise(resolve => setImmediate(resolve))
  t.same(warnings, [])
})
