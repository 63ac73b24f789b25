import { rootCertificates } from 'node:tls'
import { createTransport } from 'nodemailer'
import { createMessenger } from './create-messenger.js'
import type { Messenger, SmtpOptions } from './messenger.js'

export interface SmtpMessengerOptions {
  /** The From field: `Name <address>` or an address alone. */
  readonly from: string
  readonly smtp: SmtpOptions
}

/** Further messages go over a connection that is open already; so many are at most. */
const CONNECTIONS = 4
/** How often the timeout of one answer a whole delivery may take, so that a server that only drips ends too. */
const WHOLE_DELIVERY = 3

/**
 * Sends mail over SMTP. A certificate that cannot be verified, or STARTTLS that is not offered, is a failure; nothing
 * falls back to plain text.
 */
export function createSmtpMessenger({ from, smtp }: SmtpMessengerOptions): Messenger {
  const { host, port, tls, username, password, ca, timeout } = smtp
  const transport = createTransport(
    {
      pool: true,
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      tls: {
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        // A list of authorities replaces Node's own.
        ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
      },
      ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
      dnsTimeout: timeout,
      connectionTimeout: timeout,
      greetingTimeout: timeout,
      socketTimeout: timeout,
      maxConnections: CONNECTIONS,
      // Once is for a connection that the server closed while it was idle.
      maxRequeues: 1,
      // A message is text: nothing in it is ever read from a file or an address.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  )
  return createMessenger({
    channel: 'email',
    deliver: async ({ to, subject, text, html }) => {
      try {
        await transport.sendMail({
          // As an object it is one address, whatever it contains; a string would be read as a list.
          to: { name: '', address: to },
          subject,
          text,
          ...(html === undefined ? {} : { html }),
          // RFC 3834: nobody's "I am on holiday" comes back.
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal: AbortSignal.timeout(timeout * WHOLE_DELIVERY),
        })
      } catch (error) {
        throw new Error(`The mail server ${host}:${port} did not take a message: ${reasonOf(error)}`)
      }
    },
    release: () => transport.close(),
  })
}

/** Servers may quote what they refuse, so whatever could be a code or a token is left out. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : 'unknown'
  return text
    .replace(/[0-9]{6,}|[A-Za-z0-9_-]{30,}/g, '…')
    .replace(/\s+/g, ' ')
    .slice(0, 300)
}
