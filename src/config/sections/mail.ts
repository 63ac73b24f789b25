import Type from 'typebox'
import { isIPv6 } from 'node:net'
import { canonicalHost } from '../../access/host.js'
import type { MailOptions, SmtpOptions } from '../../factors/delivery/messenger.js'
import { quote } from '../../documents/problem.js'
import type { Reading } from '../reading.js'
import { block, choice, fileName, isBlock, soundSettings, text } from '../settings.js'
import { readCaFile } from './ca-file.js'
import { messengerKeys, readMessenger, readTimeout, timeoutSchema } from './messenger.js'
import { isLoopback } from './public-url.js'
import { readSecret, secretReference } from './secret.js'

const SENDER_CURE = 'write an address, or a name and an address, such as Gatehouse <auth@example.com>'
/** A name with a comma needs quotes: it would be read as two addresses (RFC 5322, 3.4). */
const SENDER = String.raw`^(?:(?:"[^"\\\x00-\x1f\x7f]+"|[^\s"\\,;:<>()@[\]][^"\\,;:<>()@[\]\x00-\x1f\x7f]*) ?<ADDRESS>|ADDRESS)$`
const ADDRESS = String.raw`[^\s"\\,;:<>()@[\]\x00-\x1f\x7f]+@[^\s"\\,;:<>()@[\]\x00-\x1f\x7f]+`

const smtpSchema = block('A mail server that takes mail for sending. Its certificate is always verified.', {
  host: text({ description: 'Host name or IP address of the mail server.', examples: ['smtp.example.com'] }),
  port: Type.Optional(
    Type.Integer({
      description: 'Its port. Default: 465 with implicit TLS, 587 with STARTTLS, 25 without TLS.',
      minimum: 1,
      maximum: 65_535,
      examples: [465],
      patternErrorMessage: 'write a number from 1 to 65535, or leave it out',
    }),
  ),
  tls: Type.Optional(
    choice(
      { description: 'How the connection is protected.', default: 'implicit' },
      ['implicit', 'starttls', 'none'],
      [
        'TLS from the first byte (RFC 8314)',
        'STARTTLS; a server that does not offer it gets no mail',
        'no TLS: only for a server on this machine',
      ],
    ),
  ),
  username: Type.Optional(
    text({ description: 'The user name at the mail server; with "password".', examples: ['gatehouse'] }),
  ),
  password: Type.Optional(
    secretReference(
      'The password at the mail server, from a file or an environment variable, never written here; with "username".',
      'SMTP_PASSWORD',
      '/run/secrets/smtp',
    ),
  ),
  ca_file: Type.Optional(
    fileName('PEM file of the CA that signed the certificate of the mail server.', 'ca.pem'),
  ),
  timeout: Type.Optional(timeoutSchema),
})

export const mailSchema = block(
  'How mail is sent: codes, links, and notices of changes to an account. One of smtp, command and file.',
  {
    from: text(
      {
        description: 'Whom the mail is from: an address, or a name and an address.',
        examples: ['Gatehouse <auth@example.com>'],
      },
      SENDER.replaceAll('ADDRESS', ADDRESS),
      SENDER_CURE,
    ),
    smtp: Type.Optional(smtpSchema),
    ...messengerKeys,
  },
)

const PATH = ['mail', 'smtp']
const PORTS: Readonly<Record<SmtpOptions['tls'], number>> = { implicit: 465, starttls: 587, none: 25 }

/** Reads `mail`; undefined when it is not there, or wrong, which has been reported. */
export function readMail(reading: Reading, raw: unknown): MailOptions | undefined {
  if (!isBlock(raw)) return undefined
  const { from } = soundSettings(mailSchema, raw)
  const via = readMessenger(reading, 'mail', raw, { key: 'smtp', read: smtp => readSmtp(reading, smtp) })
  return from === undefined || via === undefined ? undefined : { from, via }
}

function readSmtp(reading: Reading, raw: unknown): { readonly smtp: SmtpOptions } | undefined {
  const written = soundSettings(smtpSchema, raw)
  const { tls = 'implicit', username } = written
  const host = readHost(reading, written.host)
  if (tls === 'none') judgePlain(reading, host, written.ca_file !== undefined)
  const ca =
    written.ca_file === undefined ? undefined : readCaFile(reading, [...PATH, 'ca_file'], written.ca_file)
  const has = (key: string): boolean => isBlock(raw) && Object.hasOwn(raw, key)
  for (const [key, other] of [
    ['username', 'password'],
    ['password', 'username'],
  ] as const) {
    if (!has(key) || has(other)) continue
    const message = `"${key}" is of no use without "${other}"`
    reading.findings.error([...PATH, key], message, `add "${other}", or leave "${key}" out`, 'key')
  }
  const cure = 'write { file: NAME } or ${NAME OF A VARIABLE}, and the password into that'
  const password =
    written.password === undefined
      ? undefined
      : readSecret(reading, [...PATH, 'password'], written.password, cure)
  const timeout = readTimeout(reading, [...PATH, 'timeout'], written.timeout)
  if (host === undefined) return undefined
  return { smtp: { host, port: written.port ?? PORTS[tls], tls, username, password, ca, timeout } }
}

/** A host name or an address; IPv6 without brackets. */
function readHost(reading: Reading, written: string | undefined): string | undefined {
  if (written === undefined) return undefined
  if (isIPv6(written)) return written
  const host = canonicalHost(written)
  if (host !== undefined && !written.includes(':')) return host
  const cure =
    'write the name or the IP address alone, such as smtp.example.com; the port belongs into "port"'
  reading.findings.error([...PATH, 'host'], `${quote(written)} is not a host name`, cure)
  return undefined
}

function judgePlain(reading: Reading, host: string | undefined, hasCa: boolean): void {
  if (host !== undefined && !isLoopback(isIPv6(host) ? `[${host}]` : host)) {
    reading.findings.error(
      [...PATH, 'tls'],
      `without TLS everybody between here and ${host} can read the codes and links`,
      'write implicit or starttls; none is for a server on this machine',
    )
  }
  if (hasCa) {
    const message = '"ca_file" is about TLS, and "tls" is none'
    reading.findings.error([...PATH, 'ca_file'], message, 'leave it out', 'key')
  }
}
