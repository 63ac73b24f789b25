/** One plain segment at the beginning of a regex, up to a slash that cannot be left out. */
const PLAIN = /^\^?\/([A-Za-z0-9_-]+)\/(?![?*{])/

/**
 * The first segment of every path that a regex matches, where the regex says it plainly: `v1` for `/v1/[a-z]+`.
 * @param source the regex as the operator wrote it
 * @returns undefined: it may begin in several ways
 */
export function firstTextOf(source: string): string | undefined {
  return source.includes('|') ? undefined : PLAIN.exec(source)?.[1]
}
