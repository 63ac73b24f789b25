import type { AuditKeys } from './audit-keys.js'
import type { ChainEnd } from './chain-line.js'
import { readMembers } from './chain-line.js'

/** The end of a chain in the file that it is in. */
export interface FileEnd extends ChainEnd {
  /** The size of the file up to there, in bytes. */
  readonly size: number
}

/** What the record beside a chained file says: without it nobody could see that the end was cut off. */
export interface ChainHead {
  readonly end: FileEnd
  /** While lines are being written: where that ends. A process that is killed then leaves something in between. */
  readonly writing: FileEnd | undefined
  /** The last line that was signed, and when (milliseconds since the epoch). */
  readonly signed: { readonly seq: number; readonly at: number }
}

/** Its length in bytes: always the same, so that it is written in place, which a full disk does not keep from. */
export const HEAD_BYTES = 1024

/** The name of the record of a chained file. */
export function headFile(file: string): string {
  return `${chainDirectory(file)}/head`
}

/** The directory of what belongs to a chained file. */
export function chainDirectory(file: string): string {
  return `${file}.chain`
}

/** The record as text of `HEAD_BYTES` bytes. */
export function formatHead(head: ChainHead, keys: Pick<AuditKeys, 'mac'>): string {
  const text = JSON.stringify({ ...head, writing: head.writing ?? null })
  return `${`${keys.mac(text)} ${text}`.padEnd(HEAD_BYTES - 1)}\n`
}

/** Reads the record; undefined when it is damaged, or was not written with one of these keys. */
export function parseHead(written: string, keys: Pick<AuditKeys, 'isMac'>): ChainHead | undefined {
  const [, mac = '', text = ''] = /^([\w-]{43}) (\{.*\}) *\n$/.exec(written) ?? []
  if (!keys.isMac(text, mac)) return undefined
  const head = readMembers(text)
  // Whoever has the key wrote it in this form.
  return head && ({ ...head, writing: head.writing ?? undefined } as unknown as ChainHead)
}
