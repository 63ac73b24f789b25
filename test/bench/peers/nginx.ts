import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answersAt } from '../asking.js'
import { freePort } from '../free-port.js'
import { startProgram } from '../processes.js'
import type { House } from '../scenario.js'
import type { Subject } from '../subject.js'
import type { KeyPair } from './certificate.js'
import { isInstalled } from './installed.js'

/** Debian keeps nginx where only root's PATH looks. */
const NGINX = '/usr/sbin/nginx'

/** Whether nginx is installed on this machine. */
export function nginxIsHere(): boolean {
  return isInstalled(NGINX, '-v')
}

/** What is different about an nginx; everything is optional. */
export interface NginxSetup {
  /** The folder of its files in that of the house. Default: nginx. */
  readonly name?: string
  /** It speaks https, and HTTP/2 to those who ask for it. */
  readonly tls?: KeyPair
  /** It passes WebSockets on. */
  readonly hasWebSockets?: boolean
  /** How many connections it holds at most, those to the app included. Default: 1024. */
  readonly connections?: number
  /** Directives in `location /`, in `server` and in `http`. */
  readonly inLocation?: string
  readonly inServer?: string
  readonly inHttp?: string
}

/** Starts nginx as one process, with kept-alive connections to the upstream. */
export async function startNginx(house: House, setup: NginxSetup = {}): Promise<Subject> {
  const { name = 'nginx', tls, hasWebSockets = false, connections = 1024 } = setup
  const folder = join(house.folder, name)
  mkdirSync(folder)
  const port = await freePort()
  const own = (file: string): string => join(folder, file)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `${kind}_temp_path ${own(`${kind}_temp`)};`,
  )
  const certificate = tls && `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};`
  writeFileSync(
    own('nginx.conf'),
    `daemon off;
master_process off;
pid ${own('nginx.pid')};
error_log ${own('error.log')};
events { worker_connections ${connections}; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  ${temporary.join('\n  ')}
  upstream app { server 127.0.0.1:${house.upstreamPort}; keepalive 64; keepalive_requests 1000000000; }${setup.inHttp ?? ''}
  server {
    listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl http2'}; ${certificate ?? ''}${setup.inServer ?? ''}
    location = /is-it-there { return 204; }
    location / {${setup.inLocation ?? ''}
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      ${hasWebSockets ? 'proxy_set_header Connection "upgrade"; proxy_set_header Upgrade $http_upgrade;' : 'proxy_set_header Connection "";'}
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }
}
`,
  )
  const scheme = tls === undefined ? 'http' : 'https'
  const { child, startedWithin } = await startProgram(
    NGINX,
    ['-p', folder, '-c', own('nginx.conf'), '-e', own('error.log')],
    answersAt(`${scheme}://127.0.0.1:${port}/is-it-there`),
  )
  const headers = { host: `127.0.0.1:${port}`, cookie: 'theme=dark' }
  return {
    children: [child],
    target: { port, path: '/reports/2026', headers, protocol: scheme },
    startedWithin,
  }
}

/** Starts nginx, which asks a gateway before each request, as `config/front-proxies/nginx.conf` does. */
export async function startNginxAsking(house: House, gateway: Subject): Promise<Subject> {
  const front = await startNginx(house, {
    name: 'nginx-asking',
    inLocation: `
      auth_request /internal/gatehouse;
      auth_request_set $user $upstream_http_remote_user;
      auth_request_set $groups $upstream_http_remote_groups;
      auth_request_set $assertion $upstream_http_gatehouse_assertion;
      proxy_set_header Remote-User $user;
      proxy_set_header Remote-Groups $groups;
      proxy_set_header Gatehouse-Assertion $assertion;`,
    inServer: `
    location = /internal/gatehouse {
      internal;
      proxy_pass http://gatehouse/auth/verify;
      proxy_http_version 1.1;
      proxy_pass_request_body off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Forwarded-For $remote_addr;
    }`,
    inHttp: `
  upstream gatehouse { server 127.0.0.1:${gateway.target.port}; keepalive 64; keepalive_requests 1000000000; }`,
  })
  return {
    ...front,
    children: [...front.children, ...gateway.children],
    // The address is the gateway's own, which is the one that it judges.
    target: { ...gateway.target, port: front.target.port },
  }
}
