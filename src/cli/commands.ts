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
  ['test', { says: 'runs the cases of the policy', load: () => import('./test.js') }],
  ['diff', { says: 'what became more open or closed between two files', load: () => import('./diff.js') }],
  ['shadow', { says: 'report: what the shadow policy decides otherwise', load: () => import('./shadow.js') }],
  [
    'replay',
    { says: 'what a new policy makes of the requests of access logs', load: () => import('./replay.js') },
  ],
  [
    'import',
    {
      says: 'a policy of Authelia, oauth2-proxy or nginx, with cases that prove it',
      load: () => import('./import.js'),
    },
  ],
  ['doctor', { says: 'probes a deployment from outside', load: () => import('./doctor.js') }],
  [
    'users',
    {
      says: 'list, show, add, remove, passwd, disable, enable, unlock, reset-mfa, ticket',
      load: () => import('./users.js'),
    },
  ],
  ['sessions', { says: 'list, revoke: who is logged in', load: () => import('./sessions.js') }],
  ['tokens', { says: 'create, list, revoke: API tokens for programs', load: () => import('./tokens.js') }],
  ['audit', { says: 'verify, show, key: the audit log', load: () => import('./audit.js') }],
  ['keys', { says: 'rotate: new keys to sign with', load: () => import('./keys.js') }],
  [
    'store',
    { says: 'migrate: what is remembered, from one store to another', load: () => import('./store.js') },
  ],
  [
    'secret',
    { says: 'prints a new secret; reseal: lets the old one be dropped', load: () => import('./secret.js') },
  ],
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
