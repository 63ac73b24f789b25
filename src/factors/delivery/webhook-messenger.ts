import { createHmac } from 'node:crypto'
import type { Clock } from '../../clock.js'
import { createMessenger } from './create-messenger.js'
import type { Messenger, WebhookOptions } from './messenger.js'

export interface WebhookMessengerOptions {
  readonly webhook: WebhookOptions
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
}

const ID_BYTES = 16

/**
 * Sends text messages as a POST of `{"to":…,"text":…,"id":…}` to a service of the operator, which sends them on. The
 * id is another one for every message, so that the receiver can drop what it gets twice. The header
 * `Gatehouse-Signature: t=…,v1=…` has the Unix time in seconds and, in hexadecimal, the HMAC-SHA256 under the secret
 * of that time, a full stop and the body. Only 2xx is success; a redirect is not followed.
 */
export function createWebhookMessenger({ webhook, now, random }: WebhookMessengerOptions): Messenger {
  const { url, secret, timeout } = webhook

  function sign(body: string): string {
    const time = Math.floor(now() / 1000)
    const mac = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')
    return `t=${time},v1=${mac}`
  }

  return createMessenger({
    channel: 'sms',
    deliver: async ({ to, text }) => {
      const body = JSON.stringify({ to, text, id: random(ID_BYTES).toString('base64url') })
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'gatehouse-signature': sign(body) },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
      }).catch((error: unknown) => {
        throw new Error(`The webhook for text messages could not be reached: ${reasonOf(error)}`)
      })
      // The answer's text is nobody's business; left unread it would keep the connection.
      await response.body?.cancel().catch(() => undefined)
      if (!response.ok)
        throw new Error(`The webhook for text messages answered ${response.status} instead of 2xx.`)
    },
  })
}

/** The code of what happened, such as ECONNREFUSED. Messages of fetch can have the whole address in them. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name
}
