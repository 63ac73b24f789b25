import { connect, createServer, type Socket } from 'node:net'
import { freePort } from '../bench/free-port.js'
import type { Scope } from './scope.js'
import type { TestRedis } from './redis.js'

/** What becomes of a piece of what Redis answers: it is passed on so; undefined: the connection is cut instead. */
type PassOn = (answer: string) => string | undefined

/**
 * Starts a way to a Redis on which answers may be lost or changed; it ends with the test. What is asked always arrives.
 * @param passOn is given each piece as it comes, with one character for each byte
 * @returns the port to connect to
 */
export async function startRedisLink(
  scope: Scope,
  redis: Pick<TestRedis, 'port'>,
  passOn: PassOn,
): Promise<{ readonly port: number }> {
  const open = new Set<Socket>()
  const server = createServer(client => {
    const behind = connect(redis.port, '127.0.0.1')
    const cut = (): void => {
      client.destroy()
      behind.destroy()
    }
    for (const socket of [client, behind]) {
      open.add(socket)
      socket.on('error', cut).on('close', () => {
        open.delete(socket)
        cut()
      })
    }
    client.pipe(behind)
    behind.on('data', piece => {
      const answer = passOn(piece.toString('latin1'))
      if (answer === undefined) cut()
      else client.write(answer, 'latin1')
    })
  })
  const port = await freePort()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  scope.teardown(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return { port }
}
