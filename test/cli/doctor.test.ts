import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../../src/cli/commands.js'
import { freePort } from '../bench/free-port.js'
import { TEST_CERTIFICATE, TEST_KEY } from '../harness/certificate.js'
import { startGateway } from '../harness/gateway.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'
import { testIo } from './test-io.js'

interface Told {
  readonly code: number
  readonly ok: boolean
  readonly ids: readonly string[]
  readonly text: string
}

/** Runs the command with `--json`, and a clock that runs as the gateway's does. */
async function doctor(t: Test, words: readonly string[], now: () => number): Promise<Told> {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'ca.pem'), TEST_CERTIFICATE)
  const io = { ...testIo(folder), now }
  const code = await runCommand(['doctor', '--json', '--http-port', String(await freePort()), ...words], io)
  const { ok, findings } = JSON.parse(io.written.out) as { ok: boolean; findings: readonly { id: string }[] }
  return { code, ok, ids: findings.map(({ id }) => id), text: io.written.out }
}

/** A server of a bad deployment; it ends with the test. */
async function serve(t: Test, listener: RequestListener, tls = false): Promise<number> {
  const server = tls
    ? createTlsServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, listener)
    : createServer(listener)
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const gatewayYaml = (upstream: string, more = ''): string => `public_url: https://localhost
upstream: ${upstream}
users: { file: users.yaml }
${more}`

t.test('a deployment without fault is told so', async t => {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, { yaml: gatewayYaml(upstream.url) })
  const url = `https://127.0.0.1:${gateway.port}`.replace('127.0.0.1', 'localhost')
  const unused = `http://127.0.0.1:${await freePort()}`
  const now = (): number => Date.now()
  const told = await doctor(t, [url, '--ca', 'ca.pem', '--app-direct', unused], now)
  t.same(told.ids, [], told.text)
  t.equal(told.code, 0)
  t.ok(told.ok)
  t.equal(upstream.requests.length, 0, 'and nothing reached the app')
  const byAddress = await doctor(t, [`https://127.0.0.1:${gateway.port}`, '--ca', 'ca.pem'], now)
  t.same(byAddress.ids, ['not_gatehouse'], 'another host than that of public_url is not looked at')
})

t.test('a certificate that nobody signed, a wrong clock and a side door are found', async t => {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, { yaml: gatewayYaml(upstream.url) })
  const words = [`https://localhost:${gateway.port}`, '--app-direct', upstream.url]
  const told = await doctor(t, words, () => Date.now() - 60_000)
  t.same(told.ids, ['certificate', 'clock', 'side_door'])
  t.match(told.text, /made up/, 'the app shows the name that was made up')
  t.equal(told.code, 1)
})

t.test('forwarded headers that are believed from everywhere are found', async t => {
  const upstream = await startRecordingUpstream(t)
  const everybody = 'trusted_proxies: [127.0.0.0/8, ::1/128]'
  const gateway = await startGateway(t, { yaml: gatewayYaml(upstream.url, everybody) })
  const told = await doctor(t, [`https://localhost:${gateway.port}`, '--ca', 'ca.pem'], () => Date.now())
  t.same(told.ids, ['forwarded_host', 'forwarded_proto', 'questions'], told.text)
})

t.test('what a bad proxy in front does is found', async t => {
  const listener: RequestListener = (request, response) => {
    const body = request.url === '/metrics' ? 'gatehouse_requests_total 1' : '{"status":"live"}'
    const isForged = request.headers['remote-user'] !== undefined
    if (request.url === '/' && !isForged) response.writeHead(401)
    else response.writeHead(200, { 'set-cookie': '__Host-gatehouse-login-totp=x; Path=/' })
    response.end(body)
  }
  const port = await serve(t, listener, true)
  const words = [
    `https://localhost:${port}`,
    '--ca',
    'ca.pem',
    '--http-port',
    String(await serve(t, listener)),
  ]
  const told = await doctor(t, words, () => Date.now())
  t.same(told.ids, ['no_hsts', 'no_redirect', 'cookie', 'forged_identity', 'questions', 'metrics'], told.text)
  t.match(told.text, /HttpOnly and SameSite and Secure/)
  const plain = await doctor(t, [`http://localhost:${await serve(t, listener)}`], () => Date.now())
  t.match(plain.ids, ['plain_http', 'cookie', 'forged_identity'])
  const open: RequestListener = (request, response) => response.end(JSON.stringify(request.headers))
  const other = await doctor(t, [`http://localhost:${await serve(t, open)}`], () => Date.now())
  t.same(other.ids, ['not_gatehouse'])
})

t.test('people read what, why and the cure; what is not understood ends with 2', async t => {
  const io = testIo(t.testdir({}))
  t.equal(await runCommand(['doctor', `http://localhost:${await freePort()}`], io), 1)
  t.match(io.written.out, /^unreachable: .+\n {2}Why it matters: .+\n {2}Cure: .+\n\n1 found\.\n$/)
  for (const words of [
    [],
    ['auth.example.com'],
    ['ftp://auth.example.com'],
    ['https://a.example', '--app', 'b'],
    ['https://a.example', '--http-port', '0'],
    ['https://a.example', '--auth-path', 'auth'],
    ['https://a.example', '--what'],
  ])
    t.equal(await runCommand(['doctor', ...words], testIo(t.testdir({}))), 2, words.join(' '))
})
