/**
 * Makes the public name of a session, a token or a device from base64url. It is given to commands as a word of its own,
 * so it never begins as an option does. It opens nothing, so the bit that this costs is no loss.
 */
export function referenceFrom(text: string): string {
  return text.replace(/^-/, '_')
}
