import type { Assurance, Method } from '../access/assurance.js'
import { accountFrame, type AccountCommon } from './account-frame.js'
import { describeBrowser } from './describe-browser.js'
import { fact } from './fact.js'
import { buttonForm } from './form-parts.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'
import { timeElement } from './time-element.js'

/**
 * What the first account page shows. Times are milliseconds since the epoch. Its forms post below
 * `${authPath}/account`: `session` to `/sessions/end`, nothing to `/sessions/end-others`, `browser` to
 * `/browsers/forget`, nothing to `/browsers/forget-all`.
 */
export interface AccountPageData extends AccountCommon {
  readonly subject: string
  readonly displayName: string
  readonly email: string | undefined
  readonly groups: readonly string[]
  /** Of the session that looks at the page. */
  readonly assurance: Assurance
  /** What the person has set up, each once, the usual one first. */
  readonly factors: readonly Method[]
  readonly sessions: readonly AccountSession[]
  /** The browsers that are remembered, and for how long (milliseconds); undefined: none can be. */
  readonly remembered: { readonly life: number; readonly browsers: readonly RememberedBrowser[] } | undefined
}

/** A client as it showed itself. */
interface SeenClient {
  readonly address: string
  /** The header as the browser sent it. */
  readonly userAgent: string | undefined
}

/** One live session of the person. */
export interface AccountSession extends SeenClient {
  /** Names the session without opening it: the field `session` of the form that ends it. */
  readonly reference: string
  /** The session that looks at the page. */
  readonly current: boolean
  readonly startedAt: number
}

/** A browser that is not asked for a second factor. */
export interface RememberedBrowser extends SeenClient {
  /** Names it without being it: the field `browser` of the form that forgets it. */
  readonly reference: string
  /** The browser that looks at the page. */
  readonly current: boolean
  readonly rememberedAt: number
  readonly lastUsedAt: number | undefined
  readonly expiresAt: number
}

/** The page about oneself: who am I, where am I logged in, which browsers are remembered. */
export function accountPage(data: AccountPageData): string {
  const words = texts.account.overview
  const factors = data.factors.map(method => words.methods[method])
  return accountFrame(data, {
    name: 'account',
    title: words.title,
    main: html`<dl class="facts">
        ${fact(words.name, data.displayName)} ${fact(words.username, data.subject)}
        ${data.email !== undefined && fact(words.email, data.email)}
        ${fact(words.groups, data.groups.length === 0 ? words.noGroups : data.groups.join(', '))}
        ${fact(words.assurance, words.assurances[data.assurance])}
        ${fact(words.factors, factors.length === 0 ? words.noFactors : onLines(factors))}
      </dl>
      ${buttonForm(`${data.authPath}/logout`, words.logout)} ${sessionsSection(data)}
      ${data.remembered && browsersSection(data.authPath, data.remembered)}`,
  })
}

function onLines(names: readonly string[]): Html {
  return html`${names.map((name, index) => [index > 0 && html`<br />`, name])}`
}

function sessionsSection({ authPath, sessions }: AccountPageData): Html {
  const words = texts.account.overview
  return html`<section aria-labelledby="sessions">
    <h2 id="sessions">${words.sessions}</h2>
    <p>${words.sessionsHint}</p>
    <ul class="rows">
      ${sessions.map(session => sessionRow(session, authPath))}
    </ul>
    ${sessions.length > 1 && buttonForm(`${authPath}/account/sessions/end-others`, words.endOthers)}
  </section>`
}

function sessionRow(session: AccountSession, authPath: string): Html {
  const words = texts.account.overview
  const browser = describeBrowser(session.userAgent)
  const label = html`${words.end}<span class="visually-hidden">
      ${words.endWhich(browser, session.address)}</span
    >`
  return html`<li>
    <div>
      <p class="what">${browser}${session.current && html` <span class="tag">${words.thisSession}</span>`}</p>
      <p class="hint">
        ${texts.account.from(session.address)}<br />${texts.account.since} ${timeElement(session.startedAt)}
      </p>
    </div>
    ${
      !session.current &&
      buttonForm(`${authPath}/account/sessions/end`, label, { fields: { session: session.reference } })
    }
  </li>`
}

function browsersSection(
  authPath: string,
  { life, browsers }: NonNullable<AccountPageData['remembered']>,
): Html {
  const words = texts.account.overview
  return html`<section aria-labelledby="browsers">
    <h2 id="browsers">${words.browsers}</h2>
    <p>${browsers.length === 0 ? words.noBrowsers : words.browsersHint(life)}</p>
    ${
      browsers.length > 0 &&
      html`<ul class="rows">
        ${browsers.map(browser => browserRow(browser, authPath))}
      </ul>`
    }
    ${browsers.length > 1 && buttonForm(`${authPath}/account/browsers/forget-all`, words.forgetAll)}
  </section>`
}

function browserRow(browser: RememberedBrowser, authPath: string): Html {
  const words = texts.account.overview
  const { lastUsedAt } = browser
  const name = describeBrowser(browser.userAgent)
  const label = html`${words.forget}<span class="visually-hidden">
      ${words.forgetWhich(name, browser.address)}</span
    >`
  return html`<li>
    <div>
      <p class="what">${name}${browser.current && html` <span class="tag">${words.thisBrowser}</span>`}</p>
      <p class="hint">
        ${texts.account.from(browser.address)}<br />${words.until} ${timeElement(browser.expiresAt)}<br />${
          lastUsedAt === undefined
            ? texts.account.neverUsed
            : html`${texts.account.lastUsed} ${timeElement(lastUsedAt)}`
        }
      </p>
    </div>
    ${buttonForm(`${authPath}/account/browsers/forget`, label, { fields: { browser: browser.reference } })}
  </li>`
}
