import type { YamlDocument } from '../../../config/read-yaml.js'
import type { LineColumn, SourceText } from '../../../documents/source-text.js'
import { asBlock } from '../yaml-block.js'

/** One value of one option, by the option's name as a flag has it, without dashes in front and in the singular. */
export interface ProxyOption {
  readonly name: string
  readonly value: string
  readonly place: LineColumn
}

/** One upstream of the alpha configuration or of a flag. */
export interface ProxyUpstream {
  readonly place: LineColumn
  /** What its requests begin with; `^` in front: a regex. */
  readonly path: string
  /** Undefined: a static answer or a file. */
  readonly origin: string | undefined
  /** Whether it answers by itself, always alike: so it is where another proxy asks for decisions. */
  readonly isStatic?: boolean
  /** Whether it changes the path. */
  readonly rewrites: boolean
}

/** Reads flags as a shell, a compose file or a unit has them: `--name=value` or `--name value`. */
export function readFlags(words: readonly { readonly text: string; readonly place: LineColumn }[]): {
  readonly options: readonly ProxyOption[]
  readonly unknown: readonly LineColumn[]
} {
  const options: ProxyOption[] = []
  const unknown: LineColumn[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === undefined) break
    const [, name, value] = /^--?([a-z][a-z0-9-]*)(?:=([^]*))?$/.exec(word.text) ?? []
    if (name === undefined) {
      // The name of the program, in front.
      if (at > 0 || !/oauth2[-_]proxy$/.test(word.text)) unknown.push(word.place)
      continue
    }
    const next = words[at + 1]
    const takesNext = value === undefined && next !== undefined && !next.text.startsWith('-')
    if (takesNext) at += 1
    options.push({ name, value: value ?? (takesNext ? next.text : 'true'), place: word.place })
  }
  return { options, unknown }
}

/** The words of a file of flags: in quotes or not, one or several in a line, lists of YAML and line ends escaped. */
export function wordsOf(
  source: SourceText,
): readonly { readonly text: string; readonly place: LineColumn }[] {
  const word = /(?:[^\s"'#\\]|\\[^\n])(?:"[^"]*"|'[^']*'|\\[^\n]|[^\s"'\\])*|"[^"]*"|'[^']*'|#[^\n]*/g
  return [...source.text.matchAll(word)].flatMap(({ 0: text, index }) => {
    if (text.startsWith('#') || text === '-' || text === '\\') return []
    const plain = text.replace(
      /"([^"]*)"|'([^']*)'/g,
      (_, a: string | undefined, b: string | undefined) => a ?? b ?? '',
    )
    return [{ text: plain, place: source.placeOf(index) }]
  })
}

const SETTING = /^[ \t]*([a-z][a-z0-9_]*)[ \t]*=[ \t]*/

/** Reads a .cfg: `name = value`, where a value is a text, a number, true or false, or a list of texts. */
export function readCfg(source: SourceText): {
  readonly options: readonly ProxyOption[]
  readonly unknown: readonly LineColumn[]
} {
  const options: ProxyOption[] = []
  const unknown: LineColumn[] = []
  const { text } = source
  let offset = 0
  while (offset < text.length) {
    const end = endOfLine(text, offset)
    const line = text.slice(offset, end)
    if (/^\s*(?:#.*)?$/.test(line)) {
      offset = end + 1
      continue
    }
    const setting = SETTING.exec(line)
    const start = offset + (setting?.[0].length ?? 0)
    const value = setting === null ? undefined : VALUE.exec(text.slice(start))?.[0]
    if (setting === null || value === undefined) {
      unknown.push(source.placeOf(offset))
      offset = end + 1
      continue
    }
    const name = (setting[1] ?? '').replaceAll('_', '-')
    for (const part of value.matchAll(PART)) {
      if (part[0].startsWith('#')) continue
      options.push({ name: singular(name), value: unquoted(part[0]), place: source.placeOf(offset) })
    }
    offset = endOfLine(text, start + value.length) + 1
  }
  return { options, unknown }
}

function endOfLine(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  return end < 0 ? text.length : end
}

const TEXT = /"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/
const PART = new RegExp(`${TEXT.source}|#[^\\n]*|[A-Za-z0-9.+-]+`, 'g')
const VALUE = new RegExp(`^(?:\\[(?:${TEXT.source}|#[^\\n]*|[^\\]"'#])*\\]|${TEXT.source}|[A-Za-z0-9.+-]+)`)

function unquoted(text: string): string {
  if (text.startsWith("'")) return text.replace(/^'+|'+$/g, '')
  if (!text.startsWith('"')) return text
  const inside = text.replace(/^"+|"+$/g, '')
  try {
    return JSON.parse(`"${inside.replaceAll('\n', '\\n')}"`) as string
  } catch {
    return inside
  }
}

/** Options that can be given several times are plural in a file. */
function singular(name: string): string {
  const known: Readonly<Record<string, string>> = { 'github-users': 'github-user' }
  return known[name] ?? (PLURALS.has(name) ? name.slice(0, -1) : name)
}

const PLURALS = new Set([
  'upstreams',
  'email-domains',
  'allowed-groups',
  'allowed-roles',
  'cookie-domains',
  'skip-auth-routes',
  'skip-auth-regexs',
  'trusted-ips',
  'whitelist-domains',
  'api-routes',
  'htpasswd-user-groups',
])

/** The upstreams of an alpha configuration; undefined when the file is none. */
export function readAlpha(document: YamlDocument): readonly ProxyUpstream[] | undefined {
  const { upstreamConfig } = asBlock(document.value)
  const { upstreams } = asBlock(upstreamConfig)
  if (!Array.isArray(upstreams)) return undefined
  return (upstreams as readonly unknown[]).map((one, index) => {
    const { path, uri, static: isStatic, rewriteTarget } = asBlock(one)
    return {
      place: document.placeOf(['upstreamConfig', 'upstreams', index], 'value'),
      path: typeof path === 'string' ? path : '/',
      origin: isStatic === true || typeof uri !== 'string' ? undefined : originOf(uri),
      isStatic: isStatic === true,
      // A path that is a regex is there to be rewritten.
      rewrites: rewriteTarget !== undefined || (typeof path === 'string' && path.startsWith('^')),
    }
  })
}

/** The upstream of a flag: its requests begin with the path of the URL. */
export function upstreamOf({ value, place }: ProxyOption): readonly ProxyUpstream[] {
  return value.split(',').map(one => {
    const isHttp = /^https?:\/\//i.test(one)
    const url = URL.canParse(one) ? new URL(one) : undefined
    const path = isHttp ? (url?.pathname ?? '/') : (url?.hash.slice(1) ?? '')
    return {
      place,
      path: path === '' ? '/' : path,
      origin: isHttp ? originOf(one) : undefined,
      isStatic: /^static:/i.test(one),
      rewrites: false,
    }
  })
}

function originOf(uri: string): string | undefined {
  return /^https?:\/\//i.test(uri) && URL.canParse(uri) ? new URL(uri).origin : undefined
}
