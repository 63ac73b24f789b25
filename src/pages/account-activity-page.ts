import { accountFrame, type AccountCommon } from './account-frame.js'
import { describeBrowser } from './describe-browser.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'
import { timeElement } from './time-element.js'

/** What the page about recent activity shows. Nothing is posted. */
export interface AccountActivityPageData extends AccountCommon {
  /** The newest first. */
  readonly activity: readonly ActivityEntry[]
}

/** Something that happened to the account. */
export interface ActivityEntry {
  readonly event: ActivityEvent
  /** Milliseconds since the epoch; of the last time, where it happened several times. */
  readonly at: number
  /** The client's address; undefined: it was done on the machine of the gateway. */
  readonly address: string | undefined
  /** The header as the browser sent it. */
  readonly userAgent: string | undefined
  /** A word more of what it was, such as the method; said where the page has words for it. */
  readonly detail: string | undefined
  /** How often it happened in a row; at least 1. */
  readonly count: number
}

/** What the page has words for, by the names of the audit log. */
export type ActivityEvent = keyof typeof texts.account.activity.events

/** Whether the page has words for an event. */
export function isActivityEvent(name: string): name is ActivityEvent {
  return Object.hasOwn(texts.account.activity.events, name)
}

/** The page about what happened to the account lately. */
export function accountActivityPage(data: AccountActivityPageData): string {
  const words = texts.account.activity
  return accountFrame(data, {
    name: 'activity',
    title: words.title,
    main: html`<p class="lead">${words.hint}</p>
      ${
        data.activity.length === 0
          ? html`<p>${words.none}</p>`
          : html`<ul class="rows">
              ${data.activity.map(activityRow)}
            </ul>`
      }`,
  })
}

function activityRow({ event, at, address, userAgent, detail, count }: ActivityEntry): Html {
  const words = texts.account.activity
  const what = detail === undefined ? undefined : wordsFor(detail)
  const where =
    address === undefined ? words.byOperator : `${describeBrowser(userAgent)}, ${words.from(address)}`
  return html`<li>
    <div>
      <p class="what">
        ${words.events[event]}${count > 1 && html` <span class="tag">${words.times(count)}</span>`}
      </p>
      <p class="hint">${what !== undefined && html`${what}<br />`}${timeElement(at)}<br />${where}</p>
    </div>
  </li>`
}

/** A refused proof is told with how it failed (`totp_wrong`), which its owner need not know. */
function wordsFor(detail: string): string | undefined {
  const { details } = texts.account.activity
  const name = detail.replace(/_(?:wrong|used)$/, '')
  return Object.hasOwn(details, name) ? details[name as keyof typeof details] : undefined
}
