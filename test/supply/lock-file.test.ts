import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { readLockFile, ROOT } from './lock-file.js'

const locked = readLockFile()

/**
 * The first versions without the security faults that are known of each package, one for every major version in use:
 * the newest advisory that its maintainers have published by November 2026.
 */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  '@fastify/http-proxy': ['11.6.0'],
  '@fastify/rate-limit': ['11.2.0'],
  '@fastify/reply-from': ['12.6.4'],
  cookie: ['0.7.0', '1.0.0'],
  'fast-uri': ['3.1.7', '4.1.4'],
  fastify: ['5.12.8'],
  'find-my-way': ['9.10.1'],
  jose: ['6.0.0'],
  nodemailer: ['7.0.7', '8.0.0', '10.0.0'],
  undici: ['6.28.0', '7.29.0', '8.9.0'],
  ws: ['8.23.0'],
  yaml: ['2.9.1'],
}

/** Packages with a history that the gateway does without. */
const UNWANTED = [
  '@fastify/express',
  '@fastify/middie',
  '@fastify/passport',
  '@fastify/secure-session',
  '@fastify/session',
  '@fastify/static',
  'fast-jwt',
  'js-yaml',
  'jsonwebtoken',
]

const parts = (version: string): readonly number[] => version.split('-')[0]?.split('.').map(Number) ?? []

function isBelow(version: string, floor: string): boolean {
  const [own, least] = [parts(version), parts(floor)]
  const at = own.findIndex((number, index) => number !== least[index])
  return at !== -1 && (own[at] ?? 0) < (least[at] ?? 0)
}

t.test('no version with a known security fault is locked', async t => {
  for (const [name, floors] of Object.entries(FLOORS)) {
    const found = locked.filter(other => other.name === name)
    t.not(found.length, 0, `${name} is in use`)
    for (const { path, version } of found) {
      const floor = floors.find(other => parts(other)[0] === parts(version)[0])
      t.notOk(floor === undefined || isBelow(version, floor), `${path} ${version}: ${floors.join(', ')}`)
    }
  }
  t.ok(isBelow('5.12.7', '5.12.8') && isBelow('5.9.9', '5.12.8') && !isBelow('5.13.0', '5.12.8'))
})

t.test('what was left out on purpose has not come in by a side door', async t => {
  const running = locked.filter(({ isForDevelopment }) => !isForDevelopment)
  t.same(
    running.filter(({ name }) => UNWANTED.includes(name)).map(({ path }) => path),
    [],
  )
})

/**
 * Native parts for platforms other than the one where the lock file was written. npm never fetched them, so it could
 * not note a checksum; whoever installs on such a platform gets what the registry signs.
 */
const WITHOUT_CHECKSUM: Readonly<Record<string, readonly string[]>> = {
  '@msgpackr-extract/msgpackr-extract': ['darwin-arm64', 'darwin-x64', 'linux-arm', 'win32-x64'],
  '@node-rs/bcrypt': [
    'android-arm-eabi',
    'android-arm64',
    'darwin-arm64',
    'darwin-x64',
    'freebsd-x64',
    'linux-arm-gnueabihf',
    'linux-arm64-gnu',
    'linux-arm64-musl',
    'linux-x64-musl',
    'win32-arm64-msvc',
    'win32-ia32-msvc',
    'win32-x64-msvc',
  ],
  '@oxc-parser/binding': [
    'android-arm-eabi',
    'android-arm64',
    'darwin-arm64',
    'darwin-x64',
    'freebsd-x64',
    'linux-arm-gnueabihf',
    'linux-arm-musleabihf',
    'linux-ppc64-gnu',
    'linux-riscv64-gnu',
    'linux-riscv64-musl',
    'linux-s390x-gnu',
    'openharmony-arm64',
    'win32-arm64-msvc',
    'win32-ia32-msvc',
    'win32-x64-msvc',
  ],
}

t.test('every package is pinned by a checksum, but native parts of some other platforms', async t => {
  const known = Object.entries(WITHOUT_CHECKSUM).flatMap(([family, platforms]) =>
    platforms.map(platform => `${family}-${platform}`),
  )
  const without = locked.filter(({ integrity }) => integrity === undefined)
  t.same(without.map(({ name }) => name).sort(), known.sort())
  t.ok(
    without.every(({ platforms }) => platforms !== undefined),
    'they are for one platform each',
  )
  const weak = locked.filter(({ integrity }) => integrity !== undefined && !integrity.startsWith('sha512-'))
  t.same(
    weak.map(({ path }) => path),
    [],
  )
})

t.test('no install script is needed: the native parts come built, and nothing is built on top', async t => {
  const scripted = locked.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name)
  t.same(scripted.sort(), ['lmdb', 'msgpackr-extract'])
  const require = createRequire(import.meta.url)
  for (const name of scripted) t.notOk(existsSync(join(ROOT, 'node_modules', name, 'build')), name)
  const { open } = (await import('lmdb')) as { open: (options: { path: string }) => { close: () => unknown } }
  await open({ path: join(t.testdir(), 'data') }).close()
  const extract = createRequire(require.resolve('lmdb'))('msgpackr-extract') as { extractStrings?: unknown }
  t.type(extract.extractStrings, 'function', 'msgpackr-extract has its native part')
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  const installs = dockerfile.match(/npm ci.*/g) ?? []
  t.ok(installs.length > 0 && installs.every(words => words.includes('--ignore-scripts')))
})
