import { compilePolicy } from '../../config/compile-policy.js'
import { loadConfig } from '../../config/load-config.js'
import { byPlace, type Problem } from '../../documents/problem.js'
import { casesText } from './cases-text.js'
import { compare, type Comparison } from './compare.js'
import { routesOf } from './first-match.js'
import { gatewayText, isOfGateway, type WrittenApp } from './gateway-text.js'
import type { Imported, ImportNote, SourceJudge } from './imported.js'
import { trialsOf } from './trials.js'

/** What an import writes, and what it could not. */
export interface CarriedOver {
  readonly gateway: string
  readonly cases: string
  readonly notes: readonly ImportNote[]
  readonly comparisons: readonly Comparison[]
  /** What keeps the files from being written: faults of the policy that was made. None, unless this code is wrong. */
  readonly problems: readonly Problem[]
}

/**
 * Makes the two files of what was read, and tries them: every case is judged by the rules of the source and by the
 * policy that was made.
 * @param file the source, as messages call it
 * @param loose whether the source is taken to see neither query nor trailing slash
 */
export function carryOver(
  imported: Imported,
  file: string,
  { loose, now }: { readonly loose: boolean; readonly now: number },
): CarriedOver {
  const { product, settings } = imported
  const publicHost = new URL(settings.publicUrl).hostname
  const notes = [...imported.notes]
  const names = new Set<string>()
  const apps = imported.apps.map((app): WrittenApp => {
    const { routes, losses } = routesOf(app.rules, app.fallback)
    for (const { rule, says, cure } of losses)
      notes.push(noteOf(file, rule.place, `${app.host}, ${says}`, cure))
    const isShown = app.host === publicHost
    return {
      app,
      name: nameOf(app.host, names),
      routes: routes.filter(one => !isShown || !isOfGateway(one.set)),
    }
  })
  const gateway = gatewayText(product, file, settings, apps.map(withoutDefault))
  const read = { readFile: () => gateway, env: {}, now }
  const loaded = loadConfig('gateway.yaml', read)
  if (!loaded.ok) return { gateway, cases: '', notes, comparisons: [], problems: loaded.problems }
  const policy = compilePolicy(loaded.config)
  const decide = loose ? looseJudge(imported.decide) : imported.decide
  const hosts = imported.apps.map(app => app.host)
  const comparisons = imported.apps
    .flatMap(app => trialsOf(app, hosts))
    .map(trial => compare(policy, decide, trial, now))
    .filter(({ here }) => here !== 'own' && here !== 'refused')
  const opened = comparisons.filter(({ relation }) => relation === 'opened')
  return {
    gateway,
    cases: casesText(product, new URL(settings.publicUrl).protocol, comparisons),
    notes: notes.sort((a, b) => byPlace(a.problem, b.problem)),
    comparisons,
    problems: opened.map(({ trial }) => openedProblem(product, file, JSON.stringify(trial))),
  }
}

/** The source's judge as though it saw neither query nor trailing slash. */
export function looseJudge(decide: SourceJudge): SourceJudge {
  return (request, caller) =>
    decide({ ...request, query: '', path: request.path.replace(/(?<=.)\/$/, '') }, caller)
}

/** Without a last route that nobody wrote and that says what holds without it. */
function withoutDefault(app: WrittenApp): WrittenApp {
  const last = app.routes.at(-1)
  const isDefault =
    last?.rule === undefined &&
    last?.level === 'two_factors' &&
    last.users === undefined &&
    last.groups === undefined &&
    last.set.kind === 'prefix' &&
    last.set.prefix === '/' &&
    last.networks === undefined &&
    last.methods === undefined
  const isCatcher = app.routes.some(
    route =>
      route !== last &&
      route.networks !== undefined &&
      route.set.kind === 'prefix' &&
      route.set.prefix === '/',
  )
  return isDefault && !isCatcher ? { ...app, routes: app.routes.slice(0, -1) } : app
}

/** A short name of its own: the first label of the host. */
function nameOf(host: string, taken: Set<string>): string {
  const label = (host.startsWith('*.') ? `any.${host.slice(2)}` : host).replace(/[^A-Za-z0-9.-]/g, '')
  const candidates = [label.split('.')[0] ?? '', label, `${label.slice(0, 50)}-${taken.size}`]
  const name =
    candidates.find(one => /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(one) && !taken.has(one)) ??
    `app-${taken.size}`
  taken.add(name)
  return name
}

function noteOf(
  file: string,
  { line, column }: { readonly line: number; readonly column: number },
  message: string,
  cure: string,
): ImportNote {
  const problem = { severity: 'warning', file, line, column, message, cure, sourceLine: undefined } as const
  return { kind: 'lost', problem }
}

function openedProblem(product: string, file: string, trial: string): Problem {
  const message = `this request would pass, and ${product} does not let it through: ${trial}`
  const cure = 'please report it with this rule; nothing was written'
  return { severity: 'error', file, line: 1, column: 1, message, cure, sourceLine: undefined }
}
