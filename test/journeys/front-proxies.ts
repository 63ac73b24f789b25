import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { freePort } from '../bench/free-port.js'
import { TEST_CERTIFICATE, TEST_KEY } from '../harness/certificate.js'
import { openRaw, type Door } from '../harness/raw-client.js'

/** What is shipped for other proxies, each in a folder of its own. */
export const FRONT_PROXIES = fileURLToPath(new URL('../../config/front-proxies', import.meta.url))

/** Another proxy with what is shipped for it: what tells that it is here, and how it is started. */
export interface FrontProxy {
  readonly name: string
  /** The Debian package. */
  readonly package: string
  readonly isHere: () => boolean
  /** It forwards to the gateway, which forwards to the app, and asks nothing. */
  readonly forwards?: boolean
  /** Gives the command and its environment. Whatever is written goes to the folder. */
  readonly command: (place: Place) => {
    readonly file: string
    readonly words: readonly string[]
    readonly env: Readonly<Record<string, string>>
  }
}

/** Where everything is in one test. */
export interface Place {
  readonly folder: string
  /** The port of the front proxy. */
  readonly port: number
  readonly gatehouse: number
  readonly app: number
  /** PEM files: the certificate, its key, and both together. */
  readonly certificate: string
  readonly key: string
  readonly both: string
}

const find = (name: string): string | undefined =>
  [`/usr/sbin/${name}`, `/usr/bin/${name}`].find(
    file => spawnSync(file, [name === 'caddy' ? 'version' : '-v']).status === 0,
  )
const NGINX = find('nginx')
const CADDY = find('caddy')
const HAPROXY = find('haproxy')
const APACHE = find('apache2')

/** A shipped file with the addresses and the certificate of a test. Nothing else of it is touched. */
function withPlaces(file: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
      return text.replaceAll(from, to)
    },
    readFileSync(file, 'utf8'),
  )
}

/** Those of which the real program runs in tests, with the shipped text. */
export const frontProxies: readonly FrontProxy[] = [
  {
    name: 'nginx',
    package: 'nginx-light',
    isHere: () => NGINX !== undefined,
    command: ({ folder, port, gatehouse, app, certificate, key }) => {
      const shipped = join(FRONT_PROXIES, 'nginx')
      for (const file of readdirSync(shipped)) copyFileSync(join(shipped, file), join(folder, file))
      const text = withPlaces(join(shipped, 'nginx.conf'), {
        'listen 443 ssl;': `listen 127.0.0.1:${port} ssl;`,
        'server 127.0.0.1:9091;': `server 127.0.0.1:${gatehouse};`,
        'http://127.0.0.1:3000;': `http://127.0.0.1:${app};`,
        '/etc/ssl/example.com.pem': certificate,
        '/etc/ssl/example.com.key': key,
      })
      const names = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      const http = names.map(name => `${name}_temp_path ${folder}/${name};`).join(' ')
      writeFileSync(join(folder, 'nginx.conf'), text.replace('http {', `http { access_log off; ${http}`))
      const top = `daemon off; master_process off; pid ${folder}/nginx.pid;`
      return {
        file: NGINX ?? 'nginx',
        words: ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf'), '-g', top],
        env: {},
      }
    },
  },
  {
    name: 'Caddy',
    package: 'caddy',
    isHere: () => CADDY !== undefined,
    command: ({ folder, port, gatehouse, app, certificate, key }) => ({
      file: CADDY ?? 'caddy',
      words: ['run', '--adapter', 'caddyfile', '--config', join(FRONT_PROXIES, 'caddy', 'Caddyfile')],
      env: {
        HOME: folder,
        XDG_DATA_HOME: folder,
        XDG_CONFIG_HOME: folder,
        CADDY_ADMIN: 'off',
        GATEHOUSE: `127.0.0.1:${gatehouse}`,
        APP: `127.0.0.1:${app}`,
        AUTH_SITE: `https://auth.example.com:${port}`,
        APP_SITE: `https://app.example.com:${port}`,
        TLS: `tls ${certificate} ${key}`,
      },
    }),
  },
  {
    name: 'HAProxy',
    package: 'haproxy',
    isHere: () => HAPROXY !== undefined,
    command: ({ port, gatehouse, app, both }) => ({
      file: HAPROXY ?? 'haproxy',
      words: ['-db', '-f', join(FRONT_PROXIES, 'haproxy', 'haproxy.cfg')],
      env: {
        GATEHOUSE: `127.0.0.1:${gatehouse}`,
        APP: `127.0.0.1:${app}`,
        LISTEN: `127.0.0.1:${port}`,
        CERTIFICATE: both,
        GATEHOUSE_LUA: join(FRONT_PROXIES, 'haproxy', 'gatehouse.lua'),
      },
    }),
  },
  {
    name: 'Apache',
    package: 'apache2-bin',
    isHere: () => APACHE !== undefined,
    forwards: true,
    command: ({ folder, port, gatehouse, certificate, key }) => {
      const site = withPlaces(join(FRONT_PROXIES, 'apache', 'gatehouse.conf'), {
        'VirtualHost *:443': `VirtualHost 127.0.0.1:${port}`,
        'http://127.0.0.1:9091/': `http://127.0.0.1:${gatehouse}/`,
        '/etc/ssl/example.com.pem': certificate,
        '/etc/ssl/example.com.key': key,
      })
      const modules = ['mpm_event', 'ssl', 'headers', 'proxy', 'proxy_http', 'authz_core']
      const top = [
        ...modules.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
        // Only root may and must name somebody else.
        ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
        `ServerRoot ${folder}`,
        `Listen 127.0.0.1:${port}`,
        'ServerName auth.example.com',
        'PidFile apache.pid',
        'ErrorLog error.log',
        'StartServers 1',
      ]
      writeFileSync(join(folder, 'apache.conf'), `${top.join('\n')}\n${site}`)
      return { file: APACHE ?? 'apache2', words: ['-X', '-f', join(folder, 'apache.conf')], env: {} }
    },
  },
]

/** Starts a proxy before a gateway and an app; it ends with the test. Throws with what it said when it does not start. */
export async function startFrontProxy(
  t: Test,
  proxy: FrontProxy,
  ports: Pick<Place, 'gatehouse' | 'app'>,
): Promise<Door> {
  const folder = t.testdir({
    'cert.pem': TEST_CERTIFICATE,
    'key.pem': TEST_KEY,
    'both.pem': TEST_CERTIFICATE + TEST_KEY,
  })
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const [certificate, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map(file => join(folder, file))
  const { file, words, env } = proxy.command({
    ...ports,
    folder,
    port,
    certificate: certificate ?? '',
    key: key ?? '',
    both: both ?? '',
  })
  let said = ''
  const child = spawn(file, words, { cwd: folder, env: { PATH: process.env.PATH, ...env } })
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL'))
      await once(child, 'exit')
  })
  const door = { port, tls: true }
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${proxy.name} did not start:\n${said}`)
    try {
      ;(await openRaw(door)).destroy()
      return door
    } catch {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}
