/** A question that somebody has written for themselves, as it was typed, with its answer. */
export interface QuestionAndAnswer {
  readonly question: string
  readonly answer: string
}

/**
 * What is wrong with a set of questions. `incomplete`: fewer than three, more than five, or one without text.
 * `too_short`: an answer of fewer than three characters. `too_long`: a question or an answer of more than 200.
 * `same`: two questions or two answers. `in_question`: an answer is its own question.
 */
export type QuestionsFault = 'incomplete' | 'too_short' | 'too_long' | 'same' | 'in_question'

const FEWEST = 3
const MOST = 5
/** In characters. */
const SHORTEST_ANSWER = 3
const LONGEST = 200
/** In UTF-16 units, as typed: what is longer is not worth the work. No character of 200 has more than ten. */
const LONGEST_TYPED = LONGEST * 10

/** Controls, halves of characters, and what has no look of its own, such as the soft hyphen: nobody means to type them. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}]/gu
const BLANKS = /\s+/gu

/**
 * Finds the first thing that is wrong with what somebody wants to be asked.
 * @returns undefined when it can be kept
 */
export function faultOfQuestions(given: readonly QuestionAndAnswer[]): QuestionsFault | undefined {
  if (given.length < FEWEST || given.length > MOST) return 'incomplete'
  const questions = new Set<string>()
  const answers = new Set<string>()
  for (const { question, answer } of given) {
    if (isTooLong(question) || isTooLong(answer)) return 'too_long'
    const asked = foldText(question)
    if (asked === '') return 'incomplete'
    const answered = normaliseAnswer(answer)
    if (answered === undefined) return foldText(answer) === '' ? 'incomplete' : 'too_short'
    if (answered === asked) return 'in_question'
    questions.add(asked)
    answers.add(answered)
  }
  return questions.size === given.length && answers.size === given.length ? undefined : 'same'
}

/** The question as it is shown: in one line, without blanks around it. */
export function tidyQuestion(typed: string): string {
  return tidy(typed).normalize('NFC')
}

/**
 * Brings an answer into the one form that is hashed and checked: without regard to case, width, blanks and unseen
 * characters.
 * @returns undefined when fewer than 3 or more than 200 characters are left
 */
export function normaliseAnswer(typed: string): string | undefined {
  if (isTooLong(typed)) return undefined
  const answer = foldText(typed)
  return [...answer].length >= SHORTEST_ANSWER ? answer : undefined
}

function isTooLong(typed: string): boolean {
  return typed.length > LONGEST_TYPED || [...foldText(typed)].length > LONGEST
}

function foldText(typed: string): string {
  return foldOnce(foldOnce(typed))
}

/** Through capitals, so that ß and ss, and both small sigmas, are the same. That can leave a composition open. */
function foldOnce(text: string): string {
  return tidy(tidy(text).normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC'))
}

function tidy(text: string): string {
  return text.replace(BLANKS, ' ').replace(UNSEEN, '').replace(BLANKS, ' ').trim()
}
