import { parsePathPattern } from '../../access/path-pattern.js'
import { compileRouteRegex } from '../../access/route-regex.js'

/**
 * A set of paths that one route can name. The gateway matches paths without their trailing slash, so every path here
 * stands for itself and for itself with one. `prefix`: all that begins with it. `tree`: a path and all below it.
 */
export type PathSet =
  | { readonly kind: 'exact'; readonly path: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'tree'; readonly path: string }
  | {
      readonly kind: 'regex'
      readonly source: string
      /** What each of its paths begins with. */
      readonly prefix: string
    }

/** Every path. */
export const EVERYTHING: PathSet = { kind: 'prefix', prefix: '/' }

/** What a route writes to name these paths. */
export type WrittenPath = { readonly path: string } | { readonly path_regex: string }

/** How a route names a set. */
export function writePath(set: PathSet): WrittenPath {
  switch (set.kind) {
    case 'exact':
      return asPattern(set.path, '') ?? { path_regex: escaped(set.path) }
    case 'tree':
      return asPattern(set.path, '/**') ?? { path_regex: `${escaped(set.path)}(/.*)?` }
    case 'prefix':
      if (set.prefix === '/') return { path: '/**' }
      return set.prefix.endsWith('/')
        ? (asPattern(set.prefix, '*/**') ?? { path_regex: `${escaped(set.prefix)}.+` })
        : { path_regex: `${escaped(set.prefix)}.*` }
    case 'regex':
      return { path_regex: set.source }
  }
}

/** The same for messages. */
export function describePath(set: PathSet): string {
  const written = writePath(set)
  return 'path' in written ? written.path : written.path_regex
}

/** Whether one set surely has every path of another. */
export function coversPath(one: PathSet, other: PathSet): boolean {
  switch (one.kind) {
    case 'exact':
      return other.kind === 'exact' && other.path === one.path
    case 'prefix':
      return firstOf(other).startsWith(one.prefix)
    case 'tree':
      return (
        (other.kind !== 'prefix' && other.kind !== 'regex' && other.path === one.path) ||
        firstOf(other).startsWith(`${one.path}/`)
      )
    case 'regex':
      if (other.kind === 'exact') return matches(one.source, other.path)
      return (other.kind === 'regex' && other.source === one.source) || one.source === '.*'
  }
}

/** Whether two sets surely have no path in common. */
export function areDisjoint(one: PathSet, other: PathSet): boolean {
  if (one.kind === 'exact') return !coversPath(other, one)
  if (other.kind === 'exact') return !coversPath(one, other)
  const [a, b] = [startOf(one), startOf(other)]
  if (a.startsWith(b) || b.startsWith(a)) {
    // `/api/**` begins with /api, and yet has nothing of /apix.
    return isBeside(one, b) || isBeside(other, a)
  }
  return true
}

/** The same sets with as few of them as is simple: a path and what is below it become a tree, doubles go. */
export function simplified(sets: readonly PathSet[]): readonly PathSet[] {
  const joined = sets.map(set => {
    if (set.kind === 'exact' && has(sets, { kind: 'prefix', prefix: `${set.path}/` })) return treeOf(set.path)
    if (set.kind === 'prefix' && set.prefix.length > 1 && set.prefix.endsWith('/')) {
      const path = set.prefix.slice(0, -1)
      if (has(sets, { kind: 'exact', path })) return treeOf(path)
    }
    return set
  })
  return joined.filter(
    (set, index) =>
      !joined.some(
        (other, at) => at !== index && coversPath(other, set) && (at < index || !coversPath(set, other)),
      ),
  )
}

/** A text as a regex that matches just it. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** The regex with what its paths begin with, or undefined when no route can have it. */
export function regexSet(source: string, prefix: string): PathSet | undefined {
  return compileRouteRegex(source).ok ? { kind: 'regex', source, prefix } : undefined
}

function treeOf(path: string): PathSet {
  return { kind: 'tree', path }
}

function has(sets: readonly PathSet[], set: PathSet): boolean {
  return sets.some(one => coversPath(one, set) && coversPath(set, one))
}

function asPattern(start: string, end: string): WrittenPath | undefined {
  const path = `${start}${end}`
  return !start.includes('*') && parsePathPattern(path).ok ? { path } : undefined
}

/** What all paths of a set begin with; for a tree its own path, which is its first. */
function firstOf(set: PathSet): string {
  return set.kind === 'exact' || set.kind === 'tree' ? set.path : set.prefix
}

function startOf(set: PathSet): string {
  return firstOf(set)
}

function isBeside(set: PathSet, start: string): boolean {
  return (
    set.kind === 'tree' &&
    start.length > set.path.length &&
    start.startsWith(set.path) &&
    !start.startsWith(`${set.path}/`)
  )
}

function matches(source: string, path: string): boolean {
  const compiled = compileRouteRegex(source)
  return compiled.ok && compiled.regex.test(path)
}
