import type { Test } from 'tap'
import { HOST, startGateway, type TestGateway } from '../harness/gateway.js'
import { startMailServer } from '../harness/mail-server.js'

/** A gateway that offers every way in, with a real mail server behind it. */
export interface WaysIn {
  readonly gateway: TestGateway
  readonly mails: Awaited<ReturnType<typeof startMailServer>>['mails']
  /** Waits for the mail with a code or a link that comes to an address after `from` mails, and gives its text. */
  readonly mailTo: (address: string, from?: number) => Promise<string>
}

/** Starts it. `more` is added to gateway.yaml; `mfa` and `methods` take the place of the usual ones. */
export async function startWaysIn(
  t: Test,
  options: {
    readonly mfa?: string
    readonly methods?: string
    readonly users?: string
    readonly more?: string
  } = {},
): Promise<WaysIn> {
  const { port, mails } = await startMailServer(t, { tls: 'none' })
  const yaml = `public_url: https://${HOST}
upstream: http://127.0.0.1:1
users: { file: users.yaml }
login: { methods: ${options.methods ?? '[password, passkey, email, link]'} }
mail: { from: gate@app.example, smtp: { host: 127.0.0.1, port: ${port}, tls: none } }
mfa: ${options.mfa ?? '{ factors: [totp, webauthn, backup_code], remember_device: 30d, may_disable: true }'}
tokens: { self_service_scopes: [calendar, feeds] }
routes:
  - path: /keys/**
    access: required
    step_up: { methods: [webauthn] }
  - path: /fresh/**
    access: required
    step_up: { max_age: 5m }
  - path: /half/**
    access: bypassed
    reason: the password is enough here
  - path: /own/**
    access: enrolled
  - path: /calendar/**
    access: required
    tokens: [calendar]
${options.more ?? ''}`
  const { users } = options
  const gateway = await startGateway(t, { yaml, ...(users === undefined ? {} : { users }) })
  return {
    gateway,
    mails,
    mailTo: async (address, from = 0) => {
      for (const end = performance.now() + 5_000; performance.now() < end;) {
        const mail = mails
          .slice(from)
          .find(({ to, headers }) => to.includes(address) && opensSomething(headers))
        if (mail !== undefined) return mail.text
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      throw new Error(`no mail to ${address}`)
    },
  }
}

/** Waits for a notice about the account: mails are on their way while the page is already there. */
export async function hasNotice(
  mails: readonly { readonly headers: ReadonlyMap<string, string> }[],
  subject: RegExp,
): Promise<boolean> {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    if (mails.some(({ headers }) => subject.test(headers.get('subject') ?? ''))) return true
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return false
}

/** Notices about the account come at the same time. */
function opensSomething(headers: ReadonlyMap<string, string>): boolean {
  return /^Your (code|link) /.test(headers.get('subject') ?? '')
}

/** The six digits of a mail. */
export function codeIn(text: string): string {
  const code = /\b(\d{6})\b/.exec(text)?.[1] ?? /\b(\d{3}) (\d{3})\b/.exec(text)?.slice(1).join('')
  if (code === undefined) throw new Error(`no code in: ${text}`)
  return code
}

/** The path of the link of a mail. */
export function linkIn(text: string): string {
  const link = /https:\/\/[^/\s]+(\/auth\/link\/[A-Za-z0-9_-]+)/.exec(text)?.[1]
  if (link === undefined) throw new Error(`no link in: ${text}`)
  return link
}
