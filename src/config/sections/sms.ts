import Type from 'typebox'
import { canonicalHost } from '../../access/host.js'
import type { SmsOptions, WebhookOptions } from '../../factors/delivery/messenger.js'
import { quote } from '../../documents/problem.js'
import type { Reading } from '../reading.js'
import { block, isBlock, soundSettings, text } from '../settings.js'
import { messengerKeys, readMessenger, readTimeout, timeoutSchema } from './messenger.js'
import { isLoopback } from './public-url.js'
import { readStrongSecret, secretReference } from './secret.js'

const webhookSchema = block('An address that each message is posted to as signed JSON.', {
  url: text({
    description: 'The address. Must be https, except on loopback.',
    examples: ['https://sms.example.com/send'],
  }),
  secret: secretReference(
    'Signs what is posted (HMAC with SHA-256), so that the receiver knows who sent it: at least 32 random bytes, from ' +
      'a file or an environment variable, never written here.',
    'SMS_SECRET',
    '/run/secrets/sms',
  ),
  timeout: Type.Optional(timeoutSchema),
})

export const smsSchema = block('How text messages are sent. One of webhook, command and file.', {
  webhook: Type.Optional(webhookSchema),
  ...messengerKeys,
})

const PATH = ['sms', 'webhook']

/** Reads `sms`; undefined when it is not there, or wrong, which has been reported. */
export function readSms(reading: Reading, raw: unknown): SmsOptions | undefined {
  if (!isBlock(raw)) return undefined
  const server = { key: 'webhook', read: (webhook: unknown) => readWebhook(reading, webhook) }
  const via = readMessenger(reading, 'sms', raw, server)
  return via === undefined ? undefined : { via }
}

function readWebhook(reading: Reading, raw: unknown): { readonly webhook: WebhookOptions } | undefined {
  const written = soundSettings(webhookSchema, raw)
  const url = written.url === undefined ? undefined : readUrl(reading, written.url)
  const secret =
    written.secret === undefined ? undefined : readStrongSecret(reading, [...PATH, 'secret'], written.secret)
  const timeout = readTimeout(reading, [...PATH, 'timeout'], written.timeout)
  return url === undefined || secret === undefined ? undefined : { webhook: { url, secret, timeout } }
}

/** An address with path and query, as it is written. */
function readUrl(reading: Reading, written: string): string | undefined {
  const report = (fault: string, cure = 'write an address such as https://sms.example.com/send'): void => {
    reading.findings.error([...PATH, 'url'], `${quote(written)} ${fault}`, cure)
  }
  if (!/^https?:\/\//i.test(written)) report('does not begin with https://')
  else if (/[\s\\\p{C}]/u.test(written)) report('contains a blank, a backslash or a control character')
  else if (!URL.canParse(written)) report('is not a URL')
  else {
    const url = new URL(written)
    const host = canonicalHost(url.host)
    if (url.username !== '' || url.password !== '') report('has a user name: the signature says who sends')
    else if (written.includes('#')) report('has a fragment, which is never sent')
    else if (host === undefined) report('has no valid host name')
    else if (url.protocol === 'http:' && !isLoopback(host)) {
      report(
        'is plain http: everybody on the way can read the codes',
        'write https://, or a host on loopback',
      )
    } else return url.href
  }
  return undefined
}
