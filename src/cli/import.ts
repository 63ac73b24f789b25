import { resolve } from 'node:path'
import { readOrigin } from '../config/sections/origin.js'
import { formatProblem } from '../documents/problem.js'
import { unreadableFile, type Problem } from '../documents/problem.js'
import { importAuthelia } from '../policy/import/authelia/import-authelia.js'
import { type CarriedOver, carryOver } from '../policy/import/carry-over.js'
import type { ImportOptions, ImportResult } from '../policy/import/imported.js'
import { importNginx } from '../policy/import/nginx/import-nginx.js'
import { importOauth2Proxy } from '../policy/import/oauth2-proxy/import-oauth2-proxy.js'
import type { CliIo, Command } from './cli-io.js'
import { formatImport } from './import/format-import.js'
import { parseOptions } from './parse-options.js'
import { shortName } from './short-name.js'

const HELP = `gatehouse import authelia configuration.yml [--out DIR] [--upstream HOST=URL]… [--public-url URL] [--loose]
gatehouse import oauth2-proxy FILE [-- FLAG…]
gatehouse import nginx FILE

Writes gateway.yaml and gateway.tests.yaml, and says what could not be carried over, where it stands, why, and what to
do. Nothing is overwritten, and nothing becomes more open: what cannot be said exactly takes the stricter side.
The cases are what the other product decided; "gatehouse test" runs them.
  FILE             oauth2-proxy: its .cfg, its alpha configuration, or a file with its flags; "-" for none
  --out DIR        where the files go; otherwise here
  --upstream       where an app listens, if the file does not say it: wiki.example.com=http://127.0.0.1:3000
  --public-url     where people will log in, if the file does not say it
  --loose          takes a query and a slash at the end to make no difference in the other product, as they make none
                   here: more is carried over, and what relied on them becomes more open
Exit code 0: everything is carried over. 1: something is not, or the files could not be written. 2: not understood.
`

const OPTIONS = {
  out: { type: 'string', default: '.' },
  upstream: { type: 'string', multiple: true },
  'public-url': { type: 'string' },
  loose: { type: 'boolean' },
} as const

const SOURCES = ['authelia', 'oauth2-proxy', 'nginx'] as const

/** The command `import`. */
export const run: Command = (args, io) => Promise.resolve(runNow(args, io))

function runNow(args: readonly string[], io: CliIo): number {
  const parsed = parseOptions(args, io, HELP, OPTIONS, [2, Infinity])
  if (!parsed.ok) return parsed.code
  const notUnderstood = (why: string): number => {
    io.stderr(`${why}\n\n${HELP}`)
    return 2
  }
  const [name, fileName = '', ...flags] = parsed.positionals
  const source = SOURCES.find(one => one === name)
  if (source === undefined) return notUnderstood(`"${name ?? ''}" is none of ${SOURCES.join(', ')}.`)
  if (flags.length > 0 && source !== 'oauth2-proxy')
    return notUnderstood(`"${flags[0] ?? ''}" is one word too many.`)
  const upstreams = readUpstreams(parsed.values.upstream ?? [])
  if (typeof upstreams === 'string') return notUnderstood(upstreams)
  const publicUrl = parsed.values['public-url']
  if (publicUrl !== undefined && !readOrigin(publicUrl).ok)
    return notUnderstood('--public-url is scheme and host, such as https://auth.example.com.')
  const loose = parsed.values.loose === true
  const options = { publicUrl, upstreams, loose }
  const isNone = fileName === '-' && source === 'oauth2-proxy'
  const file = isNone ? '(flags)' : resolve(io.cwd, fileName)
  const text = isNone ? '' : readText(file, io)
  if (typeof text !== 'string') return tellProblems([text], io)
  const result = readSource(source, { file: shortName(io.cwd, file), text, flags }, options)
  if (!result.ok) return tellProblems(result.problems, io)
  const carried = carryOver(result.imported, shortName(io.cwd, file), { loose, now: io.now() })
  if (carried.problems.length > 0) {
    tellProblems(carried.problems, io)
    io.stderr('Nothing was written.\n')
    return 1
  }
  const directory = resolve(io.cwd, parsed.values.out)
  return write(directory, carried, io) ? tellResult(directory, carried, loose, io) : 1
}

interface SourceFile {
  readonly file: string
  readonly text: string
  readonly flags: readonly string[]
}

function readSource(
  source: (typeof SOURCES)[number],
  { file, text, flags }: SourceFile,
  options: ImportOptions,
): ImportResult {
  switch (source) {
    case 'authelia':
      return importAuthelia(file, text, options)
    case 'oauth2-proxy':
      return importOauth2Proxy(file, text, flags, options)
    case 'nginx':
      return importNginx(file, text, options)
  }
}

/** The origins by host, or what is wrong with one of them. */
function readUpstreams(written: readonly string[]): ReadonlyMap<string, string> | string {
  const upstreams = new Map<string, string>()
  for (const one of written) {
    const [, host = '', url = ''] = /^([^=]+)=(.+)$/.exec(one) ?? []
    const read = readOrigin(url)
    if (host === '' || !read.ok)
      return `--upstream is HOST=URL, such as wiki.example.com=http://127.0.0.1:3000, not "${one}".`
    upstreams.set(host.toLowerCase(), read.url.origin)
  }
  return upstreams
}

function readText(file: string, io: CliIo): string | Problem {
  try {
    return io.readFile(file)
  } catch (error) {
    return { ...unreadableFile(file, error, 'name the right file'), file: shortName(io.cwd, file) }
  }
}

/** Tells them without the lines where they are: in a file of another product no name says which of them are secret. */
function tellProblems(problems: readonly Problem[], io: CliIo): number {
  for (const problem of problems) io.stderr(`${formatProblem({ ...problem, sourceLine: undefined })}\n\n`)
  return 2
}

/** Writes both files or none. */
function write(directory: string, { gateway, cases }: CarriedOver, io: CliIo): boolean {
  const files = [
    [resolve(directory, 'gateway.yaml'), gateway],
    [resolve(directory, 'gateway.tests.yaml'), cases],
  ] as const
  const there = files.filter(([file]) => isThere(file, io)).map(([file]) => shortName(io.cwd, file))
  if (there.length > 0) {
    io.stderr(
      `Already there: ${there.join(', ')}. Nothing is overwritten: give another directory with --out.\n`,
    )
    return false
  }
  for (const [file, text] of files) io.writeFile(file, text, 0o600)
  return true
}

function isThere(file: string, io: CliIo): boolean {
  try {
    io.readFile(file)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
  }
}

function tellResult(directory: string, carried: CarriedOver, loose: boolean, io: CliIo): number {
  io.stdout(formatImport(carried, loose, name => shortName(io.cwd, resolve(directory, name))))
  return carried.notes.some(({ kind }) => kind === 'lost') ? 1 : 0
}
