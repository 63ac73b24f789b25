import type { ChildProcess } from 'node:child_process'
import { startGateway } from './gateway-subject.js'
import type { Target } from './load.js'
import { nginxIsHere, startNginx } from './nginx-subject.js'
import { startModule } from './processes.js'

/** A running proxy before the upstream: its process is measured, its target gets the load. */
export interface Subject {
  readonly child: ChildProcess
  readonly target: Target
}

interface SubjectKind {
  readonly name: string
  /** How the table calls it. */
  readonly title: string
  readonly isHere: () => boolean
  readonly start: (upstreamPort: number, folder: string) => Promise<Subject>
}

/** Everything that can be measured, in the order of the table. The others are compared with the first. */
export const subjectKinds: readonly SubjectKind[] = [
  {
    name: 'http-proxy',
    title: '@fastify/http-proxy, bare: no authentication, no logger',
    isHere: () => true,
    start: async upstreamPort => {
      const { child, port } = await startModule('http-proxy-process', 'subject', [
        `http://127.0.0.1:${upstreamPort}`,
      ])
      return {
        child,
        target: { port, path: '/', headers: { host: `127.0.0.1:${port}`, cookie: 'theme=dark' } },
      }
    },
  },
  {
    name: 'nginx',
    title: 'nginx `proxy_pass`, no authentication',
    isHere: nginxIsHere,
    start: startNginx,
  },
  {
    name: 'gateway',
    title: 'Gatehouse: session with second factor, 41 routes, groups, identity headers, signed assertion',
    isHere: () => true,
    start: startGateway,
  },
]
