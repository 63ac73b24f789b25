import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openMailMessenger, openSmsMessenger } from '../../../src/factors/delivery/open-messenger.js'
import type { SmtpOptions } from '../../../src/factors/delivery/messenger.js'
import { startMailServer } from '../../harness/mail-server.js'
import { startSmsReceiver } from '../../harness/sms-receiver.js'

const surroundings = { now: () => 0, random: randomBytes, environment: { PATH: process.env.PATH } }
const message = { to: 'alice', subject: 'Hello', text: 'Hello Alice', html: undefined }
const from = 'gate@example.com'

t.test('mail goes over SMTP, to a program, or into a file, as the operator chose', async t => {
  const { port, mails } = await startMailServer(t, { tls: 'none' })
  const smtp: SmtpOptions = {
    host: '127.0.0.1',
    port,
    tls: 'none',
    username: undefined,
    password: undefined,
    ca: undefined,
    timeout: 5000,
  }
  const [byProgram, intoFile] = [join(t.testdir({}), 'program'), join(t.testdir({}), 'file')]
  const command = ['node', '-e', `process.stdin.pipe(fs.createWriteStream(process.argv[1]))`, byProgram]
  for (const via of [{ smtp }, { command, timeout: 10_000 }, { file: intoFile }]) {
    const messenger = openMailMessenger({ from, via }, surroundings)
    t.equal(messenger.channel, 'email')
    await messenger.send({ ...message, to: 'alice@example.com' })
    await messenger.close()
  }
  t.match(mails, [{ to: ['alice@example.com'], from, text: /Hello Alice/ }])
  t.equal(await readFile(byProgram, 'utf8'), 'Hello Alice')
  t.match(JSON.parse(await readFile(intoFile, 'utf8')), { channel: 'email', to: 'alice@example.com' })
})

t.test('text messages go to a webhook, to a program, or into a file, as the operator chose', async t => {
  const { url, texts } = await startSmsReceiver(t)
  const file = join(t.testdir({}), 'file')
  const webhook = { url, secret: 'the secret of the webhook, long enough for a key', timeout: 5000 }
  for (const via of [{ webhook }, { command: ['true'], timeout: 10_000 }, { file }]) {
    const messenger = openSmsMessenger({ via }, surroundings)
    t.equal(messenger.channel, 'sms')
    await messenger.send(message)
    await messenger.close()
  }
  t.match(texts, [{ to: 'alice', text: 'Hello Alice' }])
  t.match(JSON.parse(await readFile(file, 'utf8')), { channel: 'sms', to: 'alice' })
})
