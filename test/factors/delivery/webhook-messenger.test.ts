import { createHmac, randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import type { Messenger } from '../../../src/factors/delivery/messenger.js'
import { createWebhookMessenger } from '../../../src/factors/delivery/webhook-messenger.js'
import { startSmsReceiver } from '../../harness/sms-receiver.js'
import { testMessengerContract } from './messenger-contract.js'

const NOW = Date.UTC(2026, 10, 22, 12, 0, 15, 678)
const secret = 'the secret of the webhook, long enough for a key'
const text = { to: '+491701234567', subject: 'unused', text: 'Hello', html: undefined }

const messengerTo = (url: string, timeout = 5000): Messenger =>
  createWebhookMessenger({ webhook: { url, secret, timeout }, now: () => NOW, random: randomBytes })

testMessengerContract('webhook', {
  channel: 'sms',
  working: async t => {
    const receiver = await startSmsReceiver(t)
    return {
      messenger: messengerTo(receiver.url),
      arrived: () => receiver.texts.map(one => ({ to: one.to, subject: undefined, text: one.text })),
    }
  },
  refusing: async t => messengerTo((await startSmsReceiver(t, () => ({ status: 500 }))).url),
  missing: async t => {
    const receiver = await startSmsReceiver(t)
    await receiver.close()
    return messengerTo(receiver.url)
  },
  silent: async t => messengerTo((await startSmsReceiver(t, () => undefined)).url, 300),
})

void t.test('the receiver can tell who sent it, when, and that nothing was changed', async t => {
  const { url, texts } = await startSmsReceiver(t)
  const messenger = messengerTo(url)
  await messenger.send(text)
  await messenger.send(text)
  const [first, second] = texts
  t.match(first, { method: 'POST', path: '/sms' })
  t.equal(first?.headers['content-type'], 'application/json')
  t.same(Object.keys(JSON.parse(first?.body ?? '') as object), ['to', 'text', 'id'])
  const time = Math.floor(NOW / 1000)
  const mac = createHmac('sha256', secret)
    .update(`${time}.${first?.body ?? ''}`)
    .digest('hex')
  t.equal(first?.headers['gatehouse-signature'], `t=${time},v1=${mac}`)
  t.match(first?.id, /^[\w-]{22}$/)
  t.not(first?.id, second?.id, 'each message has its own id')
})

void t.test('only 2xx is success, and a redirect is not followed', async t => {
  const elsewhere = await startSmsReceiver(t)
  const outcome = async (t: Test, status: number): Promise<string> => {
    const { url, texts } = await startSmsReceiver(t, () => ({ status, headers: { location: elsewhere.url } }))
    const result = await messengerTo(url)
      .send(text)
      .then(
        () => 'sent',
        (error: unknown) => String(error),
      )
    t.equal(texts.length, 1)
    return result
  }
  for (const status of [200, 201, 202, 204]) t.equal(await outcome(t, status), 'sent', String(status))
  for (const status of [301, 302, 303, 307, 308, 304, 400, 401, 404, 429, 500, 503])
    t.match(await outcome(t, status), String(status))
  t.same(elsewhere.texts, [])
})

void t.test('an error does not tell the address, which may have a key in it', async t => {
  const messenger = messengerTo('http://user:hunter2@127.0.0.1:1/key-hunter2')
  const error = await messenger.send(text).catch((thrown: unknown) => thrown)
  t.type(error, Error)
  t.notMatch(String(error), /hunter2/)
})
