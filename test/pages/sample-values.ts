/** A page as it may be shown, and the last part of a test's name. */
export interface SamplePage {
  readonly name: string
  readonly text: string
}

/** Takes what would naturally come from outside, and gives what is put in its place. */
export type Say = (natural: string) => string

/** A time at which things happened, in milliseconds since the epoch. */
export const MONDAY = Date.UTC(2026, 10, 23, 9, 5)

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

export const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'
