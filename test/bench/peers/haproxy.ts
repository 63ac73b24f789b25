import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answersAt } from '../asking.js'
import { freePort } from '../free-port.js'
import { startProgram } from '../processes.js'
import type { House } from '../scenario.js'
import type { Subject } from '../subject.js'
import { isInstalled } from './installed.js'

const HAPROXY = '/usr/sbin/haproxy'

/** Whether HAProxy is installed on this machine. */
export function haproxyIsHere(): boolean {
  return isInstalled(HAPROXY, '-v')
}

/** Starts HAProxy with one thread, and with kept-alive connections to the upstream. */
export async function startHaproxy({ upstreamPort, folder }: House): Promise<Subject> {
  const port = await freePort()
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(
    file,
    `global
  nbthread 1
defaults
  mode http
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend front
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server app 127.0.0.1:${upstreamPort}
`,
  )
  const { child, startedWithin } = await startProgram(
    HAPROXY,
    ['-db', '-q', '-f', file],
    answersAt(`http://127.0.0.1:${port}/`),
  )
  return {
    startedWithin,
    children: [child],
    target: { port, path: '/', headers: { host: `127.0.0.1:${port}`, cookie: 'theme=dark' } },
  }
}
