import { RE2JS } from 're2js'
import { escaped, EVERYTHING, type PathSet, regexSet, simplified } from './path-set.js'
import { readBranches, type RegexBranch, type RegexPiece } from './regex-pieces.js'

/** How the source read its regexes. */
export interface RegexReading {
  /** Whether they were matched against path and query, not against the path alone. */
  readonly withQuery: boolean
  /** Whether the source's query and trailing slash are to be taken for as meaningless as they are here. */
  readonly loose: boolean
  readonly ignoresCase: boolean
}

/** The paths that an unanchored regex was for. A path stands for itself and for itself with a slash behind it. */
export interface RegexPaths {
  /** It matched both of them, whatever the query was. */
  readonly sure: readonly PathSet[]
  /** It matched one of them with some query. Has all of `sure`. */
  readonly may: readonly PathSet[]
  /** Paths that it matched, for trying. */
  readonly samples: readonly string[]
}

/** Finds out for which paths a regex was, exactly where that can be said, and never too narrowly in `may`. */
export function pathsOfRegex(written: string, reading: RegexReading): RegexPaths {
  const folds = written.startsWith('(?i)')
  const ignoresCase = reading.ignoresCase || folds
  const source = folds ? written.slice(4) : written
  const branches = readBranches(source, ignoresCase)
  if (branches === undefined) return { sure: [], may: [EVERYTHING], samples: [] }
  const all = branches.map(branch => pathsOfBranch(branch, { ...reading, ignoresCase }))
  const may = all.flatMap(paths => paths.may)
  const sure = all.flatMap(paths => paths.sure)
  // The root is the one path that ends in a slash here too.
  if (matches(written, '/', reading)) {
    const root: PathSet = { kind: 'exact', path: '/' }
    may.push(root)
    if (!reading.withQuery || reading.loose) sure.push(root)
  }
  return {
    sure: simplified(sure),
    may: simplified([...sure, ...may]),
    samples: branches.map(branch => branch.pieces.map(piece => piece.sample).join('')),
  }
}

interface Form {
  /** What stands before the first step in a regex that matches the whole path. */
  readonly lead: '' | '.*'
  readonly ignoresCase: boolean
}

type Paths = Pick<RegexPaths, 'sure' | 'may'>

function pathsOfBranch(branch: RegexBranch, reading: RegexReading): Paths {
  const { pieces, endsAnchored } = normalised(branch)
  const form: Form = { lead: branch.startsAnchored ? '' : '.*', ignoresCase: reading.ignoresCase }
  if (!branch.understood) {
    const start = branch.startsAnchored ? literalStart(branch.pieces) : ''
    return { sure: [], may: slashStart(start) }
  }
  if (branch.startsAnchored && isNeverPath(pieces[0])) return { sure: [], may: [] }
  const exact = setOf(form, pieces, !endsAnchored)
  const sure = exact ?? []
  const matched = exact ?? slashStart(form.lead === '' ? literalStart(pieces) : '')
  if (reading.loose) return { sure, may: matched }
  const may = [
    ...matched,
    ...slashTail(form, pieces),
    ...(reading.withQuery ? throughQuery(branch, pieces) : []),
  ]
  if (!endsAnchored) return { sure, may }
  return endingPaths(form, pieces, reading.withQuery) ?? { sure: [], may }
}

