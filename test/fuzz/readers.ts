import type { ConfigIo } from '../../src/config/reading.js'
import { readCaseFile } from '../../src/config/case-files.js'
import { compilePolicy } from '../../src/config/compile-policy.js'
import { loadConfig, type LoadedConfig } from '../../src/config/load-config.js'
import { formatProblem, type Problem } from '../../src/documents/problem.js'
import { importAuthelia } from '../../src/policy/import/authelia/import-authelia.js'
import { carryOver } from '../../src/policy/import/carry-over.js'
import type { ImportOptions, ImportResult } from '../../src/policy/import/imported.js'
import { importNginx } from '../../src/policy/import/nginx/import-nginx.js'
import { importOauth2Proxy } from '../../src/policy/import/oauth2-proxy/import-oauth2-proxy.js'
import { createExplain } from '../../src/policy/explain/explanation.js'
import { createReplay } from '../../src/policy/replay/replay.js'
import { readUsersFile } from '../../src/users/users-file.js'

/** Reads a document and gives what tells its behaviour from others'. Throws what is a fault of ours. */
export type Reader = (text: string) => string

const NOW = Date.UTC(2027, 0, 15)
/** Stands in seeds where a secret stands: no message may tell it. */
export const PLANTED = 'zq7-planted-secret-zq7-planted-secret-zq7'

const NAMED = new RegExp(
  `(?:\\b(?:secret|password): |cookie_secret = "|--cookie-secret=|p=1\\$|\\$2b\\$12\\$)${PLANTED}`,
  'g',
)

const io = (text: string): ConfigIo => ({
  readFile: path => {
    if (path.endsWith('.fuzz')) return text
    throw Object.assign(new Error('there is no such file'), { code: 'ENOENT' })
  },
  env: { HOME: '/', SECRET: PLANTED },
  now: NOW,
})
const load = (text: string): LoadedConfig => loadConfig('gateway.fuzz', io(text))

const IMPORT: ImportOptions = {
  publicUrl: 'https://auth.example.com',
  upstreams: new Map([
    ['wiki.example.com', 'http://127.0.0.1:3000'],
    ['*.example.com', 'http://127.0.0.1:3001'],
  ]),
  loose: false,
}

/** What is read by programs of ours outside the front door. */
export const READERS: Readonly<Record<string, Reader>> = {
  config: text => {
    const loaded = load(text)
    if (!loaded.ok) return told(loaded.problems, text)
    const asked = {
      method: 'GET',
      target: '/zq7/not/named',
      authority: loaded.config.publicUrl.host,
      secure: loaded.config.publicUrl.secure,
      address: '192.0.2.1',
      asksPreflight: false,
    }
    const { outcome } = createExplain(loaded.config, compilePolicy(loaded.config))(asked, undefined, NOW)
    return `ok ${outcome} ${told(loaded.warnings, text)}`
  },
  users: text => {
    const read = readUsersFile(text, 'users.yaml')
    if (read.ok) return `ok ${Math.min(read.users.size, 3)}`
    return wordsOf(read.faults.map(({ message, cure }) => `${message} ${cure}`))
  },
  cases: text => {
    const read = readCaseFile('cases.fuzz', io(text), 'https://auth.example.com')
    return read.ok ? `ok ${Math.min(read.cases.length, 3)}` : told(read.problems, text)
  },
  'access-log': text => {
    const replay = createReplay({ old: SIDE, next: SIDE, host: 'gw.example', at: undefined, now: NOW })
    text.split('\n').forEach((line, index) => replay.take(line, 'access.log', index + 1))
    const report = replay.report()
    const shown = JSON.stringify(report, (_key, value: unknown) =>
      value instanceof Map ? [...value] : value,
    )
    return wordsOf([shown.slice(0, 600)])
  },
  authelia: text => imported(importAuthelia('configuration.yml', text, IMPORT), text),
  'oauth2-proxy': text => {
    const [file, rest, flags] = text.startsWith('--')
      ? ['(flags)', '', text.split('\n')]
      : ['o.cfg', text, []]
    return imported(importOauth2Proxy(file, rest, flags, IMPORT), text)
  },
  nginx: text => imported(importNginx('wiki.conf', text, IMPORT), text),
}

const SIDE = (() => {
  const loaded = load(
    'public_url: https://gw.example\nupstream: http://127.0.0.1:1\nusers: { file: users.yaml }\nroutes:\n  - { path: "/public/**", access: public }\n',
  )
  if (!loaded.ok) throw new Error(told(loaded.problems, ''))
  return { config: loaded.config, policy: compilePolicy(loaded.config), users: new Map() }
})()

/** What an import writes has to be a sound configuration that opens nothing more. */
function imported(result: ImportResult, text: string): string {
  if (!result.ok) return told(result.problems, text)
  const carried = carryOver(result.imported, 'source', { loose: false, now: NOW })
  // The command writes nothing then.
  if (carried.problems.length > 0) return `nothing is written: ${told(carried.problems, text)}`
  const opened = carried.comparisons.find(({ relation }) => relation === 'opened')
  if (opened !== undefined) throw new Error(`what it writes is more open: ${JSON.stringify(opened.trial)}`)
  return `ok ${told(
    carried.notes.map(({ problem }) => problem),
    text,
  )}`
}

function told(problems: readonly Problem[], text: string): string {
  const texts = problems.map(formatProblem)
  const telling = texts.find(shown => shown.includes(PLANTED))
  // A key that was damaged says of nothing that it is a secret.
  const isNamed = !text.replaceAll(NAMED, '').includes(PLANTED)
  if (telling !== undefined && isNamed) throw new Error(`a secret is told: ${telling}`)
  return wordsOf(problems.map(({ severity, message }) => `${severity} ${message}`))
}

/** Messages without what they quote. */
function wordsOf(messages: readonly string[]): string {
  const words = messages.map(message => message.replace(/"[^"]*"|\d+|'[^']*'/g, '·').slice(0, 60))
  return [...new Set(words)].sort().slice(0, 3).join(' / ')
}
