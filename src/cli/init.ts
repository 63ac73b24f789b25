import { dirname, join, resolve } from 'node:path'
import { loadConfig } from '../config/load-config.js'
import type { Problem } from '../documents/problem.js'
import { hashPassword } from '../users/password-hash.js'
import { addUser } from '../users/users-file-edit.js'
import { canonicalUserName } from '../users/user-name.js'
import type { CliIo, Command } from './cli-io.js'
import { CONFIG_OPTION } from './deployment.js'
import { type FirstUrls, gatewayFile, usersFileHead } from './init/first-files.js'
import { askNewPassword } from './new-password.js'
import { parseOptions } from './parse-options.js'
import { shortName } from './short-name.js'

const HELP = `gatehouse init [--public-url URL] [--upstream URL] [--user NAME] [--config gateway.yaml]

Writes gateway.yaml, and users.yaml and secret beside it, and overwrites nothing. On a terminal it asks for what is not
given. In a script give all three; the password of the first user is the first line of the standard input:
  gatehouse init --public-url https://wiki.example.com --upstream http://127.0.0.1:3000 --user alice < password
Exit code 0: the files are there. 1: they are not, and why was said. 2: this command was not understood.
`

const QUESTIONS = [
  ['public-url', 'Where will people reach it?', 'http://localhost:8080'],
  ['upstream', 'Where does the app listen?', 'http://127.0.0.1:3000'],
  ['user', 'Name of the first user?', undefined],
] as const

type Key = (typeof QUESTIONS)[number][0]

/** The command `init`. */
export const run: Command = async (args, io) => {
  const parsed = parseOptions(args, io, HELP, {
    ...CONFIG_OPTION,
    'public-url': { type: 'string' },
    upstream: { type: 'string' },
    user: { type: 'string' },
  })
  if (!parsed.ok) return parsed.code
  const file = resolve(io.cwd, parsed.values.config)
  const users = join(dirname(file), 'users.yaml')
  const secret = join(dirname(file), 'secret')
  const there = [file, users, secret].filter(name => isThere(name, io))
  if (there.length > 0) {
    const names = there.map(name => shortName(io.cwd, name)).join(', ')
    io.stderr(
      `Already there: ${names}. Nothing is overwritten: remove what is not needed, or give another --config.\n`,
    )
    return 1
  }
  const missing = QUESTIONS.filter(([key]) => parsed.values[key] === undefined)
  if (!io.asksPerson && missing.length > 0) {
    io.stderr(
      `Nobody is there to ask: give ${missing.map(([key]) => `--${key}`).join(', ')} as well.\n\n${HELP}`,
    )
    return 2
  }
  const answers = new Map<Key, string>()
  for (const [key, question, usual] of QUESTIONS) {
    const check = (value: string): string | undefined =>
      faultOf(file, new Map([...answers, [key, value]]), io)
    const given = parsed.values[key]
    const answer = given === undefined ? await askFor(question, usual, check, io) : sound(given, check, io)
    if (answer === undefined) return 1
    answers.set(key, answer)
  }
  const name = answers.get('user') ?? ''
  const password = await askNewPassword(name, io)
  if (password === undefined) return 1
  const added = addUser(usersFileHead(), name, { groups: [], password: hashPassword(password) })
  if (added.outcome !== 'edited') throw new Error(`the user ${name} could not be added: ${added.outcome}`)
  io.writeFile(secret, `${io.random(32).toString('base64url')}\n`, 0o600)
  io.writeFile(users, added.text, 0o600)
  io.writeFile(file, gatewayFile(file, urlsOf(answers)), 0o600)
  io.stdout(whatNext(file, urlsOf(answers).publicUrl, name, io))
  return 0
}

function isThere(file: string, io: Pick<CliIo, 'readFile'>): boolean {
  try {
    io.readFile(file)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
  }
}

/** Asks up to three times: an input that has ended would answer for ever. */
async function askFor(
  question: string,
  usual: string | undefined,
  check: (value: string) => string | undefined,
  io: CliIo,
): Promise<string | undefined> {
  for (let tries = 0; tries < 3; tries++) {
    const typed = (await io.ask(`${question}${usual === undefined ? '' : ` [${usual}]`} `)).trim()
    const answer = sound(typed === '' ? (usual ?? '') : typed, check, io)
    if (answer !== undefined) return answer
  }
  return undefined
}

function sound(
  value: string,
  check: (value: string) => string | undefined,
  io: Pick<CliIo, 'stderr'>,
): string | undefined {
  const fault = check(value)
  if (fault !== undefined) io.stderr(`${fault}\n`)
  return fault === undefined ? value : undefined
}

/** What is wrong with the answers so far: what `check` would say of the file that they make. */
function faultOf(file: string, answers: ReadonlyMap<Key, string>, io: CliIo): string | undefined {
  const user = answers.get('user')
  if (user !== undefined && canonicalUserName(user) === undefined)
    return `${JSON.stringify(user)} cannot be a user name: it has 1 to 256 characters, all of them visible.`
  const secret = io.random(32).toString('base64url')
  const text = gatewayFile(file, urlsOf(answers))
  const readFile = (name: string): string => (name === file ? text : secret)
  const loaded = loadConfig(file, { readFile, env: {}, now: io.now() })
  return loaded.ok ? undefined : loaded.problems.map(sentenceOf).join('\n')
}

function sentenceOf({ message, cure }: Problem): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}: ${cure}.`
}

function urlsOf(answers: ReadonlyMap<Key, string>): FirstUrls {
  return {
    publicUrl: answers.get('public-url') ?? '',
    // Not asked for yet: a name that is nobody's, so that nothing is found wrong with it.
    upstream: answers.get('upstream') ?? 'http://app.invalid',
  }
}

function whatNext(file: string, publicUrl: string, user: string, io: CliIo): string {
  const name = shortName(io.cwd, file)
  const option = name === 'gateway.yaml' ? '' : ` --config ${name}`
  const proxy = publicUrl.startsWith('https:')
    ? `
  Let the proxy that serves ${publicUrl} send everything to the address at "listen",
  with the Host that it was asked for, X-Forwarded-For and X-Forwarded-Proto.
`
    : ''
  return `
${name} is written, with users.yaml and secret beside it.

  gatehouse check${option}
  gatehouse serve${option}
${proxy}
  Then open ${publicUrl} and log in as ${user}: the first login sets up the second factor.
  What becomes of a request, and why:  gatehouse explain GET ${publicUrl} --as ${user}${option}
`
}
