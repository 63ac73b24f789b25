import { startModule } from '../processes.js'
import type { House } from '../scenario.js'
import type { Subject } from '../subject.js'

/** Starts a proxy that is a module among the peers, and takes the address of the app and further words. */
export async function startNodeProxy(
  module: string,
  { upstreamPort }: House,
  ...more: readonly string[]
): Promise<Subject> {
  const words = [`http://127.0.0.1:${upstreamPort}`, ...more]
  const { child, port, startedWithin } = await startModule(`peers/${module}`, 'subject', words)
  return {
    children: [child],
    target: { port, path: '/reports/2026', headers: { host: `127.0.0.1:${port}`, cookie: 'theme=dark' } },
    startedWithin,
  }
}

/** The bare plug-in, which the gateway is compared with everywhere. */
export const HTTP_PROXY = {
  name: 'http-proxy',
  title: '@fastify/http-proxy, bare: no authentication, no logger',
  start: (house: House): Promise<Subject> => startNodeProxy('http-proxy-process', house),
}
