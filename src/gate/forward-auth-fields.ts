import type { Identity } from '../access/identity.js'
import { createIdentityHeaders, type IdentityHeaderNames, type IdentityHeaders } from './identity-headers.js'
import type { Clock } from '../clock.js'

export interface ForwardAuthFieldsOptions {
  /** The names of the configuration. */
  readonly names: IdentityHeaderNames
  /** Gives the fields of these names. */
  readonly identityHeaders: IdentityHeaders
  /** Signs the assertion of an identity for an app. */
  readonly sign: (identity: Identity, audience: string) => Promise<string>
  readonly now: Clock
}

/**
 * Gives every identity field that another proxy is to pass on, blank where there is nothing to say: a proxy that copies
 * only what it is given would leave there what the client sent. Name, value, name, value, …
 * @param identity undefined: nobody, or somebody who is not to be told to the app
 */
export type ForwardAuthFields = (
  identity: Identity | undefined,
  app: string,
) => readonly string[] | Promise<readonly string[]>

/** Under the names of the configuration. */
export function createForwardAuthFields({
  names,
  identityHeaders,
}: ForwardAuthFieldsOptions): ForwardAuthFields {
  return filled(
    Object.values(names).filter(name => name !== undefined),
    identityHeaders,
  )
}

/** Under the names of oauth2-proxy. */
export function createOauth2Fields({ names, sign, now }: ForwardAuthFieldsOptions): ForwardAuthFields {
  const own: IdentityHeaderNames = {
    user: 'X-Auth-Request-User',
    name: undefined,
    email: 'X-Auth-Request-Email',
    groups: 'X-Auth-Request-Groups',
    assurance: undefined,
    amr: undefined,
    assertion: names.assertion,
  }
  const identityHeaders = createIdentityHeaders({ names: own, sign, now })
  const fields = filled(
    Object.values(own).filter(name => name !== undefined),
    identityHeaders,
  )
  // oauth2-proxy tells the name with which somebody logs in as well; here it is the same.
  return (identity, app) => {
    const named = (made: readonly string[]): readonly string[] => [
      ...made,
      'X-Auth-Request-Preferred-Username',
      made[1] ?? '',
    ]
    const made = fields(identity, app)
    return made instanceof Promise ? made.then(named) : named(made)
  }
}

function filled(names: readonly string[], identityHeaders: IdentityHeaders): ForwardAuthFields {
  const blank = names.flatMap(name => [name, ''])
  // The fields of an identity are made once in a while, and so is what is missing of them.
  const known = new WeakMap<readonly string[], readonly string[]>()
  const fill = (made: readonly string[]): readonly string[] => {
    const before = known.get(made)
    if (before !== undefined) return before
    const whole = names.flatMap(name => {
      const at = made.indexOf(name)
      return [name, at === -1 || at % 2 === 1 ? '' : (made[at + 1] ?? '')]
    })
    known.set(made, whole)
    return whole
  }
  return (identity, app) => {
    if (identity === undefined) return blank
    const made = identityHeaders(identity, app)
    return made instanceof Promise ? made.then(fill) : fill(made)
  }
}
