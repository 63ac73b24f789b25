import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { usersYaml } from '../harness/demo-users.js'
import { gatehouse, MAIN, runGatehouse, start, until } from './gatehouse-process.js'

const GATEWAY =
  'public_url: http://localhost:8080\nupstream: http://127.0.0.1:3000\nusers: { file: users.yaml }\n'
const GOOD = 'a password that is long enough'

/** Why a terminal cannot be made, or false when it can: `script` of util-linux makes one. */
const noTerminal = missingScript()

function missingScript(): string | false {
  try {
    execFileSync('script', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'script is missing: apt-get install bsdutils'
  }
}

async function deployment(t: Test): Promise<string> {
  return t.testdir({ 'gateway.yaml': GATEWAY, 'users.yaml': await usersYaml([{ name: 'alice' }]) })
}

/** Runs a shell command on a terminal of its own; what is shown there is its standard output. */
function onTerminal(t: Test, cwd: string, command: string) {
  const terminal = start(t, cwd, 'script', ['-qec', command, '/dev/null'], {
    TERM: 'xterm',
    SHELL: '/bin/sh',
  })
  const type = async (after: string, keys: string): Promise<void> => {
    await until(`${after} is shown`, () => terminal.written.out.includes(after))
    terminal.process.stdin?.write(keys)
  }
  return { ...terminal, type }
}

const COMMAND = `'${process.execPath}' '${MAIN}'`

t.test(
  'a typed password is not shown, not even by the up key, and the process ends',
  { skip: noTerminal },
  async t => {
    const cwd = await deployment(t)
    const { type, written, ended } = onTerminal(t, cwd, `${COMMAND} users add erin`)
    await type('New password of erin: ', `${GOOD}x\x7f\r`)
    await type('The same again: ', `\x1b[A\x1b[B${GOOD}\r`)
    t.equal(await ended, 0)
    t.match(written.out, /erin is added/)
    t.notMatch(written.out, 'password that')
    t.match(readFileSync(join(cwd, 'users.yaml'), 'utf8'), 'erin')
  },
)

t.test('what is typed for a plain question is shown, and may be corrected', { skip: noTerminal }, async t => {
  const cwd = await deployment(t)
  const { type, written, ended } = onTerminal(t, cwd, `${COMMAND} users disable alice`)
  await type('[y/N] ', 'n\x7fy\r')
  t.equal(await ended, 0)
  t.match(written.out, /\[y\/N\].*n.*y\r+\n.*alice is disabled/s)
})

t.test(
  'Ctrl-C at a question ends the command and leaves the terminal as it was',
  { skip: noTerminal },
  async t => {
    const cwd = await deployment(t)
    const shell = `stty -a >before; ${COMMAND} users passwd alice; echo "code $?"; stty -a >after`
    const { type, written, ended } = onTerminal(t, cwd, shell)
    await type('New password of alice: ', 'half a pass\x03')
    await ended
    t.match(written.out, 'code 130')
    t.notMatch(written.out, 'half')
    t.equal(readFileSync(join(cwd, 'after'), 'utf8'), readFileSync(join(cwd, 'before'), 'utf8'))
  },
)

t.test('Ctrl-D answers with nothing', { skip: noTerminal }, async t => {
  const cwd = await deployment(t)
  const { type, written, ended } = onTerminal(t, cwd, `${COMMAND} users passwd alice`)
  await type('New password of alice: ', '\x04')
  t.equal(await ended, 1)
  t.match(written.out, 'There is no password')
})

t.test('lines that were typed ahead are taken in their order', { skip: noTerminal }, async t => {
  const cwd = t.testdir()
  const { type, written, ended } = onTerminal(t, cwd, `${COMMAND} init`)
  await type('Where will people', `\r\ralice\r${GOOD}\r${GOOD}\r`)
  t.equal(await ended, 0, written.out)
  t.match(readFileSync(join(cwd, 'users.yaml'), 'utf8'), 'alice')
})

t.test('a command ends although its standard input stays open', async t => {
  const cwd = await deployment(t)
  const running = gatehouse(t, cwd, 'users', 'add', 'erin')
  running.process.stdin?.write(`${GOOD}\n`)
  t.equal(await running.ended, 0, running.written.err)
  const other = gatehouse(t, cwd, 'users', 'list')
  t.equal(await other.ended, 0)
})

t.test('several lines of a pipe are several answers, the last one also without its line end', async t => {
  const cwd = t.testdir()
  const flags = ['--public-url', 'http://localhost:8080', '--upstream', 'http://127.0.0.1:3000']
  const made = await runGatehouse(t, cwd, ['init', ...flags, '--user', 'alice'], GOOD)
  t.match(made, { code: 0, err: '' })
  t.match(await runGatehouse(t, cwd, ['check']), { code: 0 })
})

t.test('secret prints one that the configuration takes', async t => {
  const cwd = await deployment(t)
  const made = await runGatehouse(t, cwd, ['secret'])
  t.match(made, { code: 0, out: /^[\w-]{43}\n$/, err: '' })
})
