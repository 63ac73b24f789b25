import type { LineColumn, SourceText } from '../../documents/source-text.js'
import type { Problem } from '../../documents/problem.js'
import type { CarriedRule, Level } from './carried-rule.js'

/** A request as the source's rules saw it. */
export interface SourceRequest {
  readonly method: string
  readonly host: string
  /** Percent-decoded, with its trailing slash. */
  readonly path: string
  /** With its `?`; empty when there is none. */
  readonly query: string
  readonly address: string
}

/** Who asks, as the source knew them. */
export interface SourceCaller {
  /** Undefined: nobody is logged in. */
  readonly user: string | undefined
  readonly groups: readonly string[]
  /** 1: only the password was shown. */
  readonly factors: 1 | 2
}

/** What the source made of a request. */
export type SourceDecision = 'allow' | 'login' | 'mfa' | 'deny' | 'not_found'

/** Decides as the source did, from the source's own rules. */
export type SourceJudge = (request: SourceRequest, caller: SourceCaller) => SourceDecision

/** Something that the operator must know. `lost`: it was not carried over, or only in part. */
export interface ImportNote {
  readonly kind: 'lost' | 'told'
  readonly problem: Problem
}

/** What was read of one app. */
export interface ImportedApp {
  /** Canonical host, or `*.` and one. */
  readonly host: string
  /** Origin of the app; undefined where the source does not say it, or where there is nothing behind. */
  readonly upstream: string | undefined
  /** Without `upstream`: whether another proxy forwards to the app, and asked the source about each request. */
  readonly isAskedAbout?: boolean
  /** In the order in which the first match decided. */
  readonly rules: readonly CarriedRule[]
  /** What held where no rule was. */
  readonly fallback: Level
}

/** Settings of the gateway that the source had too. Durations as the gateway writes them. */
export interface ImportedSettings {
  readonly publicUrl: string
  readonly listen?: string | undefined
  readonly usersFile: string
  readonly cookieDomain?: string | undefined
  readonly idle?: string | undefined
  readonly absolute?: string | undefined
  readonly issuer?: string | undefined
  /** The names of the headers for the app: `remote` is the default. */
  readonly headers?: 'x-forwarded' | 'x-auth-request' | undefined
}

/** Everything that was read of a source. */
export interface Imported {
  /** The product, as messages call it. */
  readonly product: string
  readonly settings: ImportedSettings
  readonly apps: readonly ImportedApp[]
  readonly notes: readonly ImportNote[]
  readonly decide: SourceJudge
}

/** What an import takes besides the source. */
export interface ImportOptions {
  /** Where people will log in; undefined: what the source says. */
  readonly publicUrl: string | undefined
  /** Origins of apps by host, where the source does not say them. */
  readonly upstreams: ReadonlyMap<string, string>
  /** Whether the source's query and trailing slash are taken for as meaningless as they are here. */
  readonly loose: boolean
}

/** What was read, or why nothing could be. */
export type ImportResult =
  | { readonly ok: true; readonly imported: Imported }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Why nothing could be read. Without the lines of the source: its secrets stand behind names of many kinds. */
export function unread(...problems: readonly Problem[]): ImportResult {
  return { ok: false, problems: problems.map(one => ({ ...one, sourceLine: undefined })) }
}

/** Collects notes about one source file. */
export interface NoteTaker {
  lost(place: LineColumn, says: string, cure: string): void
  told(place: LineColumn, says: string, cure: string): void
  readonly notes: readonly ImportNote[]
}

/** Begins an empty collection. */
export function notesOn(source: SourceText): NoteTaker {
  const notes: ImportNote[] = []
  const add = (kind: ImportNote['kind'], place: LineColumn, says: string, cure: string): void => {
    // Without the line, as in `unread()`.
    notes.push({ kind, problem: { ...source.problem('warning', place, says, cure), sourceLine: undefined } })
  }
  return {
    lost: (place, says, cure) => add('lost', place, says, cure),
    told: (place, says, cure) => add('told', place, says, cure),
    notes,
  }
}
