import { ask } from '../asking.js'
import type { Target } from '../load/target.js'
import { startModule } from '../processes.js'
import type { House } from '../scenario.js'
import type { Subject } from '../subject.js'
import { type Gateway, startGateway } from './gateway.js'

/** Starts the gateway as it is measured otherwise; it believes a proxy on this machine. */
export function startAskedGateway(house: House, name: string): Promise<Gateway> {
  return startGateway(house, { name, settings: { trusted_proxies: ['127.0.0.1/32'] } })
}

/** Starts a gateway, and asks it as nginx does about the address that is measured otherwise. */
export async function startForwardAuth(house: House): Promise<Subject> {
  const gateway = await startAskedGateway(house, 'forward-auth')
  const asking = askingAbout(gateway.target)
  const answer = await ask(`${gateway.origin}${asking.path}`, { headers: asking.headers })
  if (answer.status !== 200 || answer.headers.get('remote-user') !== 'alice')
    throw new Error(`forward-auth answered ${answer.status}: ${await answer.text()}`)
  return { ...gateway, target: asking }
}

/** An empty 200 to the same question. */
export async function startFastify(): Promise<Subject> {
  const { child, port, startedWithin } = await startModule('peers/fastify-process', 'subject')
  const target = askingAbout({ port, path: '/reports/2026', headers: { cookie: 'theme=dark' } })
  return { children: [child], target, startedWithin }
}

function askingAbout({ port, path, headers }: Target): Target {
  return {
    port,
    path: '/auth/verify',
    headers: {
      ...headers,
      host: `127.0.0.1:${port}`,
      'x-original-url': `http://127.0.0.1:${port}${path}`,
      'x-original-method': 'GET',
      'x-forwarded-for': '192.0.2.7',
    },
  }
}
