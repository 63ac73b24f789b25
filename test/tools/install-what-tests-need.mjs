// Installs the programs that some tests talk to, where that is possible: as root on a machine with apt.
// Elsewhere it says which tests will be skipped, and goes on.
import { spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What tests need: how to tell that it is there, the Debian package that brings it, and what needs it. */
const NEEDS = [
  { is: program('chromium'), package: 'chromium', for: 'the journeys in a browser' },
  { is: program('redis-server'), package: 'redis-server', for: 'the shared store' },
  { is: program('nginx'), package: 'nginx-light', for: 'paths as nginx reads them' },
  { is: program('caddy'), package: 'caddy', for: 'forward-auth behind Caddy' },
  { is: program('apache2'), package: 'apache2-bin', for: 'a gateway behind Apache' },
  { is: program('haproxy'), package: 'haproxy', for: 'forward-auth behind HAProxy' },
  { is: program('oathtool'), package: 'oathtool', for: 'codes that our own library did not compute' },
  { is: program('radicale'), package: 'radicale', for: 'an unmodified app behind the gateway' },
  { is: program('openssl'), package: 'openssl', for: 'upstreams with certificates' },
  { is: program('slowhttptest'), package: 'slowhttptest', for: 'a thousand slow clients' },
  { is: program('curl'), package: 'curl', for: 'the commands that the README prints' },
  { is: pythonModule('jwt'), package: 'python3-jwt', for: 'assertions verified by another library' },
  {
    is: pythonModule('cryptography'),
    package: 'python3-cryptography',
    for: 'assertions verified by another library',
  },
]

const missing = NEEDS.filter(need => !need.is())
if (missing.length > 0) {
  if (process.getuid?.() === 0 && program('apt-get')()) install(missing.map(need => need.package))
  for (const need of missing.filter(need => !need.is())) {
    console.log(`Not here: ${need.package} (${need.for}). The tests that need it will be skipped.`)
  }
}

function program(name) {
  // Services and root's own tools are not on everybody's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
  return () =>
    folders.some(folder => {
      try {
        accessSync(join(folder, name), constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

function pythonModule(name) {
  return () => spawnSync('/usr/bin/python3', ['-c', `import ${name}`], { stdio: 'ignore' }).status === 0
}

function install(packages) {
  console.log(`Installing what tests need: ${packages.join(' ')}`)
  withoutStartingServices(() => {
    const apt = (...words) =>
      spawnSync('apt-get', ['-qq', ...words], {
        // Nobody is there to answer, and a machine's own daemons must not start because tests were run.
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
        stdio: ['ignore', 'ignore', 'inherit'],
      }).status === 0
    apt('update')
    // One by one when together fails: a single absent package must not take the others with it.
    const options = ['install', '--yes', '--no-install-recommends']
    if (!apt(...options, ...packages)) for (const name of packages) apt(...options, name)
  })
}

/** Debian asks this file whether a freshly installed service may start: 101 is no. One that is there is left alone. */
function withoutStartingServices(work) {
  const policy = '/usr/sbin/policy-rc.d'
  const ours = !existsSync(policy)
  if (ours) {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n')
    chmodSync(policy, 0o755)
  }
  try {
    work()
  } finally {
    if (ours) rmSync(policy, { force: true })
  }
}
