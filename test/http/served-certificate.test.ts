import t from 'tap'
import { once } from 'node:events'
import { mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { HOST, HOUR, startGateway, type OpenTestGateway } from '../harness/gateway.js'
import { makeCertificate, type MadeCertificate } from '../harness/certificates.js'
import { openRaw } from '../harness/raw-client.js'
import { get } from '../harness/siege.js'

const DAY = 24 * HOUR
const folder = t.testdir()
const first = makeCertificate(folder, 'first', `DNS:${HOST}`, { days: 3_000 })
const second = makeCertificate(folder, 'second', `DNS:${HOST}`, { days: 4_000 })

/** A gateway that serves the first certificate, and how its files are replaced. */
async function setUp(t: Test) {
  const own = mkdtempSync(`${folder}/`)
  const [cert, key] = [`${own}/tls.crt`, `${own}/tls.key`]
  const write = (pair: Pick<MadeCertificate, 'cert' | 'key'>): void => {
    for (const [name, text] of [
      [cert, pair.cert],
      [key, pair.key],
    ] as const) {
      writeFileSync(`${name}.new`, text)
      renameSync(`${name}.new`, name)
    }
  }
  write(first)
  const yaml = (more: string): string => `public_url: https://${HOST}
upstream: http://127.0.0.1:1
users: { file: users.yaml }
tls: { cert: ${cert}, key: ${key} }
${more}`
  const gateway = await startGateway(t, { yaml: yaml(''), tls: 'as_written' })
  return { gateway, write, files: { cert, key }, yaml, log: () => gateway.logLines.join('\n') }
}

async function handshake(gateway: OpenTestGateway, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  return socket
}

/** The name of the certificate that a new connection is shown. */
async function shown(gateway: OpenTestGateway): Promise<string> {
  const socket = await handshake(gateway)
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

async function until(holds: () => Promise<boolean> | boolean): Promise<boolean> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await holds()) return true
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return false
}

t.test('a renewed certificate is shown in the next handshake, and connections that stand go on', async t => {
  const { gateway, write, log } = await setUp(t)
  t.equal(await shown(gateway), 'first')
  const connection = await openRaw(gateway)
  t.teardown(() => connection.destroy())
  connection.write(get('/auth/health/live'))
  t.equal((await connection.answer())?.status, 200)
  write(second)
  t.ok(await until(async () => (await shown(gateway)) === 'second'))
  connection.write(get('/auth/health/live'))
  t.equal((await connection.answer())?.status, 200, 'on the connection of before')
  t.match(log(), /another certificate is served/)
  const ready = await openRaw(gateway)
  ready.write(get('/auth/health/ready'))
  t.match((await ready.answer())?.body.toString(), /"state":"current"|current/, 'nothing waits for a restart')
  ready.destroy()
  t.notMatch(log(), /need a restart/)
})

t.test('handshakes go on while the certificate is swapped again and again', async t => {
  const { gateway, write } = await setUp(t)
  const names = new Set<string>()
  let swaps = 0
  for (let shake = 0; shake < 120; shake += 1) {
    if (shake % 10 === 0) {
      write(swaps % 2 === 0 ? second : first)
      swaps += 1
      gateway.reload()
    }
    names.add(await shown(gateway))
  }
  t.same([...names].sort(), ['first', 'second'])
})

t.test('a broken pair changes nothing and is told, until it is mended', async t => {
  const { gateway, write, log } = await setUp(t)
  for (const broken of [
    { cert: second.cert, key: first.key },
    { cert: 'hello', key: second.key },
    { cert: second.cert, key: '' },
  ]) {
    write(broken)
    gateway.reload()
    t.equal(await shown(gateway), 'first')
    t.match(log(), /files of the certificate are broken/)
  }
  write(second)
  gateway.reload()
  t.equal(await shown(gateway), 'second')
})

t.test('an error elsewhere in the configuration does not keep a renewed certificate out', async t => {
  const { gateway, write, yaml } = await setUp(t)
  writeFileSync(gateway.configFile, yaml('nonsense: true\n'))
  write(second)
  gateway.reload()
  t.equal(await shown(gateway), 'second')
})

t.test('other files are followed when the configuration names them', async t => {
  const { gateway, yaml, files, log } = await setUp(t)
  symlinkSync(second.certFile, `${files.cert}.link`)
  symlinkSync(second.keyFile, `${files.key}.link`)
  const text = yaml('').replace(files.cert, `${files.cert}.link`).replace(files.key, `${files.key}.link`)
  writeFileSync(gateway.configFile, text)
  gateway.reload()
  t.equal(await shown(gateway), 'second')
  t.notMatch(log(), /need a restart/)
  writeFileSync(gateway.configFile, text.replace(/^tls:.*$/m, ''))
  gateway.reload()
  t.match(log(), /"waiting":\["tls"\]/, 'plain http is another matter')
  t.equal(await shown(gateway), 'second')
})

t.test('a certificate that ends soon is told of, once a day, and so is one that has ended', async t => {
  const { gateway, write, log } = await setUp(t)
  const times = (pattern: RegExp): number => log().match(new RegExp(pattern, 'g'))?.length ?? 0
  const socket = await handshake(gateway)
  const end = Date.parse(socket.getPeerCertificate().valid_to)
  socket.destroy()
  gateway.clock.advance(end - 15 * DAY - gateway.clock.now())
  gateway.reload()
  t.equal(times(/ends soon/), 0)
  gateway.clock.advance(2 * DAY)
  gateway.reload()
  gateway.reload()
  t.equal(times(/ends soon/), 1)
  t.match(log(), /"days":13/)
  gateway.clock.advance(DAY)
  gateway.reload()
  t.equal(times(/ends soon/), 2)
  gateway.clock.advance(20 * DAY)
  gateway.reload()
  t.equal(times(/has ended/), 1)
  write(second)
  gateway.reload()
  t.equal(await shown(gateway), 'second')
  write(first)
  gateway.reload()
  t.equal(await shown(gateway), 'second', 'one that has ended does not replace one that has not')
  t.match(log(), /has ended already/)
})

t.test('TLS 1.2 with forward secrecy is spoken, and nothing older or weaker', async t => {
  const { gateway, write } = await setUp(t)
  const spoken = await handshake(gateway, { maxVersion: 'TLSv1.2' })
  t.equal(spoken.getProtocol(), 'TLSv1.2')
  t.match(spoken.getCipher().name, /^ECDHE-.*(?:GCM|POLY1305)/)
  spoken.destroy()
  const refused = [
    { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:AES256-SHA' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384' },
  ] as const
  const refuse = async (when: string): Promise<void> => {
    for (const options of refused) await t.rejects(handshake(gateway, options), `${when} ${options.ciphers}`)
  }
  await refuse('at the start')
  write(second)
  gateway.reload()
  await refuse('later')
})
