import type { RequestHeaders } from './request-headers.js'

/**
 * Whether a person's browser is navigating, so that a page helps: `Sec-Fetch-Mode: navigate`, else an `Accept` that
 * names text/html (older browsers).
 */
export function isNavigation({ fields }: RequestHeaders): boolean {
  if (fields.fetchMode !== undefined) return fields.fetchMode === 'navigate'
  return fields.accept?.toLowerCase().includes('text/html') === true
}
