import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { freePort } from '../bench/free-port.js'
import { openRaw } from '../harness/raw-client.js'
import type { RawConnection } from '../harness/raw-client.js'
import { sampleTargets } from './raw-paths.js'
import { canonical } from './sample-policy.js'

const NGINX = ['nginx', '/usr/sbin/nginx'].find(name => spawnSync(name, ['-v']).status === 0)
const SENT_AT_ONCE = 100

/** What an app behind nginx may accept and still be read as it is judged. */
const AS_NGINX_READS = ['empty_segment', 'encoded_slash'] as const

t.test(
  'nginx reads what is sent upstream as it was judged',
  { skip: NGINX === undefined ? 'nginx is not installed (apt-get install nginx-light)' : false },
  async t => {
    const port = await freePort()
    const folder = t.testdir({
      'nginx.conf': configuration(port),
      body: {},
      proxy: {},
      fastcgi: {},
      uwsgi: {},
      scgi: {},
    })
    const nginx = spawn(NGINX ?? '', ['-p', folder, '-e', 'error.log', '-c', 'nginx.conf'], {
      stdio: 'ignore',
    })
    t.teardown(async () => {
      if (nginx.exitCode === null && nginx.kill()) await once(nginx, 'exit')
    })
    const connection = await connectOnceUp(port)
    t.teardown(() => connection.destroy())

    const targets = sampleTargets(6_000, 3)
    for (const leniencies of [[], AS_NGINX_READS] as const) {
      const accepted = targets.flatMap(target => {
        const result = canonical({ target }, leniencies)
        return result.ok ? [result.request] : []
      })
      t.ok(
        accepted.length > 2_000,
        `${accepted.length} targets, ${leniencies.join(' and ') || 'nothing'} accepted`,
      )
      for (let start = 0; start < accepted.length; start += SENT_AT_ONCE) {
        const batch = accepted.slice(start, start + SENT_AT_ONCE)
        const heads = batch.map(
          ({ encodedPath, query }) => `GET ${encodedPath}${query} HTTP/1.1\r\nHost: gw\r\n\r\n`,
        )
        connection.write(heads.join(''))
        for (const { path, encodedPath } of batch) {
          const answer = await connection.answer()
          const seen = answer?.status === 200 ? answer.body.toString('utf8') : answer?.statusLine
          if (seen !== path) t.equal(seen, path, encodedPath)
        }
      }
    }
  },
)

/** One process in the foreground, all its files in the test's folder, which answers with the path as it reads it. */
function configuration(port: number): string {
  return `
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events { worker_connections 64; }
http {
  access_log off;
  default_type text/plain;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 1000000;
  large_client_header_buffers 4 32k;
  server {
    listen 127.0.0.1:${port};
    location / { return 200 "$uri"; }
  }
}
`
}

async function connectOnceUp(port: number): Promise<RawConnection> {
  for (let tries = 0; ; tries++) {
    try {
      return await openRaw({ port, tls: false })
    } catch (error) {
      if (tries === 200) throw error
      await new Promise(resolve => setTimeout(resolve, 25))
    }
  }
}
