import type { IncomingMessage } from 'node:http'

/** A version, the id of the trace, that of the caller's part of it, and flags; later versions may add more behind. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/
const NONE = '0'.repeat(32)

/**
 * The trace that a request belongs to (W3C Trace Context, section 3.2). The field itself goes upstream
 * untouched, unless the gateway makes spans of its own.
 * @returns undefined where it names none, or more than one
 */
export function traceIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { traceparent } = headers
  const [, id] = typeof traceparent === 'string' ? (TRACEPARENT.exec(traceparent) ?? []) : []
  return id === NONE ? undefined : id
}
