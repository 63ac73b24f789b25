/**
 * The Content-Security-Policy that every page is made for: our own stylesheet, script and icon, nothing inline,
 * nothing from elsewhere, never in a frame (OWASP ASVS 5.0, 3.4.3 and 3.4.6).
 * @param formTargets origins that the answer to a form may redirect to (`https://wiki.example.com`), since
 *   browsers apply `form-action` to that redirect too; the page's own origin is always among them
 */
export function contentSecurityPolicy(formTargets: readonly string[]): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    ["form-action 'self'", ...formTargets].join(' '),
    "object-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}
