import { createHash } from 'node:crypto'
import { type AuditKeys, type AuditPublicKey, isSigned } from './audit-keys.js'
import { jsonLine } from './audit-line.js'

/** The last line of a chain. */
export interface ChainEnd {
  /** Its number; 0: there is no line yet. */
  readonly seq: number
  /** SHA-256 of its bytes without the line end, in base64url; null: there is no line yet. */
  readonly hash: string | null
}

/** A line in its chain. */
export interface ChainedLine extends ChainEnd {
  readonly text: string
}

/** What a line of a chained file says of its place. */
export interface ReadChainLine {
  readonly seq: number
  readonly prev: string | null
  /** The name of the event; empty for what has none. */
  readonly event: string
  /** When, as it is written; empty for what does not say. */
  readonly at: string
  /** Of `audit.recovered`: how many bytes of an unfinished line are before it. */
  readonly torn: number | undefined
  /** Of `audit.recovered`: why. */
  readonly reason: string | undefined
}

/** What signatures are about, so that none can be taken for another's. */
const CONTEXT = 'gatehouse audit checkpoint v1\n'
const SIGNATURE = /,"signature":"([A-Za-z0-9_-]{86})"\}$/

/** Names a line: SHA-256 of its bytes without the line end, in base64url. */
export function hashLine(line: Buffer | string): string {
  return createHash('sha256').update(line).digest('base64url')
}

/** Puts an event behind the end of a chain. */
export function chainLine(end: ChainEnd, members: Readonly<Record<string, unknown>>): ChainedLine {
  const seq = end.seq + 1
  const text = jsonLine({ seq, prev: end.hash, ...members })
  return { seq, hash: hashLine(text), text }
}

/** A line that signs everything before it. @param at milliseconds since the epoch */
export function checkpointLine(end: ChainEnd, at: number, keys: Pick<AuditKeys, 'id' | 'sign'>): ChainedLine {
  const members = { at: new Date(at).toISOString(), audit: 'audit.checkpoint', key: keys.id }
  const unsigned = chainLine(end, members).text
  const text = `${unsigned.slice(0, -1)},"signature":"${keys.sign(CONTEXT + unsigned)}"}`
  return { seq: end.seq + 1, hash: hashLine(text), text }
}

/** Whether one of the keys has signed a checkpoint. */
export function isSignedCheckpoint(text: string, keys: readonly AuditPublicKey[]): boolean {
  const signature = SIGNATURE.exec(text)?.[1]
  return signature !== undefined && isSigned(keys, CONTEXT + text.replace(SIGNATURE, '}'), signature)
}

/** Reads what a line says of its place; undefined when it is no line of a chain. */
export function readChainLine(text: string): ReadChainLine | undefined {
  const members = readMembers(text)
  if (members === undefined) return undefined
  const { seq, prev, audit, at, reason, detail } = members
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return undefined
  if (prev !== null && typeof prev !== 'string') return undefined
  const torn = typeof detail === 'object' && detail !== null && 'torn' in detail ? detail.torn : undefined
  return {
    seq,
    prev,
    event: typeof audit === 'string' ? audit : '',
    at: typeof at === 'string' ? at : '',
    torn: typeof torn === 'number' ? torn : undefined,
    reason: typeof reason === 'string' ? reason : undefined,
  }
}

/** Reads a line of an audit log; undefined for what is no JSON object. */
export function readMembers(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>
  } catch {
    // What is no JSON is no line of ours.
  }
  return undefined
}
