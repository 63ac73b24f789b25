import t from 'tap'
import { runCommand } from '../../src/cli/commands.js'
import { testIo } from './test-io.js'

const COMMANDS = [
  'demo',
  'init',
  'serve',
  'check',
  'explain',
  'users',
  'sessions',
  'tokens',
  'keys',
  'secret',
]

async function gatehouse(...args: readonly string[]) {
  const io = testIo('/nowhere')
  const code = await runCommand(args, io)
  return { code, ...io.written }
}

t.test('every command has a help, and does not guess at options that it has not', async t => {
  for (const name of COMMANDS) {
    const help = { code: 0, err: '', out: new RegExp(`^gatehouse ${name}\\b`) }
    t.match(await gatehouse(name, '--help'), help, name)
    t.match(await gatehouse(name, '-h'), help, name)
    t.match(await gatehouse(name, '--no-such-option'), { code: 2, out: '' }, name)
  }
})

t.test('the help of all names every command', async t => {
  for (const way of ['--help', '-h', 'help']) {
    const help = await gatehouse(way)
    for (const name of COMMANDS) t.match(help, { code: 0, out: new RegExp(`^ {2}${name} `, 'm') }, way)
  }
})

t.test('no command and an unknown one end with 2', async t => {
  t.match(await gatehouse(), { code: 2, out: '', err: /Which command/ })
  t.match(await gatehouse('frobnicate'), { code: 2, out: '', err: /"frobnicate" is not a command/ })
})

t.test('a file that is not there is told in plain words, with the way out', async t => {
  for (const line of ['serve', 'check', 'explain GET /', 'users list']) {
    const { code, out, err } = await gatehouse(...line.split(' '))
    t.equal(code, 1)
    t.match(out + err, 'make one with "gatehouse init"', line)
  }
})
