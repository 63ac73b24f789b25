/** The help of every subcommand of `sessions`. */
export const SESSIONS_HELP = `gatehouse sessions SUBCOMMAND [--config gateway.yaml]

  list [--user NAME] [--json]
                     who is logged in: since when, when last seen, from where, and what was shown; the one seen last
                     comes first. CARRIER is "cookie" for a browser and "tokens" for a program with its refresh tokens
  revoke REFERENCE   ends one, by its reference in the list
  revoke --user NAME [--yes]
                     ends all of one user, who may be gone from the users file
  revoke --all [--yes]
                     ends those of everybody

They may be used while the gateway runs. What is revoked opens nothing within a second, on every node: neither its
cookie nor its access and refresh tokens. "revoke --user" and "revoke --all" ask first, or want --yes.
Exit code 0: done. 1: not done, or there was nothing to end, and why was said. 2: this command was not understood.
`
