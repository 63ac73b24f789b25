/** The source files of a tree: path from its root (`src/gate/guard.ts`) to text. */
export type SourceTree = ReadonlyMap<string, string>

/** Imports go down: a part may import from floors below its own and from its own folder, from nowhere else. */
const FLOORS: readonly (readonly string[])[] = [
  ['clock.ts'],
  ['access', 'store', 'documents'],
  ['audit', 'users', 'credentials', 'factors', 'metrics', 'pages'],
  ['login', 'http'],
  ['gate', 'portal'],
  ['config'],
  ['assembly'],
  ['policy'],
  ['gateway.ts'],
  ['cli'],
  ['main.ts'],
]

/** Names that say nothing about the job of what is in them. */
const NAMELESS = /^(utils?|helpers?|common|misc|shared|lib|index)(\.ts)?$/

/** In lines. Attacks and cases come in long tables; the code they are for has no such excuse. */
const LONGEST_FILE = { src: 400, test: 600 }

interface ForbiddenText {
  readonly pattern: RegExp
  readonly message: string
  /** Where it is right nevertheless: prefixes of paths. */
  readonly allowedIn: readonly string[]
}

const FORBIDDEN_IN_CODE: readonly ForbiddenText[] = [
  {
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.(now|timeOrigin)\b|\bhrtime\b/,
    message: 'reads the time; take a Clock',
    allowedIn: ['src/clock.ts'],
  },
  { pattern: /\bMath\.random\b/, message: 'uses guessable randomness', allowedIn: [] },
  {
    pattern: /\bprocess\.(env|argv|exit|exitCode|on|once|stdin|stdout|stderr)\b/,
    message: 'reaches for the process; take what it needs as a parameter',
    allowedIn: ['src/cli/', 'src/main.ts'],
  },
]

/** Written in two pieces, because this file is read too. */
const SILENCED_CHECK = new RegExp(
  ['eslint-' + 'disable', '@ts-' + '(?:ignore|nocheck|expect-error)'].join('|'),
)

/** What a part may import besides this house. Parts that are not listed may import any dependency. */
const OUTSIDE_IMPORTS: Readonly<Record<string, RegExp>> = {
  access: /^(node:net|re2js)$/,
  pages: /^node:crypto$/,
}

/** Parts that know nothing of HTTP servers and clients. */
const WITHOUT_HTTP = new Set(['access', 'store', 'audit', 'users', 'factors', 'pages', 'login'])
const HTTP_PACKAGE = /^(fastify|@fastify\/.*|undici|node:https?|node:http2)$/

/** Every breach of the house rules as `file:line: what is wrong`, in the order of the files. */
export function findFaults(tree: SourceTree): readonly string[] {
  const faults: string[] = []
  const imports = new Map<string, readonly string[]>()
  for (const [file, text] of tree) {
    faults.push(...faultsOfText(file, text))
    if (!file.startsWith('src/')) continue
    faults.push(...faultsOfPlace(file), ...faultsOfImports(file, text))
    imports.set(
      file,
      importsOf(text).flatMap(({ specifier }) => resolveImport(file, specifier) ?? []),
    )
  }
  return [...faults, ...findCycles(imports)]
}

function faultsOfText(file: string, text: string): string[] {
  const faults: string[] = []
  const lines = text.split('\n')
  const longest = file.startsWith('src/') ? LONGEST_FILE.src : LONGEST_FILE.test
  if (lines.length > longest + 1) faults.push(`${file}:1: longer than ${longest} lines`)
  lines.forEach((line, index) => {
    if (SILENCED_CHECK.test(line)) faults.push(`${file}:${index + 1}: silences a check`)
  })
  if (!file.startsWith('src/')) return faults
  withoutComments(text)
    .split('\n')
    .forEach((line, index) => {
      for (const { pattern, message, allowedIn } of FORBIDDEN_IN_CODE) {
        if (pattern.test(line) && !allowedIn.some(prefix => file.startsWith(prefix))) {
          faults.push(`${file}:${index + 1}: ${message}`)
        }
      }
    })
  return faults
}

function faultsOfPlace(file: string): string[] {
  const faults = file
    .split('/')
    .slice(1)
    .filter(name => NAMELESS.test(name))
    .map(name => `${file}:1: "${name}" does not tell its job`)
  if (floorOf(partOf(file)) === undefined) faults.push(`${file}:1: stands on no floor of the house`)
  return faults
}

function faultsOfImports(file: string, text: string): string[] {
  const part = partOf(file)
  const floor = floorOf(part) ?? -1
  return importsOf(text).flatMap(({ specifier, line }) => {
    const at = `${file}:${line}:`
    const target = resolveImport(file, specifier)
    if (target === undefined) {
      const allowed = OUTSIDE_IMPORTS[part]
      const tooMuch = allowed !== undefined && !allowed.test(specifier)
      const http = WITHOUT_HTTP.has(part) && HTTP_PACKAGE.test(specifier)
      return tooMuch || http ? [`${at} ${part} imports ${specifier}, which is not its business`] : []
    }
    const targetPart = partOf(target)
    if (targetPart === part) return []
    const targetFloor = floorOf(targetPart)
    if (targetFloor === undefined) return [`${at} imports ${target}, which stands on no floor of the house`]
    if (targetFloor > floor) return [`${at} ${part} imports up from ${targetPart}`]
    if (targetFloor === floor) return [`${at} ${part} imports sideways from ${targetPart}`]
    return []
  })
}

/** Every ring of imports, told once, beginning with the file that was read first. */
function findCycles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const faults: string[] = []
  const done = new Set<string>()
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file)
    if (start >= 0) {
      faults.push(`${file}:1: imports go round: ${[...trail.slice(start), file].join(' -> ')}`)
      return
    }
    if (done.has(file)) return
    for (const target of imports.get(file) ?? []) visit(target, [...trail, file])
    done.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
  return faults
}

interface Import {
  readonly specifier: string
  readonly line: number
}

const IMPORT =
  /^[ \t]*(?:import|export)\b[^'"`;=()]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/gm

function importsOf(text: string): Import[] {
  const code = withoutComments(text)
  return [...code.matchAll(IMPORT)].map(match => ({
    specifier: match[1] ?? match[2] ?? '',
    line: code.slice(0, match.index).split('\n').length,
  }))
}

/** Blanks comments, keeps line breaks. An address such as `http://x` in a string is no comment. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\/|(?<=^|[\s;{}(),])\/\/.*$/gm, comment => comment.replace(/[^\n]/g, ' '))
}

/** The file of this tree that an import names, or undefined for a package. */
function resolveImport(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const path = file.split('/').slice(0, -1)
  for (const step of specifier.split('/')) {
    if (step === '..') path.pop()
    else if (step !== '.') path.push(step)
  }
  return path.join('/').replace(/\.js$/, '.ts')
}

/** The folder below `src/`, or the file itself where it lies in `src/`. */
function partOf(file: string): string {
  return file.split('/')[1] ?? ''
}

function floorOf(part: string): number | undefined {
  const floor = FLOORS.findIndex(parts => parts.includes(part))
  return floor < 0 ? undefined : floor
}
