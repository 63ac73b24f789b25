import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { startProgram } from './processes.js'
import type { Subject } from './subjects.js'

/** Debian keeps nginx where only root's PATH looks. */
const NGINX = '/usr/sbin/nginx'

/** Whether nginx is installed on this machine. */
export function nginxIsHere(): boolean {
  return spawnSync(NGINX, ['-v']).status === 0
}

/** Starts nginx as one process, all its files in `folder`, with kept-alive connections to the upstream. */
export async function startNginx(upstreamPort: number, folder: string): Promise<Subject> {
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${join(folder, `${name}_temp`)};`,
  )
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'nginx-error.log')};
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  ${temporary.join('\n  ')}
  upstream app { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }
}
`,
  )
  const words = ['-p', folder, '-c', file, '-e', join(folder, 'nginx-error.log')]
  const child = await startProgram(NGINX, words, `http://127.0.0.1:${port}/`)
  return { child, target: { port, path: '/', headers: { host: `127.0.0.1:${port}`, cookie: 'theme=dark' } } }
}
