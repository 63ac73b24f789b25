/**
 * An address of the gateway with a query.
 * @param path without a query
 * @param query what is undefined is left out; the rest is percent-encoded
 */
export function address(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return `${path}?${new URLSearchParams(given).toString()}`
}
