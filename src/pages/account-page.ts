import type { Assurance, Method } from '../access/assurance.js'
import { describeBrowser } from './describe-browser.js'
import { buttonForm, notice } from './form-parts.js'
import { frame } from './frame.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'

/** What the account page shows. Times are milliseconds since the epoch. */
export interface AccountPageData {
  readonly authPath: string
  readonly subject: string
  readonly displayName: string
  readonly email: string | undefined
  readonly groups: readonly string[]
  /** Of the session that looks at the page. */
  readonly assurance: Assurance
  readonly sessions: readonly AccountSession[]
  readonly factors: readonly AccountFactor[]
  /** How many backup codes are unused; undefined: none were ever made. */
  readonly backupCodesLeft: number | undefined
  /** What has just been done. */
  readonly notice: AccountPageNotice | undefined
}

/** One live session of the person. */
export interface AccountSession {
  /** Names the session without opening it: the field `session` of the form that ends it. */
  readonly reference: string
  /** The session that looks at the page. */
  readonly current: boolean
  readonly startedAt: number
  readonly address: string
  /** The header as the browser sent it. */
  readonly userAgent: string | undefined
}

/** One second factor of the person. */
export interface AccountFactor {
  readonly method: Method
  readonly enrolledAt: number
}

export type AccountPageNotice = 'session_ended' | 'others_ended'

/** The page about oneself: who am I, where am I logged in, what are my factors. */
export function accountPage(data: AccountPageData): string {
  const words = texts.account
  return frame({
    authPath: data.authPath,
    title: words.title,
    script: true,
    wide: true,
    main: html`<h1>${words.title}</h1>
      ${notice(data.notice && words.notices[data.notice])}
      <dl class="facts">
        ${fact(words.name, data.displayName)} ${fact(words.username, data.subject)}
        ${data.email !== undefined && fact(words.email, data.email)}
        ${fact(words.groups, data.groups.length === 0 ? words.noGroups : data.groups.join(', '))}
        ${fact(words.assurance, words.assurances[data.assurance])}
      </dl>
      ${buttonForm(`${data.authPath}/logout`, words.logout)} ${sessionsSection(data)} ${factorsSection(data)}`,
  })
}

function fact(name: string, value: string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}

function sessionsSection({ authPath, sessions }: AccountPageData): Html {
  const words = texts.account
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
  const words = texts.account
  const browser = describeBrowser(session.userAgent)
  const label = html`${words.end}<span class="visually-hidden">
      ${words.endWhich(browser, session.address)}</span
    >`
  return html`<li>
    <div>
      <p class="what">${browser}${session.current && html` <span class="tag">${words.thisSession}</span>`}</p>
      <p class="hint">${words.from(session.address)}<br />${words.since} ${time(session.startedAt)}</p>
    </div>
    ${
      !session.current &&
      buttonForm(`${authPath}/account/sessions/end`, label, {
        field: { name: 'session', value: session.reference },
      })
    }
  </li>`
}

function factorsSection({ authPath, factors, backupCodesLeft }: AccountPageData): Html {
  const words = texts.account
  return html`<section aria-labelledby="factors">
    <h2 id="factors">${words.factors}</h2>
    ${
      factors.length === 0
        ? html`<p>${words.noFactors}</p>`
        : html`<ul class="rows">
            ${factors.map(factorRow)}
          </ul>`
    }
    ${backupCodesLeft !== undefined && backupCodes(authPath, backupCodesLeft)}
  </section>`
}

function factorRow({ method, enrolledAt }: AccountFactor): Html {
  const words = texts.account
  return html`<li>
    <div>
      <p class="what">${words.methods[method]}</p>
      <p class="hint">${words.enrolled} ${time(enrolledAt)}</p>
    </div>
  </li>`
}

function backupCodes(authPath: string, left: number): Html {
  const words = texts.account
  return html`<h3>${words.methods.backup_code}</h3>
    <p>${words.codesLeft(left)} ${words.newCodesHint}</p>
    ${buttonForm(`${authPath}/account/backup-codes`, words.newCodes)}`
}

function time(at: number): Html {
  return html`<time datetime="${new Date(at).toISOString()}">${texts.date(at)}</time>`
}
