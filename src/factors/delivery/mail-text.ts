import type { Message } from './messenger.js'

/** What a message says, before it has a receiver. */
export type MessageContent = Omit<Message, 'to'>

/** A piece of a mail: a paragraph, a code to type, an address to open, or facts with their names. */
export type MailBlock =
  | string
  | { readonly code: string }
  | { readonly link: string }
  | { readonly facts: readonly (readonly [name: string, value: string])[] }

/**
 * Writes a mail twice, for programs that show plain text and for those that show HTML. Names and values from outside
 * are taken as text: they cannot bring markup, lines or reading directions of their own. There are no pictures, and
 * nothing is loaded from anywhere.
 * @param subject one line
 */
export function writeMail(subject: string, blocks: readonly MailBlock[]): MessageContent {
  const title = plain(subject)
  return {
    subject: title,
    text: `${blocks.map(asText).join('\n\n')}\n`,
    html: [
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title></head>`,
      '<body style="font-family: sans-serif; font-size: 16px; line-height: 1.5">',
      ...blocks.map(asHtml),
      '</body></html>\n',
    ].join('\n'),
  }
}

/** A moment as people read it, in UTC: `15 Jan 2027, 08:00`. Milliseconds since the epoch. */
export function timeInWords(at: number): string {
  return DATE.format(at)
}

const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

/** Makes one harmless line of a text: control characters, line separators and direction marks become blanks. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()
}

function asText(block: MailBlock): string {
  if (typeof block === 'string') return plain(block)
  if ('code' in block) return `    ${plain(block.code)}`
  if ('link' in block) return plain(block.link)
  return block.facts.map(([name, value]) => `${plain(name)}: ${plain(value)}`).join('\n')
}

function asHtml(block: MailBlock): string {
  if (typeof block === 'string') return `<p>${safe(block)}</p>`
  if ('code' in block)
    return `<p style="font-size: 28px; font-weight: bold; letter-spacing: 4px">${safe(block.code)}</p>`
  if ('link' in block) return `<p><a href="${safe(webAddress(block.link))}">${safe(block.link)}</a></p>`
  const facts = block.facts.map(([name, value]) => `${safe(name)}: <bdi>${safe(value)}</bdi>`)
  return `<p>${facts.join('<br>\n')}</p>`
}

/** Throws TypeError for anything but http and https: such an address is a mistake of ours, not of a visitor. */
function webAddress(address: string): string {
  if (!/^https?:\/\//.test(address)) throw new TypeError('a mail links to the web only')
  return address
}

const safe = (text: string): string => escape(plain(text))

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
