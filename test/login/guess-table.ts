import { randomBytes } from 'node:crypto'
import { createBackupCodes } from '../../src/factors/backup-codes.js'
import { CHANCE_OF_AN_ANSWER } from '../../src/factors/knowledge-question.js'
import { CHANCE_OF_A_CODE } from '../../src/factors/one-time-code.js'
import { MOST_AUTHENTICATORS } from '../../src/factors/totp.js'
import { totpChance } from '../../src/factors/totp-code.js'
import {
  delayAfter,
  FIRST_LIMITS,
  GUESSES_A_YEAR,
  type Limits,
  SECOND_FACTOR_LIMITS,
} from '../../src/login/lockout-limits.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { createSeal } from '../../src/store/seal.js'

/** What an attacker tries at one account, by the limits that the gateway has. */
export interface GuessRow {
  /** What is guessed, and what the attacker has already. */
  readonly what: string
  /** Most tries that are looked at within a year. */
  readonly tries: number
  /** The chance that one of them is right; undefined: it depends on what its owner has chosen. */
  readonly chance: number | undefined
}

const DAY = 24 * 60 * 60_000
const DAYS = 365

/** Every row, computed from the limits that the gateway works with. */
export async function guessRows(): Promise<readonly GuessRow[]> {
  const everyDay = DAYS * triesADay(SECOND_FACTOR_LIMITS)
  const ofYear = (chanceOfOne: number): Pick<GuessRow, 'tries' | 'chance'> => {
    const tries = Math.min(everyDay, Math.floor(GUESSES_A_YEAR / chanceOfOne))
    return { tries, chance: 1 - (1 - chanceOfOne / 1e6) ** tries }
  }
  const app = totpChance()
  const backup = await chanceOfABackupCode()
  const anotherName = DAYS * triesADay(FIRST_LIMITS)
  return [
    { what: 'password, by its name alone', tries: anotherName, chance: undefined },
    { what: 'app, six digits, by the password', ...ofYear(app) },
    {
      what: `${MOST_AUTHENTICATORS} apps, six digits, by the password`,
      ...ofYear(app * MOST_AUTHENTICATORS),
    },
    { what: 'app, eight digits, by the password', ...ofYear(totpChance({ digits: 8 })) },
    { what: 'code of a mail or text message, by the password', ...ofYear(CHANCE_OF_A_CODE) },
    { what: 'code or link that begins a login, by the name', ...ofYear(CHANCE_OF_A_CODE) },
    { what: 'backup code, by the password', tries: everyDay, chance: everyDay * backup },
    {
      what: 'answer to a question, by the password',
      tries: ofYear(CHANCE_OF_AN_ANSWER).tries,
      chance: undefined,
    },
  ]
}

/** The same as a table in Markdown. */
export function guessTable(rows: readonly GuessRow[]): string {
  const cells = rows.map(({ what, tries, chance }) => [
    what,
    tries.toLocaleString('en-US'),
    chance === undefined ? 'depends on what was chosen' : percent(chance),
  ])
  return [['guessed', 'most tries a year', 'chance a year'], ['---', '---:', '---:'], ...cells]
    .map(row => `| ${row.join(' | ')} |`)
    .join('\n')
}

function percent(chance: number): string {
  return chance < 1e-9 ? 'below 0.0000001 %' : `${(chance * 100).toFixed(3)} %`
}

/**
 * Most tries of a day, when the owner begins the day by being right, so that the attacker's count and lock are gone.
 */
function triesADay(limits: Limits): number {
  let tries = 0
  for (let at = 0; at < DAY && tries < limits.locksAt; at += delayAfter(tries, limits)) tries++
  return tries
}

/** By codes as they are really made. */
async function chanceOfABackupCode(): Promise<number> {
  const store = createMemoryStore({ now: () => 0 })
  const seal = createSeal(['a secret of the tests, long enough for a key'])
  const codes = await createBackupCodes({ store, seal, now: () => 0, random: randomBytes }).replace('alice')
  const [code = ''] = codes
  // Base32: five bits in each character.
  return codes.length / 2 ** (5 * code.replaceAll('-', '').length)
}
