import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { usersYaml } from '../harness/demo-users.js'
import { MAIN, runGatehouse } from '../cli/gatehouse-process.js'
import { readReadme } from './readme-blocks.js'

const SECTION = 'Change a policy without fear'

t.test('the README walks through a change with what the commands really print', async t => {
  const blocks = readReadme().blocks.filter(({ section }) => section === SECTION)
  const texts = (language: string): readonly string[] =>
    blocks.filter(one => one.language === language).map(({ text }) => `${text}\n`)
  const [gateway = '', next = ''] = texts('yaml')
  const people = [
    { name: 'alice', displayname: 'Alice', groups: ['ops'] },
    { name: 'bob', displayname: 'Bob', groups: ['staff'] },
  ]
  const cwd = t.testdir({
    'gateway.yaml': gateway,
    'next.yaml': next,
    'users.yaml': await usersYaml(people),
    'access.log': texts('log').join(''),
  })
  const shown = texts('console')
  t.equal(shown.length, 4)
  for (const [place, one] of shown.entries()) {
    const [first = '', ...output] = one.split('\n')
    const words = first.replace('$ gatehouse ', '').split(' ')
    const { out, err } = await runGatehouse(t, cwd, words)
    t.equal((out + err).trimEnd(), output.join('\n').trimEnd(), first)
    // "Without that last route the file is sound."
    if (place === 0)
      writeFileSync(
        join(cwd, 'next.yaml'),
        next.replace('  - path: /admin/old/**\n    access: required\n', ''),
      )
  }
})

const SOURCES = {
  'configuration.yml': `access_control:
  default_policy: two_factor
  rules:
    - { domain: wiki.example.com, resources: ['^/assets/.*$'], policy: bypass }
session:
  cookies:
    - { domain: example.com, authelia_url: https://auth.example.com }
authentication_backend:
  file: { path: users.yaml }
`,
  'oauth2-proxy.cfg': `upstreams = [ "http://127.0.0.1:3000/" ]
redirect_url = "https://wiki.example.com/oauth2/callback"
skip_auth_routes = [ "GET=^/assets/" ]
`,
  'site.conf': `server {
  server_name wiki.example.com;
  listen 443 ssl;
  auth_request /auth;
  location = /auth { internal; proxy_pass http://127.0.0.1:9091; }
  location / { proxy_pass http://127.0.0.1:3000; }
  location /assets/ { auth_request off; proxy_pass http://127.0.0.1:3000; }
}
`,
}

t.test('each import that the README prints writes a policy with cases that pass', async t => {
  const cwd = t.testdir(SOURCES)
  const [block] = readReadme().blocks.filter(({ section }) => section === 'Coming from elsewhere')
  const commands = block?.text.split('\n') ?? []
  t.equal(commands.length, 3)
  for (const command of commands) {
    const words = command.replace('gatehouse ', '').split(' ')
    const { out, err } = await runGatehouse(t, cwd, words)
    t.match(out, /Cure: .*None is more open\./s, command + err)
    const file = join(words.at(-1) ?? '', 'gateway.yaml')
    const tested = await runGatehouse(t, cwd, ['test', '--config', file])
    t.match(tested, { code: 0, out: /^[1-9]\d* passed, 0 failed$/m }, command)
  }
})

t.test('the hook lets a sound commit pass and stops one that opens something', async t => {
  const [gateway = ''] = readReadme()
    .blocks.filter(({ section, language }) => section === SECTION && language === 'yaml')
    .map(({ text }) => `${text}\n`)
  const users = await usersYaml([
    { name: 'alice', groups: ['ops'] },
    { name: 'bob', groups: ['staff'] },
  ])
  const cwd = t.testdir({ 'gateway.yaml': gateway, 'users.yaml': users, bin: {} })
  const bin = join(cwd, 'bin', 'gatehouse')
  writeFileSync(bin, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
  chmodSync(bin, 0o755)
  const git = (...words: readonly string[]) => {
    const name = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b.example' }
    const committer = { GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b.example' }
    const env = {
      ...process.env,
      ...name,
      ...committer,
      PATH: `${join(cwd, 'bin')}:${process.env.PATH ?? ''}`,
    }
    const { status, stdout, stderr } = spawnSync('git', words, { cwd, env, encoding: 'utf8' })
    return { status, said: stdout + stderr }
  }
  git('init', '--quiet')
  const hook = join(cwd, '.git', 'hooks', 'pre-commit')
  copyFileSync(new URL('../../config/git/pre-commit', import.meta.url), hook)
  chmodSync(hook, 0o755)
  git('add', 'gateway.yaml', 'users.yaml')
  t.match(git('commit', '--quiet', '-m', 'policy'), { status: 0 })

  const edit = (text: string) => {
    writeFileSync(join(cwd, 'gateway.yaml'), text)
    git('add', 'gateway.yaml')
    return git('commit', '--quiet', '-m', 'edit')
  }
  t.match(edit(gateway.replace('groups: [ops]', 'groups: [ops, staff]').replace(/.*bob.*\n/, '')), {
    status: 1,
    said: /MORE OPEN[^]*This opens what was closed before/,
  })
  t.match(edit(`${gateway}rutes: []\n`), { status: 1, said: /rutes/ })
  t.match(edit(gateway.replace('as: anonymous, expect: login', 'as: anonymous, expect: allow')), {
    status: 1,
    said: /1 failed/,
  })
  t.match(edit(gateway.replace('methods: [GET]', 'methods: [HEAD]')), { status: 0 }, 'HEAD is GET')
})
