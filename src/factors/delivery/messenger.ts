/** A message for one person. */
export interface Message {
  /** An e-mail address, or a telephone number in the form of E.164. */
  readonly to: string
  /** One line; unused where the channel has no subject. */
  readonly subject: string
  /** Plain words, lines of any length. */
  readonly text: string
  /** The same for mail programs; undefined where the channel has plain text only. */
  readonly html: string | undefined
}

/** Brings messages to people over one channel. */
export interface Messenger {
  readonly channel: 'email' | 'sms'
  /**
   * Hands a message over to the next server, program or file. Rejects when that fails or takes too long; the error's
   * message tells why, without the text of the message.
   */
  send(message: Message): Promise<void>
  /** Lets go of connections. Messages under way are finished first. */
  close(): Promise<void>
}

/** Runs a program for each message: the address in the environment (`GATEHOUSE_TO`, `GATEHOUSE_SUBJECT`), text on stdin. */
export interface CommandOptions {
  /** The program and its arguments; no shell is involved. */
  readonly command: readonly string[]
  /** Milliseconds after which it is ended and the message counts as not sent. */
  readonly timeout: number
}

/** Appends each message to a file as one line of JSON. For trying out: whoever reads it can log in. */
export interface FileOptions {
  readonly file: string
}

/** Sends each text message as a signed POST of JSON. */
export interface WebhookOptions {
  readonly url: string
  /** At least 32 characters; signs the body (HMAC with SHA-256). */
  readonly secret: string
  /** Milliseconds for the whole exchange. Default 10 s. */
  readonly timeout: number
}

/** A mail server (RFC 5321; submission as in RFC 6409 and RFC 8314). */
export interface SmtpOptions {
  readonly host: string
  readonly port: number
  /**
   * `implicit`: TLS from the first byte. `starttls`: STARTTLS, and no mail without it. `none`: plain, for a server on
   * this machine. Certificates are always verified.
   */
  readonly tls: 'implicit' | 'starttls' | 'none'
  readonly username: string | undefined
  readonly password: string | undefined
  /** PEM of the authority that signed the server's certificate, besides those that Node trusts. */
  readonly ca: string | undefined
  /** Milliseconds for connecting, and again for each answer. Default 10 s. */
  readonly timeout: number
}

export interface MailOptions {
  /** The From field: `Name <address>` or an address alone. */
  readonly from: string
  readonly via: { readonly smtp: SmtpOptions } | CommandOptions | FileOptions
}

export interface SmsOptions {
  readonly via: { readonly webhook: WebhookOptions } | CommandOptions | FileOptions
}
