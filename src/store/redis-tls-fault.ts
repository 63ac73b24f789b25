/** What TLS says, and what that means for whoever set it up. */
const EXPLAINED: readonly (readonly [RegExp, string])[] = [
  [
    /self-signed certificate|unable to (?:verify|get)/,
    'its certificate is of no authority that is trusted here: name the file of its authority, tls: { ca: FILE }',
  ],
  [/certificate has expired/, 'its certificate has expired: renew it'],
  [/certificate is not yet valid/, 'its certificate is not valid yet: look at the clocks of both machines'],
  [
    /does not match certificate's altnames/,
    'its certificate is for another name: connect to a name that is in it, or name one, tls: { server_name: NAME }',
  ],
  [
    /alert certificate required|alert handshake failure/,
    'it asks for a certificate of the gateway: tls: { cert: FILE, key: FILE }',
  ],
  [
    /alert unknown ca/,
    'it does not trust the authority of the certificate of the gateway, which is tls: { cert: FILE, key: FILE }',
  ],
  [
    /wrong version number/,
    'it does not speak TLS there: look at the port, or write redis:// instead of rediss://',
  ],
]

/**
 * Tells why a protected connection to Redis was refused, by either side, and what to do.
 * @param text the message of the library, which follows in brackets
 * @returns undefined where it is about something else
 */
export function explainTlsFault(text: string): string | undefined {
  const [, meaning] = EXPLAINED.find(([pattern]) => pattern.test(text)) ?? []
  return meaning
}
