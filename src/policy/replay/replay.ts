import { readJsonLine } from './json-line.js'
import { createJudgeTwice, type NamedUser, type ReplaySide } from './judge-twice.js'
import type { LineReading, LogEntry } from './log-entry.js'
import { maskLine, maskRequest } from './mask-line.js'
import { createMetBefore } from './met-before.js'
import { createRecentMap, detached } from './recent-map.js'
import { type Counts, type ReplayReport, reportOf } from './replay-report.js'
import { createRequestClasses } from './request-classes.js'
import { createTallyBook, type ExampleLine, type Tally } from './tally-book.js'
import { readTextLine } from './text-line.js'

/** What a replay is made of. */
export interface ReplayOptions {
  readonly old: ReplaySide
  readonly next: ReplaySide
  /** The host of requests whose line names none. */
  readonly host: string
  /** The moment at which every line is judged, in milliseconds since the epoch; undefined: that of the line. */
  readonly at: number | undefined
  /** The moment of lines that tell no time. */
  readonly now: number
}

/** Judges the lines of access logs under two policies and counts. */
export interface Replay {
  /**
   * Takes one line.
   * @param line one character for each byte, without its line break; undefined: too long to be one
   * @param file the name of its file, for the report
   * @param number its place there, from 1
   */
  take(line: string | undefined, file: string, number: number): void
  /** How many lines were taken. */
  linesTaken(): number
  /** What was counted so far. */
  report(): ReplayReport
}

/** How many different requests are kept with what became of them, in each of two generations. */
const REQUESTS = 50_000
/** How many of the lines that were not understood are shown. */
const EXAMPLES = 3

/** What is kept of a request that was judged: where its like are counted. */
interface KnownRequest {
  readonly tallies: readonly Tally[]
  readonly named: NamedUser
}

/** A request of a line, with what the line left out filled in. */
interface LineRequest {
  readonly method: string
  readonly host: string
  readonly address: string
  readonly entry: LogEntry
}

type LinePlace = Pick<ExampleLine, 'file' | 'line'>

/** Begins a replay. Its memory is bounded by the policies, not by the logs. */
export function createReplay({ old, next, host: defaultHost, at, now }: ReplayOptions): Replay {
  const classes = createRequestClasses([old.policy, next.policy])
  const judgeTwice = createJudgeTwice(old, next)
  const requests = createRecentMap<KnownRequest>(REQUESTS)
  const met = createMetBefore()
  const book = createTallyBook()
  const strange: ExampleLine[] = []
  const counts: Counts = {
    lines: 0,
    judged: 0,
    notUnderstood: 0,
    noRequest: 0,
    other: 0,
    withoutHost: 0,
    withoutTime: 0,
    preflights: 0,
    users: { known: 0, none: 0, unknown: 0 },
  }

  const nowClass = classes.ofMoment(at ?? now)
  const timeClassOf = (time: LogEntry['time']): number => {
    if (at !== undefined) return nowClass
    const found = classes.ofTime(time)
    if (found === undefined) counts.withoutTime += 1
    return found ?? nowClass
  }

  const judgeLine = (request: LineRequest, timeClass: number, place: LinePlace): KnownRequest => {
    const { method, host, entry } = request
    const { target, user } = entry
    const asked = {
      method,
      target,
      authority: host,
      address: request.address,
      secure: true,
      asksPreflight: isPreflight(method),
    }
    const { named, pairs } = judgeTwice(asked, user, classes.momentOf(timeClass))
    const example = (): ExampleLine => ({
      ...place,
      request: maskRequest(method, host, target),
      user: user === undefined ? undefined : detached(user),
    })
    return { named, tallies: pairs.map(pair => book.find(pair, example)) }
  }

  const takeEntry = (entry: LogEntry, file: string, line: number): void => {
    const { method } = entry
    const address = plainAddress(entry.address)
    const host = entry.host ?? defaultHost
    const timeClass = timeClassOf(entry.time)
    const path = withoutQuery(entry.target)
    const user = entry.user ?? ''
    const judgeIt = (): KnownRequest => judgeLine({ method, host, address, entry }, timeClass, { file, line })

    // What comes once only is not worth being kept, nor its address being looked up.
    let known: KnownRequest | undefined
    if (met([host, method, path, user])) {
      // The lengths keep texts apart that only together are the same.
      const sizes = `${timeClass} ${host.length} ${method.length} ${path.length} ${user.length} `
      const key = sizes + host + method + path + user + classes.ofAddress(address)
      known = requests.get(key)
      if (known === undefined) requests.set(key, (known = judgeIt()))
    } else known = judgeIt()

    counts.judged += 1
    counts.users[known.named] += 1
    if (entry.host === undefined) counts.withoutHost += 1
    if (isPreflight(method)) counts.preflights += 1
    for (const tally of known.tallies) tally.count += 1
  }

  return {
    linesTaken: () => counts.lines,
    take(line, file, number) {
      if (line === '') return
      counts.lines += 1
      const reading = line === undefined ? 'not_understood' : readLine(line)
      if (typeof reading === 'object') takeEntry(reading, file, number)
      else if (reading === 'no_request') counts.noRequest += 1
      else if (reading === 'other') counts.other += 1
      else {
        counts.notUnderstood += 1
        if (strange.length === EXAMPLES) return
        const request = line === undefined ? '(longer than 256 KiB)' : maskLine(line)
        strange.push({ file, line: number, request, user: undefined })
      }
    },
    report: () => reportOf(counts, book.tallies, strange),
  }
}

function readLine(line: string): LineReading {
  return line.startsWith('{') ? readJsonLine(line) : readTextLine(line)
}

/** Logs do not tell the fields of a preflight; an OPTIONS of a browser is hardly ever anything else. */
function isPreflight(method: string): boolean {
  return method === 'OPTIONS'
}

/**
 * The target as far as it decides: without a query that cannot be refused. A query takes no part in matching, but
 * one with a character that must be encoded, or a `#`, makes the request unreadable.
 */
function withoutQuery(target: string): string {
  const mark = target.indexOf('?')
  if (mark === -1) return target
  for (let at = mark + 1; at < target.length; at += 1) {
    const code = target.charCodeAt(at)
    if (code < 0x21 || code > 0x7e || code === 0x23) return target
  }
  return target.slice(0, mark)
}

/** An IPv4 address that a dual-stack socket shows as IPv6 is that IPv4 address. */
function plainAddress(address: string): string {
  return address.includes(':') && address.includes('.') ? address.replace(/^::ffff:/i, '') : address
}
