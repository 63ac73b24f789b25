/** The help of the command `secret` and of its subcommand. */
export const SECRET_HELP = `gatehouse secret
gatehouse secret reseal [--yes] [--json] [--config gateway.yaml]

Without a subcommand: prints a new secret of 256 random bits for the setting "secret". Keep it in a file that only the
gateway can read:
  (umask 077; gatehouse secret > secret)

  reseal   seals everything in the store anew with the first secret of the list, so that the others can be dropped. It
           may run while the gateway does. It asks first, or wants --yes: a gateway that still runs without the new
           secret could not read the store any more.
    --yes    does not ask
    --json   { "anew": …, "already": …, "unopened": { kind: … } }, numbers of records

To change the secret without logging anybody out:
  1. (umask 077; gatehouse secret > secret.new)
  2. list both, the new one first:  secret: [{ file: secret.new }, { file: secret }]
     The secret that the gateway made by itself is the file "secret" in the directory of the store.
  3. restart every gateway
  4. gatehouse secret reseal
  5. take the old one out of the list, restart, and delete its file; old backups of the store need it still
Exit code 0: done; everything is sealed with the first secret. 1: not done, or some records cannot be opened, and why
was said. 2: this command was not understood.
`
