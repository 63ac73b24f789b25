/** Something about a deployment that is not as it should be. */
export interface Finding {
  /** Names its kind, the same in every version. */
  readonly id: FindingId
  /** What was seen. */
  readonly what: string
  /** What somebody could make of it. */
  readonly why: string
  /** What to do. */
  readonly cure: string
}

export type FindingId =
  | 'certificate'
  | 'clock'
  | 'cookie'
  | 'forged_identity'
  | 'forwarded_host'
  | 'forwarded_proto'
  | 'metrics'
  | 'no_hsts'
  | 'no_redirect'
  | 'not_gatehouse'
  | 'plain_http'
  | 'questions'
  | 'side_door'
  | 'unreachable'

/** A finding as a person reads it, ended. */
export function describeFinding({ id, what, why, cure }: Finding): string {
  return `${id}: ${what}\n  Why it matters: ${why}\n  Cure: ${cure}\n`
}
