/** The help of every subcommand of `tokens`. */
export const TOKENS_HELP = `gatehouse tokens SUBCOMMAND [--config gateway.yaml]

  create NAME --scope SCOPE… [--user USER] [--app APP…] [--path PATH…] [--expires 90d]
                     makes an API token and prints it, this once. It opens only routes that name one of its scopes
                     ("tokens: [SCOPE]"), and those without a second factor. Options with … may be given several times
       --user USER     it is this user's, who must be one whom the route lets in; else NAME is a machine's own name
       --app APP       only for this app; default: any
       --path PATH     only for paths of this pattern, such as /reports/**; default: every path
       --expires TIME  how long it lives, such as 12h or 30d, at most 366d; default: 90d
  list [--json]      every token that lives: whose, what for, until when, when it was last used
  revoke REFERENCE   ends a token, by its reference in the list; a running gateway knows within a second

They may be used while the gateway runs. Scope "authenticate" is for backends that log people in, and for machines only.
Exit code 0: done. 1: not done, and why was said. 2: this command was not understood.
`
