/**
 * Reads `http://host:port` or `https://host:port` strictly: nothing behind the host, no user information, nothing
 * that the URL parser would quietly repair.
 */
export function readOrigin(
  written: string,
): { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly fault: string } {
  const fault = (text: string) => ({ ok: false, fault: text }) as const
  if (!/^https?:\/\//i.test(written)) return fault('does not begin with http:// or https://')
  if (/[\s\\\p{C}]/u.test(written)) return fault('contains a blank, a backslash or a control character')
  if (written.includes('?')) return fault('has a query, which is not part of an address here')
  if (written.includes('#')) return fault('has a fragment, which is not part of an address here')
  if (!URL.canParse(written)) return fault('is not a URL')
  const url = new URL(written)
  if (written.includes('@')) return fault('has a user name, which is not part of an address here')
  if (url.pathname !== '/') return fault('has a path, which is not part of an address here')
  return { ok: true, url }
}
