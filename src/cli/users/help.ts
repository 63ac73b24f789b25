/** The help of every subcommand of `users`. */
export const USERS_HELP = `gatehouse users SUBCOMMAND [--config gateway.yaml]

  list [--json]      who is there, with groups and second factor
  show NAME [--json]
                     one user in one view: factors, sessions, remembered browsers, API tokens, failed tries and
                     locks, tickets, the last events; never a secret
  add NAME [--displayname TEXT] [--email ADDRESS] [--groups a,b] [--mfa enabled|disabled]
                     adds a user; --mfa disabled: no second factor, and so nothing that requires one
  remove NAME        takes the user out of the users file, and forgets all that is kept of the name: sessions, factors,
                     browsers, tokens, counts. Whoever gets the name next begins anew
  passwd NAME        sets a new password and ends all sessions of the user
  disable NAME       ends all sessions of the user and lets nobody in by that name
  enable NAME        takes that back
  unlock NAME [--factor totp|webauthn|backup_code|email|sms|knowledge_question]
                     forgets wrong passwords and codes, and lifts the lock that they led to; --factor: of this one only
  reset-mfa NAME     for somebody who has lost every second factor: removes them and ends all sessions
  ticket NAME        prints a one-time ticket, good for 24 hours, with which the user sets up a second factor

They may be used while the gateway runs. A password is asked for twice on a terminal, and is otherwise the first line
of the standard input. "disable", "remove" and "reset-mfa" ask first, or want --yes. What
changes something is told to the audit log, as "operator.command". Of "passwd", "disable" and "reset-mfa" the user is
told by mail, where mail is set up and the users file has an address.
Exit code 0: done. 1: not done, and why was said. 2: this command was not understood.
`
