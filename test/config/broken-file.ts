import { loadConfig, type LoadedConfig } from '../../src/config/load-config.js'
import type { Problem } from '../../src/documents/problem.js'

/** The moment at which every test loads: 22 November 2026. */
export const NOW = Date.parse('2026-11-22T12:00:00Z')
export const SECRET = 'q3Vd8Jm3nPq7rTv2wXy5zAb9cEf4gHj6kL1mN0o'

/** What surrounds a file under test. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  /** Texts by absolute name; the configuration is `/etc/gatehouse/gateway.yaml`. */
  readonly files?: Readonly<Record<string, string>>
}

/** Loads a text as `/etc/gatehouse/gateway.yaml`. */
export function loadText(text: string, { env = {}, files = {} }: Surroundings = {}): LoadedConfig {
  const all = new Map(Object.entries({ ...files, '/etc/gatehouse/gateway.yaml': text }))
  const readFile = (name: string): string => {
    const found = all.get(name)
    if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    return found
  }
  return loadConfig('/etc/gatehouse/gateway.yaml', { readFile, env, now: NOW })
}

/** Everything that was found in a text, errors and warnings. */
export function problemsOf(text: string, surroundings?: Surroundings): readonly Problem[] {
  const loaded = loadText(text, surroundings)
  return loaded.ok ? loaded.warnings : loaded.problems
}

/** A sound file for one app with something added at its end, or in place of keys of the same name. */
export function site(added: string): string {
  const usual = [
    'public_url: https://wiki.example.com',
    'upstream: http://127.0.0.1:3000',
    'users: { file: u.yaml }',
  ]
  const kept = usual.filter(
    line =>
      !added.startsWith(line.split(':', 1)[0] ?? '') && !added.includes(`\n${line.split(':', 1)[0] ?? ''}`),
  )
  return `${[...kept, added].join('\n')}\n`
}

/** A sound file for one app with these routes, each one flow mapping without its braces. */
export function withRoutes(...routes: readonly string[]): string {
  return site(`routes:\n${routes.map(route => `  - { ${route} }`).join('\n')}`)
}

/** A sound file for two apps, of which the second gets these lines instead of its host. */
export function withSecondApp(lines: readonly string[], top = ''): string {
  const first = '  - { name: wiki, host: wiki.example.com, upstream: "http://wiki:3000" }'
  const second = lines.map((line, index) => (index === 0 ? `  - ${line}` : `    ${line}`)).join('\n')
  return `public_url: https://wiki.example.com\nusers: { file: u.yaml }\n${top}\napps:\n${first}\n${second}\n`
}

/** Takes the mark `▶` out of a text, and gives the place where it stood. */
export function unmark(marked: string): {
  readonly text: string
  readonly line: number
  readonly column: number
} {
  const before = marked.slice(0, marked.indexOf('▶')).split('\n')
  return { text: marked.replace('▶', ''), line: before.length, column: (before.at(-1) ?? '').length + 1 }
}
