import t from 'tap'
import { copyFileSync, mkdtempSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { makeCertificate } from '../harness/certificates.js'
import { HOST, startGateway } from '../harness/gateway.js'
import { exchange } from '../harness/raw-client.js'
import { get, head } from '../harness/siege.js'

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

const folder = t.testdir()
const app = makeCertificate(folder, 'app', 'IP:127.0.0.1')
const gatehouse = makeCertificate(folder, 'gatehouse', 'DNS:gatehouse.internal')
const renewed = makeCertificate(folder, 'renewed', 'DNS:gatehouse.internal')
const stranger = makeCertificate(folder, 'stranger', 'DNS:gatehouse.internal')

/** An app that lets in only who shows one of two certificates, and tells which; connections are kept. */
async function startApp(t: Test, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<number> {
  const ca = [gatehouse.cert, renewed.cert]
  const server = createServer(
    { cert: app.cert, key: app.key, ca, requestCert: true, rejectUnauthorized: true, maxVersion },
    (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request
      response.end(socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : '')
    },
  )
  server.on('tlsClientError', () => undefined)
  server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function setUp(t: Test, shown: typeof gatehouse | undefined, version: 'TLSv1.2' | 'TLSv1.3') {
  const own = mkdtempSync(`${folder}/`)
  const use = ({ certFile, keyFile }: typeof gatehouse): void => {
    copyFileSync(certFile, `${own}/client.pem`)
    copyFileSync(keyFile, `${own}/client.key`)
  }
  if (shown !== undefined) use(shown)
  const port = await startApp(t, version)
  const identity = shown === undefined ? '' : `, cert: ${own}/client.pem, key: ${own}/client.key`
  const yaml = `public_url: https://${HOST}
users: { file: users.yaml }
upstream: { url: 'https://127.0.0.1:${port}', ca: ${app.certFile}${identity} }
routes: [{ path: /**, access: public }]
`
  const gateway = await startGateway(t, { yaml })
  const ask = async (bytes: string, method = 'GET') =>
    (await exchange(gateway, bytes, { answers: 1, method })).answers[0]
  return { gateway, use, ask }
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(`the gateway shows its certificate to the app, over ${version}`, async t => {
    const { ask } = await setUp(t, gatehouse, version)
    t.equal((await ask(get('/')))?.body.toString(), 'gatehouse')
    const post = `${head('POST', '/', [`Host: ${HOST}`, 'Content-Length: 5'])}hello`
    t.equal((await ask(post, 'POST'))?.body.toString(), 'gatehouse')
    t.equal((await ask(get('/', HANDSHAKE)))?.status, 101)
  })

  for (const [who, shown] of [
    ['nothing', undefined],
    ['the certificate of a stranger', stranger],
  ] as const) {
    t.test(`an app that gets to see ${who} over ${version} takes no request`, async t => {
      const { ask } = await setUp(t, shown, version)
      t.equal((await ask(get('/')))?.status, 502)
      t.equal((await ask(get('/', HANDSHAKE)))?.status, 502)
    })
  }
}

t.test('another certificate is shown when the files change', async t => {
  const { gateway, use, ask } = await setUp(t, gatehouse, 'TLSv1.3')
  t.equal((await ask(get('/')))?.body.toString(), 'gatehouse')
  use(renewed)
  gateway.reload()
  t.equal((await ask(get('/')))?.body.toString(), 'renewed')
  t.notMatch(gateway.logLines.join('\n'), /PRIVATE KEY/)
})
