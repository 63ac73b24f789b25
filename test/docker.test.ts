import { hash } from '@node-rs/argon2'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { execForm, instruction, readDockerfile } from './docker/dockerfile.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const stages = readDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'))
const image = stages.at(-1) ?? []
const isRoot = process.getuid?.() === 0

t.test('the image is built from a long-term-support release and runs as nobody', async t => {
  for (const stage of stages) t.match(instruction(stage, 'FROM'), /^(node:24-slim|base)\b/)
  t.match(
    instruction(image, 'USER'),
    /^[1-9]\d{3,}:[1-9]\d{3,}$/,
    'by number, so that Kubernetes can tell it is not root',
  )
  t.equal(execForm(instruction(image, 'CMD'))[0], 'node')
  t.equal(execForm(instruction(image, 'HEALTHCHECK'))[0], 'node', 'nothing but Node is needed to ask')
  t.notMatch(readFileSync(join(root, 'Dockerfile'), 'utf8'), /^(ADD|ARG|ENV) .*(SECRET|PASSWORD|TOKEN)/im)
})

t.test('everything that the build copies gets past .dockerignore', async t => {
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter(line => line.startsWith('!'))
  const copied = stages
    .flat()
    .filter(({ name, words }) => name === 'COPY' && !words.startsWith('--from'))
    .flatMap(({ words }) => words.split(' ').slice(0, -1))
  t.ok(copied.includes('src'))
  for (const name of copied) t.ok(allowed.includes(`!${name}`), name)
})

t.test('its commands run as nobody, write to the data folder only, and end when asked', async t => {
  const box = await makeImage(t)
  const before = everyFile(box.app)
  const [program, ...words] = execForm(instruction(image, 'CMD'))
  t.equal(program, 'node')
  const gateway = start(
    box,
    words.map(word => word.replace('/etc/gatehouse/gateway.yaml', box.config)),
  )
  t.teardown(() => gateway.child.kill('SIGKILL'))

  if (!(await becomesHealthy(box, gateway.child))) throw new Error(`not healthy:\n${gateway.output()}`)
  if (isRoot)
    t.match(readFileSync(`/proc/${gateway.child.pid}/status`, 'utf8'), `Uid:\t${box.uid}\t${box.uid}`)

  const exited = once(gateway.child, 'exit')
  const asked = performance.now()
  gateway.child.kill('SIGTERM')
  t.same(await exited, [0, null], 'SIGTERM is a clean end')
  t.ok(performance.now() - asked < 10_000, 'within the 10 s that container engines wait')

  t.same(everyFile(box.app), before, 'nothing new where the program lies')
  t.same(everyFile(box.elsewhere), [], 'nothing in the home and temporary folders')
  t.not(everyFile(box.data).length, 0, 'the data is in the data folder')
  t.equal(await ask(box), 1, 'and the health check says no afterwards')
})

interface Box {
  readonly app: string
  /** The program that runs it. */
  readonly node: string
  readonly config: string
  readonly data: string
  /** Home and temporary folder, writable and empty. */
  readonly elsewhere: string
  readonly port: number
  readonly uid: number
}

/** Does what the Dockerfile does, in a folder: the same install, the built files, the same owner. */
async function makeImage(t: Test): Promise<Box> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-image-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  const [app, data, elsewhere] = ['app', 'data', 'elsewhere'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [app, data, elsewhere]) mkdirSync(path)
  for (const name of ['package.json', 'package-lock.json', '.npmrc'])
    cpSync(join(root, name), join(app, name))
  const install = stages
    .flat()
    .find(({ name, words }) => name === 'RUN' && words.startsWith('npm ci --omit=dev'))
  const installed = spawnSync('sh', ['-c', `${install?.words ?? 'false'} --prefer-offline`], {
    cwd: app,
    encoding: 'utf8',
  })
  if (installed.status !== 0) throw new Error(`npm ci: ${installed.stderr}`)
  cpSync(join(root, 'dist'), join(app, 'dist'), { recursive: true })
  // This Node may lie where only its owner may look.
  const node = join(folder, 'node')
  cpSync(realpathSync(process.execPath), node)
  const uid = isRoot ? Number(instruction(image, 'USER').split(':')[0]) : (process.getuid?.() ?? 0)
  if (isRoot) for (const path of [data, elsewhere]) chownSync(path, uid, uid)

  const port = await freePort()
  const config = join(folder, 'gateway.yaml')
  const lines = [
    `public_url: http://127.0.0.1:${port}`,
    `listen: 127.0.0.1:${port}`,
    'upstream: http://127.0.0.1:9',
    `store: { embedded: ${data} }`,
    'users: { file: users.yaml }',
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  const password = await hash('correct horse battery staple')
  writeFileSync(
    join(folder, 'users.yaml'),
    `users:\n  alice: { displayname: Alice, password: "${password}" }\n`,
  )
  return { app, node, config, data, elsewhere, port, uid }
}

interface Running {
  readonly child: ChildProcess
  readonly output: () => string
}

function start(box: Box, words: readonly string[]): Running {
  const child = spawn(box.node, words, {
    cwd: box.app,
    env: { NODE_ENV: 'production', HOME: box.elsewhere, TMPDIR: box.elsewhere },
    ...(isRoot ? { uid: box.uid, gid: box.uid } : {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)))
  return { child, output: () => output }
}

/** Asks as the engine does, once a second for 20 s at most, until the answer is yes or the process has ended. */
async function becomesHealthy(box: Box, child: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < 20 && child.exitCode === null; tries += 1) {
    if ((await ask(box)) === 0) return true
    await new Promise(resolve => setTimeout(resolve, 1000))
  }
  return false
}

/** @returns the exit code of the HEALTHCHECK's command: 0 is healthy */
async function ask(box: Box): Promise<number> {
  const [, ...words] = execForm(instruction(image, 'HEALTHCHECK'))
  const { child } = start(
    box,
    words.map(word => word.replace('127.0.0.1:8080', `127.0.0.1:${box.port}`)),
  )
  const [code] = (await once(child, 'exit')) as [number]
  return code
}

function everyFile(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
