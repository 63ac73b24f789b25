import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { Messenger, SmtpOptions } from '../../../src/factors/delivery/messenger.js'
import { createSmtpMessenger } from '../../../src/factors/delivery/smtp-messenger.js'
import { TEST_CERTIFICATE } from '../../harness/certificate.js'
import { startMailServer } from '../../harness/mail-server.js'
import { testMessengerContract } from './messenger-contract.js'

const login = { username: 'gatehouse', password: 'the password of the mail server' }
const mail = { to: 'alice@example.com', subject: 'Hello', text: 'Hello Alice', html: '<p>Hello Alice</p>' }

function messengerTo(port: number, smtp: Partial<SmtpOptions> = {}): Messenger {
  return createSmtpMessenger({
    from: 'Gatehouse <gate@example.com>',
    smtp: {
      host: '127.0.0.1',
      port,
      tls: 'starttls',
      username: undefined,
      password: undefined,
      ca: TEST_CERTIFICATE,
      timeout: 5000,
      ...smtp,
    },
  })
}

/** A port where nobody listens. */
async function emptyPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

for (const tls of ['implicit', 'starttls', 'none'] as const)
  testMessengerContract(`smtp with tls ${tls}`, {
    channel: 'email',
    working: async t => {
      const server = await startMailServer(t, { tls })
      return {
        messenger: messengerTo(server.port, { tls }),
        arrived: () =>
          server.mails.map(one => ({
            to: one.to.join(),
            subject: one.headers.get('subject'),
            text: one.text,
          })),
      }
    },
    refusing: async t => {
      const refuse = (): Error => Object.assign(new Error('we do not like "314159"'), { responseCode: 554 })
      const server = await startMailServer(t, { tls, refuse })
      return messengerTo(server.port, { tls })
    },
    missing: async () => messengerTo(await emptyPort(), { tls }),
    silent: async t => {
      const server = createServer(socket => {
        socket.on('error', () => undefined)
        t.teardown(() => socket.destroy())
      }).listen(0, '127.0.0.1')
      t.teardown(() => server.close())
      await once(server, 'listening')
      return messengerTo((server.address() as AddressInfo).port, { tls, timeout: 300 })
    },
  })

/** Sends one mail and gives the error, if any. */
async function errorOf(t: Test, messenger: Messenger): Promise<string | undefined> {
  t.teardown(() => messenger.close())
  return messenger.send(mail).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  )
}

for (const tls of ['implicit', 'starttls'] as const)
  void t.test(`a certificate of an unknown authority is refused with tls ${tls}`, async t => {
    const server = await startMailServer(t, { tls, login })
    const error = await errorOf(t, messengerTo(server.port, { tls, ...login, ca: undefined }))
    t.match(error, /self-signed certificate/)
    t.same(server.mails, [])
  })

for (const tls of ['implicit', 'starttls'] as const)
  void t.test(`a certificate for another host is refused with tls ${tls}`, async t => {
    const server = await startMailServer(t, { tls, address: '127.0.0.2' })
    const error = await errorOf(t, messengerTo(server.port, { tls, host: '127.0.0.2' }))
    t.match(error, /does not match certificate/)
    t.same(server.mails, [])
  })

void t.test('without STARTTLS nothing is sent, neither mail nor login', async t => {
  const server = await startMailServer(t, { tls: 'none', login })
  const error = await errorOf(t, messengerTo(server.port, { tls: 'starttls', ...login }))
  t.match(error, /STARTTLS/)
  t.same(server.mails, [])
})

void t.test('the login is given over TLS; a wrong one is an error that does not name it', async t => {
  const server = await startMailServer(t, { tls: 'starttls', login })
  t.equal(await errorOf(t, messengerTo(server.port, login)), undefined)
  t.match(server.mails[0], { user: 'gatehouse', encrypted: true, from: 'gate@example.com' })
  const error = await errorOf(t, messengerTo(server.port, { ...login, password: 'another secret' }))
  t.match(error, /535|Wrong login/)
  t.notMatch(error, /secret/)
})

void t.test('a mail has text and HTML, says that a machine sent it, and goes to one receiver', async t => {
  const server = await startMailServer(t, { tls: 'none' })
  const messenger = messengerTo(server.port, { tls: 'none' })
  t.teardown(() => messenger.close())
  await messenger.send(mail)
  const [received] = server.mails
  t.equal(received?.html?.trim(), '<p>Hello Alice</p>')
  t.equal(received?.headers.get('auto-submitted'), 'auto-generated')
  t.equal(received?.headers.get('from'), 'Gatehouse <gate@example.com>')
  t.equal(received?.headers.get('to'), 'alice@example.com')
})

void t.test('an address cannot become several, nor a header', async t => {
  const server = await startMailServer(t, { tls: 'none' })
  const messenger = messengerTo(server.port, { tls: 'none' })
  t.teardown(() => messenger.close())
  const addresses = [
    'alice@example.com, mallory@evil.example',
    'alice@example.com\r\nBcc: mallory@evil.example',
    'mallory@evil.example <alice@example.com>',
    '"mallory@evil.example"@example.com',
    'alice@example.com\r\nRCPT TO:<mallory@evil.example>',
  ]
  const subject = 'Hello\r\nBcc: mallory@evil.example'
  for (const to of addresses) await messenger.send({ ...mail, to, subject }).catch(() => undefined)
  t.same(
    server.mails.filter(({ to }) => to.length !== 1 || to[0]?.includes('mallory')),
    [],
  )
  await messenger.send({ ...mail, subject })
  const headers = server.mails.at(-1)?.headers
  t.equal(headers?.get('subject'), 'Hello Bcc: mallory@evil.example')
  t.notOk(headers?.has('bcc'))
})

void t.test(
  'further mails use a connection that is open, and outlive one that the server closed',
  async t => {
    const server = await startMailServer(t, { tls: 'starttls' })
    const messenger = messengerTo(server.port)
    t.teardown(() => messenger.close())
    for (let n = 0; n < 3; n++) await messenger.send(mail)
    t.equal(server.connections(), 1)
    server.hangUp()
    await messenger.send(mail)
    t.equal(server.mails.length, 4)
  },
)
