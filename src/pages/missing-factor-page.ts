import { frame } from './frame.js'
import { html } from './html.js'
import type { AskedFactor } from './second-factor-page.js'
import { texts } from './texts.js'

/** What the page shows. Nothing is posted. */
export interface MissingFactorPageData {
  readonly authPath: string
  /** The page that asks for what is missing: an address that was checked. */
  readonly returnTo: string
  readonly username: string
  /** What that page takes: at least one, none of which the person has. */
  readonly methods: readonly AskedFactor[]
  /** The greatest age of a proof, in milliseconds; undefined: any. */
  readonly maxAge: number | undefined
  /** Whether the person can add one of them on the account pages. */
  readonly mayAdd: boolean
}

/** The page for those who have no factor that the page they asked for takes: what to add, and where. */
export function missingFactorPage(data: MissingFactorPageData): string {
  const words = texts.missingFactor
  const { authPath } = data
  return frame({
    authPath,
    title: words.title,
    main: html`<h1>${words.title}</h1>
      <p class="lead">${words.why(data.methods, data.maxAge)}</p>
      ${
        data.mayAdd
          ? html`<p>${words.how}</p>
              <p><a class="button primary" href="${authPath}/account/factors">${words.add}</a></p>
              <p class="other"><a href="${data.returnTo}">${words.tryAgain}</a></p>`
          : html`<p>${words.askOperator}</p>
              <p><a class="button" href="${authPath}/account">${words.account}</a></p>`
      }
      <p class="aside">${words.who(data.username)}</p>`,
  })
}
