import { accountFrame, type AccountCommon } from './account-frame.js'
import { buttonForm, field, hiddenField } from './form-parts.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'
import { timeElement } from './time-element.js'

/**
 * What the page about the ways in shows. Times are milliseconds since the epoch. All its forms post below
 * `${authPath}/account`, and every one of them wants a fresh proof:
 * `factor`, `id`, `name` to `/factors/rename`; `factor`, `id` to `/factors/remove` (no `id` for
 * `knowledge_question`); nothing to `/factors/totp`, `/factors/webauthn` and `/factors/knowledge_question`, which
 * answer the page that adds one; nothing to `/backup-codes`, `/second-factor/off` and `/second-factor/on`.
 */
export interface AccountFactorsPageData extends AccountCommon {
  /** Whether the password can be changed here: a link to `${authPath}/account/password`. */
  readonly mayChangePassword: boolean
  /** Undefined: not offered, and there is none. */
  readonly authenticatorApps: OwnFactors | undefined
  readonly keys: OwnFactors | undefined
  /** Where codes are sent to, as the directory has it, for the channels that are second factors here. */
  readonly messages: readonly MessageTarget[]
  /** The person's own questions, without answers; undefined: not offered. */
  readonly questions: readonly string[] | undefined
  /** How many backup codes are unused; undefined: none were ever made, or they are not offered. */
  readonly backupCodesLeft: number | undefined
  /** Whether the person has switched the second factor off; undefined: that is not theirs to do. */
  readonly ownSwitch: 'on' | 'off' | undefined
}

/** The authenticators of one kind. */
export interface OwnFactors {
  readonly list: readonly OwnFactor[]
  /** Whether one more may be added. */
  readonly mayAdd: boolean
}

/** One authenticator app, security key or passkey of the person. */
export interface OwnFactor {
  /** Its public name: the field `id` of its forms. */
  readonly id: string
  /** What the person calls it. */
  readonly name: string
  readonly addedAt: number
  /** Undefined: never used yet, or not known. */
  readonly lastUsedAt: number | undefined
  /** A passkey that is kept in step between devices. */
  readonly synced?: boolean | undefined
}

/** A channel for codes. `target`: an address or number; undefined: the directory has none. */
export interface MessageTarget {
  readonly channel: 'email' | 'sms'
  readonly target: string | undefined
}

/** The page about the ways in: password, authenticators, where codes go, backup codes, and the switch. */
export function accountFactorsPage(data: AccountFactorsPageData): string {
  const words = texts.factorPage
  return accountFrame(data, {
    name: 'factors',
    title: words.title,
    main: html`${data.mayChangePassword && passwordSection(data)}
    ${data.authenticatorApps && ownSection(data, 'totp', data.authenticatorApps)}
    ${data.keys && ownSection(data, 'webauthn', data.keys)}
    ${data.messages.length > 0 && messagesSection(data)}
    ${data.questions && questionsSection(data, data.questions)}
    ${data.backupCodesLeft !== undefined && codesSection(data, data.backupCodesLeft)}
    ${data.ownSwitch && switchSection(data, data.ownSwitch)}`,
  })
}

function section(id: string, title: string, content: Html): Html {
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section>`
}

function passwordSection({ authPath }: AccountFactorsPageData): Html {
  const words = texts.factorPage
  const link = html`<p><a class="button" href="${authPath}/account/password">${words.changePassword}</a></p>`
  return section('password', words.password, link)
}

function ownSection(
  { authPath }: AccountFactorsPageData,
  factor: 'totp' | 'webauthn',
  { list, mayAdd }: OwnFactors,
): Html {
  const words = texts.factorPage
  const isApp = factor === 'totp'
  const none = isApp ? words.noApps : words.noKeys
  return section(
    factor,
    isApp ? words.apps : words.keys,
    html`${
      list.length === 0
        ? html`<p>${none}</p>`
        : html`<ul class="rows">
            ${list.map((own, index) => ownRow(authPath, factor, own, index))}
          </ul>`
    }
    ${mayAdd && buttonForm(`${authPath}/account/factors/${factor}`, isApp ? words.addApp : words.addKey)}`,
  )
}

function ownRow(authPath: string, factor: 'totp' | 'webauthn', own: OwnFactor, index: number): Html {
  const words = texts.factorPage
  const fields = { factor, id: own.id }
  const which = html`<span class="visually-hidden"> ${own.name}</span>`
  return html`<li>
    <div>
      <p class="what">
        <bdi>${own.name}</bdi>${own.synced === true && html` <span class="tag">${words.synced}</span>`}
      </p>
      <p class="hint">
        ${words.added}
        ${timeElement(own.addedAt)}${
          own.lastUsedAt !== undefined && html`<br />${texts.account.lastUsed} ${timeElement(own.lastUsedAt)}`
        }
      </p>
    </div>
    <details class="change">
      <summary>${words.change}${which}</summary>
      <form method="post" action="${authPath}/account/factors/rename">
        ${Object.entries(fields).map(([name, value]) => hiddenField(name, value))}
        ${field({
          id: `${factor}-name-${index.toString()}`,
          name: 'name',
          label: words.name,
          attributes: html`type="text" value="${own.name}" autocomplete="off" maxlength="64" required`,
        })}
        <button class="button">${words.rename}${which}</button>
      </form>
      <p class="hint">${words.removeHint}</p>
      ${buttonForm(`${authPath}/account/factors/remove`, html`${words.remove}${which}`, { fields })}
    </details>
  </li>`
}

function messagesSection({ messages }: AccountFactorsPageData): Html {
  const words = texts.factorPage
  return section(
    'messages',
    words.messages,
    html`<p>${words.messagesHint}</p>
      <dl class="facts">
        ${messages.map(
          ({ channel, target }) =>
            html`<div>
              <dt>${words[channel]}</dt>
              <dd>${target === undefined ? words.noTarget : html`<bdi>${target}</bdi>`}</dd>
            </div>`,
        )}
      </dl>`,
  )
}

function questionsSection({ authPath }: AccountFactorsPageData, questions: readonly string[]): Html {
  const words = texts.factorPage
  const has = questions.length > 0
  const add = buttonForm(
    `${authPath}/account/factors/knowledge_question`,
    has ? words.replaceQuestions : words.setQuestions,
  )
  return section(
    'questions',
    words.questions,
    has
      ? html`<p>${words.questionsHint}</p>
          <ul class="plain">
            ${questions.map(question => html`<li><bdi>${question}</bdi></li>`)}
          </ul>
          <div class="actions">
            ${add}
            ${buttonForm(`${authPath}/account/factors/remove`, words.removeQuestions, {
              fields: { factor: 'knowledge_question' },
            })}
          </div>`
      : html`<p>${words.noQuestions}</p>
          ${add}`,
  )
}

function codesSection({ authPath }: AccountFactorsPageData, left: number): Html {
  const words = texts.factorPage
  return section(
    'backup-codes',
    words.codes,
    html`<p>${words.codesLeft(left)} ${words.newCodesHint}</p>
      ${buttonForm(`${authPath}/account/backup-codes`, words.newCodes)}`,
  )
}

function switchSection({ authPath }: AccountFactorsPageData, state: 'on' | 'off'): Html {
  const words = texts.factorPage
  const [says, label, turn] =
    state === 'on'
      ? ([`${words.isOn} ${words.switchOffHint}`, words.switchOff, 'off'] as const)
      : ([words.isOff, words.switchOn, 'on'] as const)
  return section(
    'switch',
    words.switch,
    html`<p>${says}</p>
      ${buttonForm(`${authPath}/account/second-factor/${turn}`, label)}`,
  )
}
