/** An attack that cannot be made against this gateway, and why. Whoever removes the reason writes the test. */
export interface NotApplicable {
  readonly id: string
  readonly attack: string
  readonly reason: string
}

/** Attacks of the known classes that have no test, each with its reason. */
export const NOT_APPLICABLE: readonly NotApplicable[] = [
  {
    id: 'a16',
    attack:
      'HTTP/2 pseudo-headers: :path twice, upper-case names, connection, transfer-encoding, host against :authority',
    reason: 'the gateway speaks HTTP/1.1 only; the connection preface of HTTP/2 is refused (c8)',
  },
]
