/** The id of a copied session, in the form of a session cookie: 43 characters. It is no secret. */
export function copiedSessionId(number: number): string {
  return String(number).padStart(43, 's')
}
