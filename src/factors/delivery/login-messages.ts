import { type MessageContent, plain, writeMail } from './mail-text.js'

/** What a message with a code says. */
export interface CodeWords {
  /** The host where the code is typed, with its port if it has one. */
  readonly site: string
  readonly code: string
  /** Milliseconds that the code is good for. */
  readonly lifetime: number
}

/** What a message with a link says. */
export interface LinkWords {
  /** The host to which the link leads, with its port if it has one. */
  readonly site: string
  /** The whole address, with its token. */
  readonly link: string
  /** Milliseconds that the link is good for. */
  readonly lifetime: number
}

/** The mail with a code. The code is not in its subject, which locked telephones show to everybody. */
export function codeMail({ site, code, lifetime }: CodeWords): MessageContent {
  return writeMail(`Your code for ${site}`, [
    `Your code for ${site} is:`,
    { code },
    `It is good for ${minutes(lifetime)} and works once. Type it only on the page at ${site} that asked you for it. Nobody who runs the site will ever ask you to tell it.`,
    'If you did not ask for a code, do not type it anywhere and do not pass it on: without it nobody gets in. If it happens again, change your password, or tell whoever runs the site.',
  ])
}

/**
 * The text message with a code, in one part of 160 characters for hosts of up to 39. Its last line ties the code to
 * the host, so that telephones fill it in there and nowhere else (Origin-bound one-time codes, WICG).
 */
export function codeText({ site, code, lifetime }: CodeWords): MessageContent {
  const host = plain(site).replace(/:[0-9]+$/, '')
  const words = `${code} is your code for ${plain(site)}. It is good for ${minutes(lifetime)}. Tell it to nobody.`
  return { subject: `Your code for ${plain(site)}`, text: `${words}\n\n@${host} #${code}`, html: undefined }
}

/** The mail with a link that logs its reader in. */
export function linkMail({ site, link, lifetime }: LinkWords): MessageContent {
  return writeMail(`Your link to log in to ${site}`, [
    `Open this link to log in to ${site}:`,
    { link },
    `It is good for ${minutes(lifetime)} and works once. Before it logs you in, the page asks you to confirm. It is best to open it in the browser in which you asked for it.`,
    'If you did not ask for a link, do not open it and do not pass it on: without it nobody gets in. If it happens again, tell whoever runs the site.',
  ])
}

function minutes(milliseconds: number): string {
  const count = Math.floor(milliseconds / 60_000)
  return count === 1 ? '1 minute' : `${count} minutes`
}
