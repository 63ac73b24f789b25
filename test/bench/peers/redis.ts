import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { listensAt } from '../asking.js'
import { freePort } from '../free-port.js'
import { startProgram } from '../processes.js'
import type { House } from '../scenario.js'
import { isInstalled } from './installed.js'

/** Whether Redis is installed on this machine. */
export function redisIsHere(): boolean {
  return isInstalled('redis-server', '--version')
}

/** Starts a Redis that keeps its log on the disk as the gateway wants it, beside the app. Gives its address. */
export async function startRedis({ folder }: House, name: string): Promise<string> {
  const own = join(folder, name)
  mkdirSync(own)
  const port = await freePort()
  const words = `--port ${port} --bind 127.0.0.1 --dir ${own} --appendonly yes`.split(' ')
  await startProgram('redis-server', words, listensAt(port), 'others')
  return `redis://127.0.0.1:${port}`
}
