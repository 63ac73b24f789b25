import type { DenyReason } from '../access/decision.js'
import type { DenialExplained } from './denial-explained.js'
import { denialExplained } from './denial-explained.js'
import { frame } from './frame.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'

/** What a problem page shows. */
export interface ProblemPageData {
  readonly authPath: string
  /** The HTTP status that the page is sent with; people read it to those who help them. */
  readonly status: number
  readonly problem: PageProblem
  /** Who is logged in, if anybody. */
  readonly username: string | undefined
  /** The request id in the log, for those who ask for help. */
  readonly reference: string | undefined
}

/** Why there is no page. Durations are milliseconds. */
export type PageProblem =
  /** 403. `groups`: any of them would do; empty where groups are not what is missing. */
  | {
      readonly kind: 'denied'
      readonly reason: DenyReason
      readonly groups: readonly string[]
      /** For those only who may know the policy. */
      readonly explanation?: DenialExplained | undefined
    }
  /** 403: the form was sent from another site's page. */
  | { readonly kind: 'foreign_form' }
  /** 403: too many wrong codes in all; only the operator can lift it. */
  | { readonly kind: 'factor_locked' }
  | { readonly kind: 'not_found' }
  /** 410: the link from a mail was used, has run out, or a newer one was sent. */
  | { readonly kind: 'link_gone' }
  /** 400. `detail`: a sentence that says what could be read in two ways, or was missing. */
  | { readonly kind: 'bad_request'; readonly detail: string }
  /** 429. `again`: the page to come back to; without it, the login. */
  | { readonly kind: 'too_many_tries'; readonly retryAfter: number; readonly again?: string | undefined }
  /** 500 */
  | { readonly kind: 'internal' }
  /** 502 */
  | { readonly kind: 'upstream_down' }
  /** 503: the gateway's own store cannot be reached, or it is too busy. `again`: as above; without it, this page. */
  | { readonly kind: 'unavailable'; readonly again?: string | undefined }
  /** 504 */
  | { readonly kind: 'upstream_slow' }
  /** 400: the request came over plain http, and `public_url` is https. */
  | { readonly kind: 'insecure_transport'; readonly publicUrl: string }

/** The page for everything that did not work: what happened, what to do, whom to ask. */
export function problemPage(data: ProblemPageData): string {
  const { title, says } = explain(data.problem)
  return frame({
    authPath: data.authPath,
    title,
    failed: true,
    main: html`<p class="status">${texts.problems.status(data.status)}</p>
      <h1>${title}</h1>
      ${says.map((paragraph, index) => html`<p${index === 0 && html` class="lead"`}>${paragraph}</p>`)}
      ${action(data)} ${account(data)} ${explanation(data.problem)}
      ${data.reference !== undefined && html`<p class="aside">${texts.problems.reference(data.reference)}</p>`}`,
  })
}

interface Explanation {
  readonly title: string
  readonly says: readonly (string | Html)[]
}

function explain(problem: PageProblem): Explanation {
  const words = texts.problems
  switch (problem.kind) {
    case 'denied':
      return words.denied[problem.reason](problem.groups)
    case 'bad_request':
      return words.bad_request(problem.detail)
    case 'too_many_tries':
      return words.too_many_tries(problem.retryAfter)
    case 'insecure_transport':
      return words.insecure_transport(problem.publicUrl)
    case 'foreign_form':
    case 'factor_locked':
    case 'not_found':
    case 'link_gone':
    case 'internal':
    case 'upstream_down':
    case 'unavailable':
    case 'upstream_slow':
      return words[problem.kind]
  }
}

/** The one thing to do next, where there is one. An empty address asks for the same page again. */
function action({ problem, authPath }: ProblemPageData): Html | undefined {
  const words = texts.problems
  switch (problem.kind) {
    case 'too_many_tries':
      if (problem.again !== undefined) return button(problem.again, words.tryAgain)
      return button(`${authPath}/login`, words.toLogin)
    case 'foreign_form':
    case 'link_gone':
      return button(`${authPath}/login`, words.toLogin)
    case 'not_found':
    case 'bad_request':
      return button('/', words.toStart)
    case 'unavailable':
      return button(problem.again ?? '', words.tryAgain)
    case 'upstream_down':
    case 'upstream_slow':
    case 'internal':
      return button('', words.tryAgain)
    case 'insecure_transport':
      return button(problem.publicUrl, words.toSecure)
    case 'denied':
    case 'factor_locked':
      return undefined
  }
}

function button(href: string, label: string): Html {
  return html`<p><a class="button primary" href="${href}">${label}</a></p>`
}

function explanation(problem: PageProblem): Html | undefined {
  const explained = problem.kind === 'denied' ? problem.explanation : undefined
  return explained && denialExplained(explained)
}

/** Being the wrong person is what another account cures. */
function account({ problem, username, authPath }: ProblemPageData): Html | undefined {
  if (problem.kind !== 'denied' && problem.kind !== 'factor_locked') return undefined
  const words = texts.problems
  if (username === undefined) return button(`${authPath}/login`, words.toLogin)
  return html`<p>${words.who(username)}</p>
    <p><a class="button" href="${authPath}/logout">${words.otherAccount}</a></p>`
}
