import { errorSummary, notice } from './form-parts.js'
import { frame } from './frame.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'

/** The pages about oneself: `${authPath}/account`, and the others below it (`/account/factors` and so on). */
export type AccountPageName = 'account' | 'factors' | 'tokens' | 'activity'

/** What every page about oneself shows. */
export interface AccountCommon {
  readonly authPath: string
  /** The pages that there are for this person, in the order of the navigation. */
  readonly pages: readonly AccountPageName[]
  /** Where the person may go on to, the apps they came for; empty: nowhere in particular. */
  readonly apps: readonly AppLink[]
  /** What has just been done. */
  readonly done: AccountNotice | undefined
  /** Why what was asked for was not done. */
  readonly refused: AccountRefusal | undefined
}

/** An app behind the gateway. */
export interface AppLink {
  readonly name: string
  /** Checked, or from the configuration. */
  readonly address: string
}

/** What may have been done: the page comes back with `?done=…`. `proved`: a factor was shown, for what comes next. */
export type AccountNotice = keyof typeof texts.account.notices

/** Why something was not done: the page comes back with `?refused=…`. */
export type AccountRefusal = keyof typeof texts.account.refusals

/** Reads the value of `done` from an address; undefined for anything that no page says. */
export function readAccountNotice(name: string | undefined): AccountNotice | undefined {
  return name !== undefined && Object.hasOwn(texts.account.notices, name)
    ? (name as AccountNotice)
    : undefined
}

/** Reads the value of `refused` from an address; undefined for anything that no page says. */
export function readAccountRefusal(name: string | undefined): AccountRefusal | undefined {
  return name !== undefined && Object.hasOwn(texts.account.refusals, name)
    ? (name as AccountRefusal)
    : undefined
}

/** Puts the navigation and the notices around a page about oneself, and the way back to the apps behind it. */
export function accountFrame(
  common: AccountCommon,
  page: {
    readonly name: AccountPageName
    readonly title: string
    /** What went wrong with the form of this page. */
    readonly error?: string | undefined
    readonly main: Html
  },
): string {
  const { authPath, done, refused, apps } = common
  const words = texts.account
  const error = page.error ?? (refused && words.refusals[refused])
  return frame({
    authPath,
    title: page.title,
    failed: error !== undefined,
    script: true,
    wide: true,
    main: html`${navigation(common, page.name)}
      <h1>${page.title}</h1>
      ${errorSummary(error)} ${notice(done && words.notices[done])} ${page.main}
      ${
        apps.length > 0 &&
        html`<p class="aside">
          ${words.backTo}
          ${apps.map((app, index) => html`${index > 0 && ', '}<a href="${app.address}"><bdi>${app.name}</bdi></a>`)}
        </p>`
      }`,
  })
}

function navigation({ authPath, pages }: AccountCommon, current: AccountPageName): Html | undefined {
  const words = texts.account
  if (pages.length < 2) return undefined
  return html`<nav class="pages" aria-label="${words.nav}">
    <ul>
      ${pages.map(
        name =>
          html`<li>
            <a
              href="${authPath}/account${name !== 'account' && `/${name}`}"
              ${name === current && html` aria-current="page"`}
              >${words.pages[name]}</a
            >
          </li>`,
      )}
    </ul>
  </nav>`
}
