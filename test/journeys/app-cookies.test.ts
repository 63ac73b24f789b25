import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { startGateway } from '../harness/gateway.js'
import { createPerson, roundTrip } from '../harness/person.js'
import { exchange, headerOf } from '../harness/raw-client.js'
import { startRecordingUpstream, valuesOf } from '../harness/recording-upstream.js'
import { get } from '../harness/siege.js'
import { FRONT_PROXIES, startFrontProxy, type FrontProxy } from './front-proxies.js'

const APP = 'app.example.com'
const AUTH = 'auth.example.com'
const NGINX = '/usr/sbin/nginx'
const shipped = readFileSync(join(FRONT_PROXIES, 'gateway.yaml'), 'utf8')
const skip =
  noAuthenticator === false && spawnSync(NGINX, ['-v']).status !== 0
    ? 'nginx is not installed (apt-get install nginx-light)'
    : noAuthenticator

/** nginx with what ingress-nginx makes of its annotations auth-url and auth-response-headers. */
const asIngress: FrontProxy = {
  name: 'nginx as ingress-nginx configures it',
  package: 'nginx-light',
  isHere: () => true,
  command: ({ folder, port, gatehouse, app, certificate, key }) => {
    const names = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    writeFileSync(
      join(folder, 'nginx.conf'),
      `events {}
http {
  access_log off;
  ${names.map(name => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    location = /_external-auth {
      internal;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Forwarded-Proto "";
      proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_buffer_size 16k;
      proxy_buffers 4 16k;
      proxy_pass http://127.0.0.1:${gatehouse}/auth/verify?cookies=app;
    }
    location / {
      auth_request /_external-auth;
      auth_request_set $authHeader0 $upstream_http_remote_user;
      proxy_set_header 'Remote-User' $authHeader0;
      auth_request_set $authHeader1 $upstream_http_cookie;
      proxy_set_header 'Cookie' $authHeader1;
      proxy_pass http://127.0.0.1:${app};
    }
  }
}
`,
    )
    const top = `daemon off; master_process off; pid ${folder}/nginx.pid;`
    return {
      file: NGINX,
      words: ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf'), '-g', top],
      env: {},
    }
  },
}

t.test('an app behind ingress-nginx gets its own cookies, and not that of the gateway', { skip }, async t => {
  const upstream = await startRecordingUpstream(t)
  const gateway = await startGateway(t, { yaml: shipped, tls: false })
  const front = await startFrontProxy(t, asIngress, { gatehouse: gateway.port, app: upstream.port })
  const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.7' }
  const alice = createPerson(gateway, { host: AUTH, headers })
  await alice.login('alice')
  t.match(alice.cookieHeader(), /gatehouse/)
  const long = `long=${'x'.repeat(6_000)}`
  for (const [others, expected] of [
    [['theme=dark', 'lang=de'], ['theme=dark; lang=de']],
    [[long], [long]],
    [[], []],
  ] as const) {
    upstream.forget()
    const [first = '', ...rest] = others
    const cookies = [first, alice.cookieHeader(), ...rest].filter(Boolean).join('; ')
    const { status } = await roundTrip(front, 'GET', '/private', { Host: APP, Cookie: cookies }, undefined)
    t.equal(status, 200)
    t.same(valuesOf(upstream.requests[0], 'remote-user'), ['alice'])
    t.same(
      valuesOf(upstream.requests[0], 'cookie').map(text => text.replace(/;\s+/g, '; ')),
      expected,
    )
  }
})

t.test('Envoy, which has no place for the question, is told of them always', async t => {
  const gateway = await startGateway(t, { yaml: shipped, tls: false })
  for (const [cookie, expected] of [
    ['Cookie: a=1; __Secure-gatehouse=x; b=2', /^a=1; ? ?b=2$/],
    ['Cookie: __Secure-gatehouse=x', /^$/],
    ['Accept: text/html', /^$/],
  ] as const) {
    const bytes = get(
      '/api/authz/ext-authz/public/x',
      ['X-Forwarded-Proto: https', 'X-Forwarded-For: 192.0.2.7', cookie],
      APP,
    )
    const [answer] = (await exchange(gateway, bytes, { answers: 1 })).answers
    t.match([answer?.status, headerOf(answer, 'cookie')], [200, [expected]])
  }
})

t.test('only who asks for the cookies of the app is told of them', async t => {
  const gateway = await startGateway(t, { yaml: shipped, tls: false })
  const ask = async (target: string) => {
    const stated = [`X-Original-URL: https://${APP}/public/x?cookies=app`, 'X-Original-Method: GET']
    const bytes = get(target, [
      ...stated,
      'X-Forwarded-For: 192.0.2.7',
      'Cookie: a=1; __Secure-gatehouse=x; b=2',
    ])
    const [answer] = (await exchange(gateway, bytes, { answers: 1 })).answers
    if (answer === undefined) throw new Error('no answer')
    return { status: answer.status, cookies: headerOf(answer, 'cookie') }
  }
  t.match(await ask('/auth/verify?cookies=app'), { cookies: [/^a=1; ? ?b=2$/] })
  t.match(await ask('/auth/verify'), { cookies: [] })
  t.match(await ask('/auth/verify?cookies=all'), { cookies: [] })
  t.match(await ask('/api/authz/forward-auth?cookies=app'), { cookies: [] })
})
