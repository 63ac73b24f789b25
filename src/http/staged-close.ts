import type { Socket } from 'node:net'

/** How long a client may go on sending behind its last answer, in milliseconds. */
const LINGER = 2_000

/**
 * Has a connection closed in stages (RFC 9112, section 9.6): first our side ends, then what the client still sends is
 * thrown away, and all of it goes when the client ends its side, or after two seconds. A connection that is closed over
 * unread bytes is reset, and the client would lose the last answer. Node closes by `destroySoon()`: what is put in its
 * place does its work once, however often it is called, and from then on no byte is taken for a request.
 */
export function closeInStages(socket: Socket): void {
  let isClosing = false
  socket.destroySoon = () => {
    if (isClosing) return
    isClosing = true
    for (const event of ['data', 'readable']) socket.removeAllListeners(event)
    socket.on('data', throwAway).resume()
    if (socket.writableFinished) linger(socket)
    else socket.once('finish', () => linger(socket))
    if (socket.writable) socket.end()
  }
}

function linger(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), LINGER).unref()
  socket.once('close', () => clearTimeout(timer))
}

function throwAway(): void {
  // Nobody is to read it.
}
