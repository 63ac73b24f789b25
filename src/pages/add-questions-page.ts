import { errorSummary, field } from './form-parts.js'
import { frame } from './frame.js'
import { html, type Html } from './html.js'
import { texts } from './texts.js'

/**
 * What the page shows. Its form posts `question1` to `question5` and `answer1` to `answer5` (the last two pairs may
 * be empty) to `${authPath}/account/factors/knowledge_question/confirm`.
 */
export interface AddQuestionsPageData {
  readonly authPath: string
  /** The questions as they were typed before. Answers never come back. */
  readonly questions: readonly string[]
  /** Whether there are questions already, which these replace. */
  readonly replaces: boolean
  readonly error: AddQuestionsPageError | undefined
}

/**
 * `incomplete`: fewer than three pairs, or half of one. `too_short`: an answer. `same`: two questions or two answers.
 * `in_question`: an answer is its question. `too_long`: more than 200 characters.
 */
export type AddQuestionsPageError = keyof typeof texts.addFactor.questions.errors

const LEAST_QUESTIONS = 3
const MOST_QUESTIONS = 5

/** The page on which somebody chooses security questions. */
export function addQuestionsPage(data: AddQuestionsPageData): string {
  const words = texts.addFactor.questions
  const error = data.error && words.errors[data.error]
  return frame({
    authPath: data.authPath,
    title: words.title,
    failed: error !== undefined,
    script: true,
    wide: true,
    main: html`<h1>${words.title}</h1>
      <p class="lead">${words.why}</p>
      ${data.replaces && html`<p>${words.replaces}</p>`} ${errorSummary(error)}
      <form method="post" action="${data.authPath}/account/factors/knowledge_question/confirm">
        ${Array.from({ length: MOST_QUESTIONS }, (_, index) => pair(index + 1, data.questions[index] ?? ''))}
        <button class="button primary">${words.submit}</button>
      </form>
      <p class="other"><a href="${data.authPath}/account/factors">${texts.addFactor.cancel}</a></p>`,
  })
}

function pair(number: number, question: string): Html {
  const words = texts.addFactor.questions
  const needed = number <= LEAST_QUESTIONS
  const attributes = html`type="text" autocomplete="off" maxlength="200"${needed && html` required`}`
  return html`<fieldset>
    <legend>${needed ? words.legend(number) : words.optional(number)}</legend>
    ${field({
      id: `question${number.toString()}`,
      label: words.question,
      attributes: html`${attributes} value="${question}"`,
    })}
    ${field({
      id: `answer${number.toString()}`,
      label: words.answer,
      attributes: html`${attributes} autocapitalize="none" spellcheck="false"`,
    })}
  </fieldset>`
}
