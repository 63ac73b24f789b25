import type { Outcome } from './judge.js'

/** What a change of outcome means for whoever asks. */
export type OpennessChange = 'opened' | 'closed' | 'same'

/**
 * Compares two outcomes of one request: through is more open than a challenge, which may still end well, and a challenge
 * is more open than an end. Which challenge it is makes no difference here.
 */
export function changeOfOpenness(from: Outcome, to: Outcome): OpennessChange {
  const difference = OPENNESS[to] - OPENNESS[from]
  return difference > 0 ? 'opened' : difference < 0 ? 'closed' : 'same'
}

const OPENNESS: Readonly<Record<Outcome, number>> = {
  allow: 2,
  login: 1,
  mfa: 1,
  step_up: 1,
  deny: 0,
  not_found: 0,
  refused: 0,
  own: 0,
}
