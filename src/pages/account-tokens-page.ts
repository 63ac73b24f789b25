import { accountFrame, type AccountCommon } from './account-frame.js'
import { buttonForm, checkbox, field } from './form-parts.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'
import { timeElement } from './time-element.js'

/**
 * What the page about a person's own API tokens shows. Times are milliseconds since the epoch. Its forms post below
 * `${authPath}/account/tokens`: `name`, `scope` (once for each box that is ticked) and `days` to `/create`, which wants
 * a fresh proof; `token` to `/revoke`.
 */
export interface AccountTokensPageData extends AccountCommon {
  readonly tokens: readonly OwnToken[]
  /** What a token can be for: the scopes that the routes name. Empty: no token can be created. */
  readonly scopes: readonly string[]
  /** The longest life of a token in days. */
  readonly longestLife: number
  /** What was typed before, or what is proposed. */
  readonly form: {
    readonly name: string
    readonly scopes: readonly string[]
    readonly days: number
  }
  readonly error: AccountTokensPageError | undefined
}

/** One API token of the person. */
export interface OwnToken {
  /** Names it without being it: the field `token` of the form that revokes it. */
  readonly reference: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number
  /** Whether it has run out. */
  readonly expired: boolean
  readonly lastUsedAt: number | undefined
}

/** `incomplete`: no name, or no scope. `days`: not a number of days within the limits. */
export type AccountTokensPageError = 'incomplete' | 'days' | 'too_many'

/** The page about a person's own API tokens: what there are, and a form for a new one. */
export function accountTokensPage(data: AccountTokensPageData): string {
  const words = texts.tokens
  return accountFrame(data, {
    name: 'tokens',
    title: words.title,
    error: errorOf(data),
    main: html`<p class="lead">${words.why}</p>
      <section aria-labelledby="tokens">
        <h2 id="tokens">${words.list}</h2>
        ${
          data.tokens.length === 0
            ? html`<p>${words.none}</p>`
            : html`<ul class="rows">
                ${data.tokens.map(token => tokenRow(token, data.authPath))}
              </ul>`
        }
      </section>
      <section aria-labelledby="create">
        <h2 id="create">${words.create}</h2>
        ${data.scopes.length === 0 ? html`<p>${words.noScopes}</p>` : createForm(data)}
      </section>`,
  })
}

function errorOf({ error, longestLife }: AccountTokensPageData): string | undefined {
  const words = texts.tokens.errors
  if (error === undefined) return undefined
  return error === 'days' ? words.days(longestLife) : words[error]
}

function tokenRow(token: OwnToken, authPath: string): Html {
  const words = texts.tokens
  const label = html`${words.revoke}<span class="visually-hidden"> ${token.name}</span>`
  return html`<li>
    <div>
      <p class="what">
        <bdi>${token.name}</bdi>${token.expired && html` <span class="tag">${words.expired}</span>`}
      </p>
      <p class="hint">
        ${words.scopes(token.scopes)}<br />${words.expires} ${timeElement(token.expiresAt)}<br />${
          token.lastUsedAt === undefined
            ? texts.account.neverUsed
            : html`${texts.account.lastUsed} ${timeElement(token.lastUsedAt)}`
        }
      </p>
    </div>
    ${buttonForm(`${authPath}/account/tokens/revoke`, label, { fields: { token: token.reference } })}
  </li>`
}

function createForm(data: AccountTokensPageData): Html {
  const { authPath, form, scopes, longestLife } = data
  const words = texts.tokens
  const error = errorOf(data)
  const named = data.error === 'incomplete' && form.name === ''
  return html`<form method="post" action="${authPath}/account/tokens/create">
    ${field({
      id: 'name',
      label: words.name,
      hint: words.nameHint,
      attributes: html`type="text" value="${form.name}" autocomplete="off" maxlength="64" required`,
      error: named ? error : undefined,
      focus: named,
    })}
    <fieldset>
      <legend>${words.scope}</legend>
      ${scopes.map((scope, index) =>
        checkbox({
          id: `scope-${index.toString()}`,
          name: 'scope',
          value: scope,
          label: html`<code>${scope}</code>`,
          checked: form.scopes.includes(scope),
        }),
      )}
    </fieldset>
    ${field({
      id: 'days',
      label: words.days,
      hint: words.daysHint(longestLife),
      attributes: html`class="short" type="number" value="${form.days}" min="1" max="${longestLife}" step="1"
      required`,
      error: data.error === 'days' ? error : undefined,
      focus: data.error === 'days',
    })}
    <button class="button primary">${words.submit}</button>
  </form>`
}
