/** Read when it is first asked: half a megabyte that a gateway seldom needs. */
let common: Promise<ReadonlySet<string>> | undefined

/**
 * Whether a password is one of some 49,000 that people take most, or the name of its user; without regard to case.
 * The whole password is compared, never a part of it (NIST SP 800-63B-4, 3.1.1.2).
 */
export async function isCommonPassword(password: string, user: string): Promise<boolean> {
  const folded = fold(password)
  if (folded === fold(user)) return true
  common ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common']),
  )
  return (await common).has(folded)
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}
