import { amrOf, assuranceOf } from '../access/assurance.js'
import type { Identity } from '../access/identity.js'
import type { Clock } from '../clock.js'

/** Names of the header fields that tell an upstream who is there; undefined: that fact is not sent. */
export interface IdentityHeaderNames {
  readonly user: string
  readonly name: string | undefined
  readonly email: string | undefined
  readonly groups: string | undefined
  readonly assurance: string | undefined
  readonly amr: string | undefined
  readonly assertion: string | undefined
}

export interface IdentityHeadersOptions {
  readonly names: IdentityHeaderNames
  /** Signs the assertion of an identity for an app. */
  readonly sign: (identity: Identity, audience: string) => Promise<string>
  readonly now: Clock
}

/** Gives the identity fields for an app: name, value, name, value, … A promise only when they have to be signed. */
export type IdentityHeaders = (
  identity: Identity,
  app: string,
) => readonly string[] | Promise<readonly string[]>

interface Prepared {
  readonly fields: readonly string[]
  readonly preparedAt: number
}

type Preparation = Prepared | Promise<readonly string[]>

/** How long one set of fields is sent before its assertion is signed anew, in milliseconds. */
const RENEWED_AFTER = 30_000

/**
 * Makes the function that prepares identity fields. They are made once per identity, app and half minute, because a
 * signature costs as much as forwarding a request; whatever changes an identity makes it a new object.
 */
export function createIdentityHeaders({ names, sign, now }: IdentityHeadersOptions): IdentityHeaders {
  const prepared = new WeakMap<Identity, Map<string, Preparation>>()

  async function prepare(
    identity: Identity,
    app: string,
    apps: Map<string, Preparation>,
  ): Promise<readonly string[]> {
    try {
      const assertion = await (names.assertion === undefined ? '' : sign(identity, app))
      const fields = fieldsOf(names, identity, assertion)
      apps.set(app, { fields, preparedAt: now() })
      return fields
    } catch (error) {
      apps.delete(app)
      throw error
    }
  }

  return (identity, app) => {
    let apps = prepared.get(identity)
    if (apps === undefined) prepared.set(identity, (apps = new Map<string, Preparation>()))
    const known = apps.get(app)
    if (known instanceof Promise) return known
    if (known !== undefined && Math.abs(now() - known.preparedAt) < RENEWED_AFTER) return known.fields
    const fresh = prepare(identity, app, apps)
    apps.set(app, fresh)
    return fresh
  }
}

/** The identity fields of one person, in the order of the README. */
export function fieldsOf(
  names: IdentityHeaderNames,
  identity: Identity,
  assertion: string,
): readonly string[] {
  const { person, proofs } = identity
  const facts: readonly (readonly [string | undefined, string])[] = [
    [names.user, person.subject],
    [names.name, person.displayName],
    [names.email, person.email ?? ''],
    [names.groups, person.groups.join(',')],
    [names.assurance, assuranceOf(proofs)],
    [names.amr, amrOf(proofs).join(',')],
    [names.assertion, assertion],
  ]
  return facts.flatMap(([name, value]) =>
    name === undefined || value === '' ? [] : [name, headerValue(value)],
  )
}

/** A value that is not printable ASCII is sent as an extended value (RFC 8187): header fields have no charset. */
function headerValue(value: string): string {
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)
    ? value
    : `UTF-8''${encodeURIComponent(value)}`
}
