import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../bench/free-port.js'
import type { Scope } from '../harness/scope.js'

/** A connection between the gateways and their Redis that can be ill. */
export interface FaultyLink {
  readonly port: number
  /** Each piece of bytes arrives so much later, in milliseconds. */
  readonly delay: (milliseconds: number) => void
  /** Keeps what is sent until it goes on. */
  readonly stall: (stalled: boolean) => void
  /** Resets every connection every 50 ms, for as long as it is switched on. */
  readonly reset: (resetting: boolean) => void
}

const RESET_EVERY = 50

/** Starts it before a port of this machine. */
export async function startFaultyLink(scope: Scope, target: number): Promise<FaultyLink> {
  let late = 0
  let isStalled = false
  let resetting: NodeJS.Timeout | undefined
  const open = new Set<Socket>()

  async function carry(from: Socket, to: Socket): Promise<void> {
    for await (const piece of from) {
      if (late > 0) await sleep(late)
      while (isStalled && !to.destroyed) await sleep(10)
      if (!to.destroyed) to.write(piece as Buffer)
    }
    to.end()
  }

  const server = createServer(client => {
    const redis = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [client, redis],
      [redis, client],
    ] as const) {
      open.add(from)
      from.on('error', () => from.destroy())
      from.on('close', () => {
        open.delete(from)
        to.destroy()
      })
      carry(from, to).catch(() => to.destroy())
    }
  })
  const port = await freePort()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const resetAll = (): void => {
    for (const socket of open) socket.resetAndDestroy()
  }
  scope.teardown(() => {
    clearInterval(resetting)
    server.close()
    resetAll()
  })
  return {
    port,
    delay: milliseconds => {
      late = milliseconds
    },
    stall: stalled => {
      isStalled = stalled
    },
    reset: on => {
      clearInterval(resetting)
      if (on) resetting = setInterval(resetAll, RESET_EVERY)
    },
  }
}
