/** The help of every subcommand of `store`. */
export const STORE_HELP = `gatehouse store migrate --to STORE [--from STORE] [--force] [--json] [--config gateway.yaml]

  migrate   copies everything that the gateway remembers: accounts, factors, tokens, keys, devices, sessions, counts of
            failures. Then it compares the copy with the source, record by record.
    --to     the store to copy into
    --from   the store to copy from; default: that of gateway.yaml
    --force  copies into a store that is not empty; records of the same name are replaced
    --json   { "records": number, "kinds": { kind: number }, "differing": number }

STORE is redis://host:port/database, rediss://… with TLS, a directory of an embedded store, or another configuration
file (.yaml), whose setting "store" is meant: so for a password, Sentinel, a cluster or a private authority.
Stop every gateway first: what it writes meanwhile is not copied, and is told. Whoever opens the copy needs the same
secret; the one that the gateway made by itself is the file "secret" in the directory of the embedded store.
Exit code 0: done, and the copy is like the source. 1: not done, or they differ, and why was said. 2: this command was
not understood.
`
