import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answersAt } from '../asking.js'
import { freePort } from '../free-port.js'
import { startProgram } from '../processes.js'
import type { House } from '../scenario.js'
import type { Subject } from '../subject.js'
import { isInstalled } from './installed.js'

/** Whether Caddy is installed on this machine. */
export function caddyIsHere(): boolean {
  return isInstalled('caddy', 'version')
}

/** Starts Caddy on one processor. */
export function startCaddy({ upstreamPort, folder }: House): Promise<Subject> {
  return start(folder, 'caddy', `reverse_proxy 127.0.0.1:${upstreamPort}`)
}

/** Starts Caddy, which asks before each request somebody who always says yes: what asking alone costs Caddy. */
export function startCaddyAsking({ upstreamPort, folder }: House): Promise<Subject> {
  return start(
    folder,
    'caddy-asking',
    `forward_auth 127.0.0.1:${upstreamPort} {
    uri /anything
    copy_headers Remote-User
  }
  reverse_proxy 127.0.0.1:${upstreamPort}`,
  )
}

async function start(folder: string, name: string, directives: string): Promise<Subject> {
  const port = await freePort()
  const file = join(folder, `${name}.caddyfile`)
  writeFileSync(
    file,
    `{
	admin off
	auto_https off
	log {
		level ERROR
	}
}
http://127.0.0.1:${port} {
  ${directives}
}
`,
  )
  const words = ['GOMAXPROCS=1', `HOME=${folder}`, 'caddy', 'run', '--adapter', 'caddyfile', '--config', file]
  const { child, startedWithin } = await startProgram('env', words, answersAt(`http://127.0.0.1:${port}/`))
  return {
    startedWithin,
    children: [child],
    target: { port, path: '/', headers: { host: `127.0.0.1:${port}`, cookie: 'theme=dark' } },
  }
}
