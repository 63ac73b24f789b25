import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The bytes of a file, and what it is called in messages. */
export interface Loot {
  readonly name: string
  readonly bytes: Buffer
}

/** Reads every file below a folder, as a thief copies it. */
export function copyOf(folder: string): readonly Loot[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => statSync(join(folder, name)).isFile())
    .map(name => ({ name, bytes: readFileSync(join(folder, name)) }))
}

/** The files that hold a secret in some form, raw or encoded. Each as `form in file`. */
export function findIn(loot: readonly Loot[], secret: string): readonly string[] {
  return formsOf(secret).flatMap(([form, isThere]) =>
    loot.filter(({ bytes }) => isThere(bytes)).map(({ name }) => `${form} in ${name}`),
  )
}

type Form = readonly [name: string, isThere: (bytes: Buffer) => boolean]

/** Shorter ones would be found by chance in another form than their own. */
const LONG_ENOUGH = 10

function formsOf(secret: string): readonly Form[] {
  // Six digits stand in many a number by chance.
  if (/^[0-9]{6,8}$/.test(secret)) {
    const alone = new RegExp(`(?<![0-9])${secret}(?![0-9])`)
    return [['the digits', bytes => alone.test(bytes.toString('latin1'))]]
  }
  const holds = (text: string | Buffer) => (bytes: Buffer) => bytes.includes(text)
  const raw = Buffer.from(secret)
  const plain: Form = ['the text', holds(secret)]
  if (raw.length < LONG_ENOUGH) return [plain]
  return [
    plain,
    ['UTF-16', holds(Buffer.from(secret, 'utf16le'))],
    ['URL-escaped', holds(encodeURIComponent(secret))],
    ['as in a form', holds(new URLSearchParams({ x: secret }).toString().slice(2))],
    ...encoded('of the text', raw),
    ...decodings(secret).flatMap(([name, bytes]): readonly Form[] => [
      [name, holds(bytes)],
      ...encoded(`of ${name}`, bytes),
    ]),
  ]
}

function encoded(of: string, bytes: Buffer): readonly Form[] {
  const hex = bytes.toString('hex')
  return [
    [`hex ${of}`, all => all.includes(hex) || all.includes(hex.toUpperCase())],
    [`base64 ${of}`, all => inBase64(bytes, 'base64').some(text => all.includes(text))],
    [`base64url ${of}`, all => inBase64(bytes, 'base64url').some(text => all.includes(text))],
  ]
}

/** How bytes look in base64 in the middle of others: by their place there are three ways, without their ends. */
function inBase64(bytes: Buffer, form: 'base64' | 'base64url'): readonly string[] {
  return [0, 1, 2].map(before => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString(form)
      .replace(/=+$/, '')
    return text.slice(before === 0 ? 0 : before + 1, text.length - 1)
  })
}

/** The bytes that a secret is the text of. */
function decodings(secret: string): readonly (readonly [name: string, bytes: Buffer])[] {
  const found: (readonly [string, Buffer])[] = []
  if (/^[A-Za-z0-9_-]{22,}$/.test(secret))
    found.push(['the bytes of base64url', Buffer.from(secret, 'base64url')])
  if (/^[A-Z2-7]{26,}$/.test(secret)) found.push(['the bytes of base32', fromBase32(secret)])
  return found
}

function fromBase32(text: string): Buffer {
  const bits = [...text]
    .map(one => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2)))
}