/** Of a regex with one of the usual ends before its `$`; undefined for all others. */
function endingPaths(form: Form, pieces: readonly RegexPiece[], withQuery: boolean): Paths | undefined {
  const tail = pieces.at(-1)?.text.replace(/^\(\?:/, '(')
  const before = pieces.slice(0, -1)
  const here = setOf(form, before, false)
  const below = setOf(form, [...before, SLASH], true)
  if (here === undefined || below === undefined || before.some(piece => piece.takesQuery)) return undefined
  if (mayEndInSlash(before) || (form.lead !== '' && withQuery)) return undefined
  if (tail === '(/.*)?')
    return withQuery
      ? { sure: below, may: [...here, ...below] }
      : { sure: [...here, ...below], may: [...here, ...below] }
  if (withQuery && (tail === '([/?].*)?' || tail === '([?/].*)?')) {
    // A question mark that was encoded is one of the path, so that this is more than a tree.
    const whole = setOf(form, pieces, false)
    return whole === undefined ? undefined : { sure: whole, may: whole }
  }
  const isSlash = tail === '/?' || tail === '/*'
  return !withQuery && isSlash ? { sure: here, may: here } : undefined
}

/** Without what changes nothing: `.*` at an end that is open anyway, and an anchor behind it. */
function normalised(branch: RegexBranch): {
  readonly pieces: readonly RegexPiece[]
  readonly endsAnchored: boolean
} {
  const pieces = branch.pieces.flatMap(piece =>
    /^\.\+\??$/.test(piece.text) ? [ANY_ONE, ANY_MORE] : [piece],
  )
  let { endsAnchored } = branch
  while (branch.understood && isAnything(pieces.at(-1))) {
    pieces.pop()
    endsAnchored = false
  }
  return { pieces, endsAnchored }
}

const ANY_ONE: RegexPiece = {
  text: '.',
  literal: undefined,
  takesSlash: true,
  takesQuery: true,
  nullable: false,
  sample: 'x',
}
const ANY_MORE: RegexPiece = { ...ANY_ONE, text: '.*', nullable: true }
const SLASH: RegexPiece = {
  text: '/',
  literal: '/',
  takesSlash: true,
  takesQuery: false,
  nullable: false,
  sample: '/',
}

function isAnything(piece: RegexPiece | undefined): boolean {
  return piece !== undefined && /^(?:\.\*|\((?:\?:)?\.\*\))\??$/.test(piece.text)
}

/** Whether no path begins with this: a path begins with a slash. */
function isNeverPath(piece: RegexPiece | undefined): boolean {
  return piece?.literal !== undefined && piece.literal !== '/'
}

/**
 * The set of all paths that the steps match, and, where the end is open, of all that go on behind them. Undefined
 * when no route can have it.
 */
function setOf(form: Form, pieces: readonly RegexPiece[], isOpen: boolean): readonly PathSet[] | undefined {
  if (pieces.length === 0) return isOpen || form.lead !== '' ? [EVERYTHING] : []
  const start = literalStart(pieces)
  const isPlain = form.lead === ''
  if (isPlain && pieces.every(piece => piece.literal !== undefined)) {
    if (isOpen) return [{ kind: 'prefix', prefix: start }]
    // No path ends in a slash when routes are asked, but for the root.
    return start === '/' || !start.endsWith('/') ? [{ kind: 'exact', path: start }] : []
  }
  const goesOn = pieces.at(-1) === ANY_ONE && pieces.slice(0, -1).every(piece => piece.literal !== undefined)
  if (isPlain && isOpen && goesOn && start.endsWith('/') && start !== '/')
    return [{ kind: 'prefix', prefix: start }]
  if (!isOpen && pieces.at(-1)?.literal === '/') return []
  const text = `${form.lead}${pieces.map(asRe2).join('')}${isOpen ? '.*' : ''}`
  const set = regexSet(form.ignoresCase ? `(?i)${text}` : text, isPlain && start !== '' ? start : '/')
  return set === undefined ? undefined : [set]
}

/** Paths that match only with a slash behind them, which is not there any more when routes are asked. */
function slashTail(form: Form, pieces: readonly RegexPiece[]): readonly PathSet[] {
  const last = pieces.at(-1)
  if (last === undefined || !mayEndInSlash(pieces)) return []
  const before = pieces.slice(0, -1)
  if (last.literal === '/' && !mayEndInSlash(before)) {
    const exact = setOf(form, before, false)
    if (exact !== undefined) return exact
  }
  return slashStart(form.lead === '' ? literalStart(pieces.slice(0, firstOfSlashEnd(pieces))) : '')
}

function mayEndInSlash(pieces: readonly RegexPiece[]): boolean {
  return firstOfSlashEnd(pieces) < pieces.length
}

/** The first of the steps at the end that may take the last slash, or their number when none may. */
function firstOfSlashEnd(pieces: readonly RegexPiece[]): number {
  let first = pieces.length
  for (let at = pieces.length - 1; at >= 0; at--) {
    const piece = pieces[at]
    if (piece?.takesSlash === true) first = at
    if (piece?.nullable !== true) break
  }
  return first
}

/** Paths that match with the help of a query. */
function throughQuery(branch: RegexBranch, pieces: readonly RegexPiece[]): readonly PathSet[] {
  if (pieces.length === 0) return []
  if (!branch.startsAnchored) return [EVERYTHING]
  const first = pieces.findIndex(piece => piece.takesQuery)
  return first === -1 ? [] : slashStart(literalStart(pieces.slice(0, first)))
}

/** All paths that begin with a text, and the one that does so only with a slash behind it. */
function slashStart(start: string): readonly PathSet[] {
  if (start === '' || start === '/') return [EVERYTHING]
  const below: PathSet = { kind: 'prefix', prefix: start }
  return start.endsWith('/') ? [below, { kind: 'exact', path: start.slice(0, -1) }] : [below]
}

function literalStart(pieces: readonly RegexPiece[]): string {
  const end = pieces.findIndex(piece => piece.literal === undefined)
  return pieces
    .slice(0, end === -1 ? undefined : end)
    .map(piece => piece.literal ?? '')
    .join('')
}

function asRe2(piece: RegexPiece): string {
  return piece.literal === undefined ? piece.text : escaped(piece.literal)
}

function matches(source: string, path: string, { ignoresCase }: RegexReading): boolean {
  try {
    return RE2JS.compile(source, ignoresCase ? RE2JS.CASE_INSENSITIVE : 0).test(path)
  } catch {
    return false
  }
}
