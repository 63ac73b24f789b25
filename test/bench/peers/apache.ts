import { hash } from '@node-rs/bcrypt'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answersAt, ask } from '../asking.js'
import { freePort } from '../free-port.js'
import { startProgram } from '../processes.js'
import type { House } from '../scenario.js'
import type { Subject } from '../subject.js'
import { isInstalled } from './installed.js'

const APACHE = '/usr/sbin/apache2'
const MODULES = '/usr/lib/apache2/modules'
const PASSWORD = 'a password for the bench'
/** What `htpasswd -B` takes. */
const BCRYPT_COST = 5

/** Whether Apache is installed on this machine, with the modules of Debian's package. */
export function apacheIsHere(): boolean {
  return isInstalled(APACHE, '-v')
}

/** Starts Apache as one process, with a thread for each connection: its event module ends those that wait. */
export function startApache({ upstreamPort, folder }: House): Promise<Subject> {
  return start(upstreamPort, join(folder, 'apache'), [], '')
}

/**
 * Starts Apache with a login of its own: mod_auth_form, and mod_session_crypto for the cookie. It looks at the password
 * with each request, because the password is what its session holds.
 */
export async function startApacheLogin({ upstreamPort, folder }: House): Promise<Subject> {
  const own = join(folder, 'apache-login')
  mkdirSync(own)
  writeFileSync(join(own, 'passwords'), `alice:${await hash(PASSWORD, { cost: BCRYPT_COST })}\n`)
  const modules = [
    'authn_core',
    'authn_file',
    'auth_form',
    'request',
    'session',
    'session_cookie',
    'session_crypto',
  ]
  const subject = await start(
    upstreamPort,
    own,
    modules,
    `<Location />
  AuthFormProvider file
  AuthUserFile ${join(own, 'passwords')}
  AuthType form
  AuthName app
  Session On
  SessionCookieName session path=/
  SessionCryptoPassphrase a-passphrase-of-the-bench
  Require valid-user
</Location>
<Location /log-in>
  SetHandler form-login-handler
  AuthFormLoginRequiredLocation /wrong
  AuthFormLoginSuccessLocation /
</Location>`,
  )
  const { port, headers } = subject.target
  const answer = await ask(`http://127.0.0.1:${port}/log-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ httpd_username: 'alice', httpd_password: PASSWORD })),
  })
  const [cookie] = answer.headers.getSetCookie()[0]?.split(';') ?? []
  if (cookie === undefined) throw new Error(`the login at Apache was answered ${answer.status}`)
  return {
    ...subject,
    target: { ...subject.target, headers: { ...headers, cookie: `theme=dark; ${cookie}` } },
  }
}

async function start(
  upstreamPort: number,
  folder: string,
  modules: readonly string[],
  directives: string,
): Promise<Subject> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const loaded = ['mpm_worker', 'authz_core', 'authz_user', 'proxy', 'proxy_http', ...modules]
  const file = join(folder, 'apache.conf')
  writeFileSync(
    file,
    `ServerName localhost
ServerRoot ${folder}
PidFile ${join(folder, 'pid')}
DefaultRuntimeDir ${folder}
ErrorLog ${join(folder, 'error.log')}
Listen 127.0.0.1:${port}
${loaded.map(name => `LoadModule ${name}_module ${join(MODULES, `mod_${name}.so`)}`).join('\n')}
MaxKeepAliveRequests 0
KeepAliveTimeout 60
ThreadLimit 300
ThreadsPerChild 300
MaxRequestWorkers 300
ProxyPass / http://127.0.0.1:${upstreamPort}/ keepalive=On
ProxyPassReverse / http://127.0.0.1:${upstreamPort}/
${directives}
`,
  )
  const { child, startedWithin } = await startProgram(
    APACHE,
    ['-X', '-f', file],
    answersAt(`http://127.0.0.1:${port}/`),
  )
  return {
    startedWithin,
    children: [child],
    target: { port, path: '/', headers: { host: `127.0.0.1:${port}`, cookie: 'theme=dark' } },
  }
}
