import type { CliIo, Command } from './cli-io.js'

interface CommandEntry {
  readonly says: string
  /** Loaded when it is used, so that a small command starts quickly. */
  readonly load: () => Promise<{ readonly run: Command }>
}

const COMMANDS: ReadonlyMap<string, CommandEntry> = new Map([
  [
    'demo',
    { says: 'the whole thing in one go, with a sample app and demo users', load: () => import('./demo.js') },
  ],
  [
    'init',
    { says: 'asks little, writes gateway.yaml, users.yaml and a secret', load: () => import('./init.js') },
  ],
  ['serve', { says: 'runs the gateway', load: () => import('./serve.js') }],
  [
    'check',
    { says: 'every error and warning of the files, with places and cures', load: () => import('./check.js') },
  ],
  ['explain', { says: 'what becomes of a request, and why', load: () => import('./explain.js') }],
  [
    'users',
    {
      says: 'add, list, passwd, disable, enable, unlock, reset-mfa, ticket',
      load: () => import('./users.js'),
    },
  ],
  ['secret', { says: 'prints a new secret', load: () => import('./secret.js') }],
])

const HELP = `gatehouse COMMAND [--config gateway.yaml]

${[...COMMANDS].map(([name, { says }]) => `  ${name.padEnd(8)} ${says}`).join('\n')}

"gatehouse COMMAND --help" tells the rest. Exit code 0: done, or yes. 1: no. 2: not understood.
`

/** Runs the command that the arguments name. What breaks is told in one line, and the exit code is 1. */
export async function runCommand(args: readonly string[], io: CliIo): Promise<number> {
  const [name = '', ...rest] = args
  if (name === '--help' || name === '-h' || name === 'help') {
    io.stdout(HELP)
    return 0
  }
  const command = COMMANDS.get(name)
  if (command === undefined) {
    io.stderr(`${name === '' ? 'Which command?' : `"${name}" is not a command.`}\n\n${HELP}`)
    return 2
  }
  try {
    const { run } = await command.load()
    return await run(rest, io)
  } catch (error) {
    io.stderr(`gatehouse ${name}: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}
