/** The help of every subcommand of `audit`. */
export const AUDIT_HELP = `gatehouse audit SUBCOMMAND [--config gateway.yaml]

  verify [FILE…] [--key PUBLIC…] [--json]
           whether the log is whole: finds a changed, dropped, reordered, inserted or cut line, and names it
       --key PUBLIC   only checkpoints that this key signed hold, as "audit key" printed it when nobody doubted the
                      machine; default: the keys of the secrets of the configuration
  show [FILE…] [--user NAME] [--since 1d] [--event NAME] [--json]
           what happened, the oldest first; times are UTC
  key      prints the public key that signs the checkpoints now, for --key

FILE is a log or a part of one that was rotated away, also compressed (.gz); default: "file" of "audit" in the
configuration, with the parts beside it (audit.jsonl.1, audit.jsonl-20270115.gz).
Exit code 0: done; the log holds. 1: it does not, or it cannot be read. 2: this command was not understood.
`
