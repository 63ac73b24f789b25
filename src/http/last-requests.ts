import { Server } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Ends the listening of a server, and gives the connections that are open some time. An HTTP server of Node that is
 * closed cuts off every connection that waits for a request at that moment, those with a request that has arrived and
 * was not read yet among them; here clients can use what they keep once more, are answered, and told that it ends.
 * @param within how long to wait, in milliseconds
 * @returns resolves after that time, or as soon as no connection is open; at once where nothing listens
 */
export async function stopListening(server: Server, within: number): Promise<void> {
  if (!server.listening) return
  // Whoever has connected already is taken in: the system resets what it has not handed over when listening ends.
  await nextTurn()
  await nextTurn()
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, within)
    server.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    // Of the plain server: that of http closes connections too.
    Server.prototype.close.call(server)
  })
}
