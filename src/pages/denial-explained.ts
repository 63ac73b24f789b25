import { condenseRoutes, describeLeftOut } from '../access/condense-routes.js'
import { describeDemand } from '../access/demands.js'
import type { JudgementExplained } from '../access/explain-judged.js'
import type { ReadRoute } from '../access/explain-routes.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'

/** Why a request was denied, as an operator is shown it. */
export interface DenialExplained extends JudgementExplained {
  /** The hash of the policy that denied it. */
  readonly policy: string
}

/** The part of the denied page for operators: what the route asked and which routes were read. */
export function denialExplained({ sentence, demands, routes, policy }: DenialExplained): Html {
  const words = texts.problems.explained
  return html`<details>
    <summary>${words.summary}</summary>
    <p>${sentence}.</p>
    <h2>${words.demands}</h2>
    <ul class="rows">
      ${demands.map(
        demand =>
          html`<li>
            <p>${describeDemand(demand)}</p>
            <p class="what">${words.verdicts[demand.verdict]}</p>
          </li>`,
      )}
    </ul>
    <h2>${words.routes}</h2>
    <ul class="rows">
      ${condenseRoutes(routes).map(row =>
        'count' in row
          ? html`<li><p class="hint">${describeLeftOut(row)}</p></li>`
          : html`<li>${routeRow(row)}</li>`,
      )}
    </ul>
    <p class="hint">${words.policy} <code class="reference">${policy}</code></p>
  </details>`
}

function routeRow({ pattern, access, place, verdict, why }: ReadRoute): Html {
  const at = place === undefined ? texts.problems.explained.noPlace : `${place.file}:${place.line}`
  return html`<div>
      <p><code>${pattern}</code> ${access}</p>
      <p class="hint">${at}</p>
    </div>
    <p${verdict === 'decides' && html` class="what"`}>
      ${verdict === 'decides' ? texts.problems.explained.decides(why) : why}
    </p>`
}
