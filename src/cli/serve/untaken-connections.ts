import type { ChildProcess } from 'node:child_process'

/** What node:cluster hands to a worker, as far as it is looked at: the bare connection, and the number of the message. */
interface Handle {
  close(): void
}

/**
 * Closes the connections that a worker was given and had not taken when it died. node:cluster keeps its own end of such
 * a one open for ever, so whoever asked there would wait until they give up. Looks at messages that Node documents
 * nowhere; where they change, it does nothing.
 */
export function closeUntaken(child: ChildProcess): void {
  const untaken = new Map<unknown, Handle>()
  const send = child.send.bind(child) as (...given: readonly unknown[]) => boolean
  child.send = (...given: readonly unknown[]): boolean => {
    const [message, handle] = given
    if (isNumbered(message) && message.seq !== undefined && isHandle(handle)) untaken.set(message.seq, handle)
    return send(...given)
  }
  child.on('internalMessage', (message: unknown) => {
    if (isNumbered(message)) untaken.delete(message.ack)
  })
  child.once('exit', () => {
    for (const handle of untaken.values()) handle.close()
    untaken.clear()
  })
}

function isNumbered(message: unknown): message is { readonly seq?: unknown; readonly ack?: unknown } {
  return typeof message === 'object' && message !== null && 'cmd' in message && message.cmd === 'NODE_CLUSTER'
}

function isHandle(handle: unknown): handle is Handle {
  return (
    typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function'
  )
}
