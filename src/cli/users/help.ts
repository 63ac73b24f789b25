/** The help of every subcommand of `users`. */
export const USERS_HELP = `gatehouse users SUBCOMMAND [--config gateway.yaml]

  list [--json]      who is there, with groups and second factor
  add NAME [--displayname TEXT] [--email ADDRESS] [--groups a,b] [--mfa enabled|disabled]
                     adds a user; --mfa disabled: no second factor, and so nothing that requires one
  passwd NAME        sets a new password and ends all sessions of the user
  disable NAME       ends all sessions of the user and lets nobody in by that name
  enable NAME        takes that back
  unlock NAME        forgets wrong passwords and codes, and lifts the lock that they led to
  reset-mfa NAME     for somebody who has lost every second factor: removes them and ends all sessions
  ticket NAME        prints a one-time ticket, good for 24 hours, with which the user sets up a second factor

They may be used while the gateway runs. A password is asked for twice on a terminal, and is otherwise the first line
of the standard input. "disable" and "reset-mfa" ask first, or want --yes.
Exit code 0: done. 1: not done, and why was said. 2: this command was not understood.
`
