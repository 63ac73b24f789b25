import { MOST_SPREAD, summarise } from '../compare.js'

/** Where something was measured: ratios travel, but not as far as to another processor. */
export interface Place {
  /** The first number of the version of Node. */
  readonly node: string
  /** Its model. */
  readonly processor: string
}

/** What was recorded: the ratio of the gateway to the bare plug-in, in CPU per request. */
export interface Baseline extends Place {
  readonly ratio: number
  /** Between the quarter points of the ratios of several fresh starts, as a share of the median. */
  readonly spread: number
}

/** What a run says about a baseline. `limit` is the highest ratio that still counts as before. */
export type Judgement =
  | { readonly kind: 'too noisy'; readonly spread: number }
  | { readonly kind: 'as before' | 'worse'; readonly ratio: number; readonly limit: number }

/** What may have changed by other means than ours, where it was recorded and elsewhere. */
const LEAST_ROOM = 0.08
const LEAST_ROOM_ELSEWHERE = 0.25
/** How many times the noise a change must exceed. */
const BEYOND_NOISE = 3

/**
 * Worse is what exceeds the recorded ratio by more than three times the noise, which is the larger one of the recorded
 * spread and of that of this run, and by more than 8 % (elsewhere than where it was recorded: 25 %).
 * @param ratios one for each fresh start; at least one
 */
export function judge(ratios: readonly number[], baseline: Baseline, here: Place): Judgement {
  const { value: ratio, spread } = summarise(ratios)
  if (spread > MOST_SPREAD) return { kind: 'too noisy', spread }
  const isSamePlace = here.node === baseline.node && here.processor === baseline.processor
  const room = Math.max(
    isSamePlace ? LEAST_ROOM : LEAST_ROOM_ELSEWHERE,
    BEYOND_NOISE * Math.max(spread, baseline.spread),
  )
  const limit = baseline.ratio * (1 + room)
  return { kind: ratio > limit ? 'worse' : 'as before', ratio, limit }
}
