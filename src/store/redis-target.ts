/** A host and a port; IPv6 without brackets. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
}

/** How a connection to Redis is protected. Certificates are always verified. */
export interface RedisTls {
  /** PEM text of the authorities; undefined: those of the system. */
  readonly ca: string | undefined
  /** The gateway's own certificate and key as PEM texts; undefined: Redis asks for none. */
  readonly identity: { readonly cert: string; readonly key: string } | undefined
  /** The name in the certificate of Redis; undefined: that of the address. */
  readonly serverName: string | undefined
}

/** Where the servers are. */
export type RedisPlace =
  | { readonly kind: 'server'; readonly address: RedisAddress }
  | {
      readonly kind: 'sentinel'
      readonly sentinels: readonly RedisAddress[]
      /** The name of the master, as the sentinels know it. */
      readonly name: string
      /** The password of the sentinels; undefined: they ask for none. */
      readonly password: string | undefined
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisAddress[] }

/** Redis or Valkey, as one server, behind Sentinel, or as a cluster. */
export interface RedisTarget {
  readonly place: RedisPlace
  /** The user of Redis' access list; undefined: the default one. */
  readonly username: string | undefined
  /** Undefined: Redis asks for none. */
  readonly password: string | undefined
  /** Undefined: the connection is not protected. */
  readonly tls: RedisTls | undefined
  /** The number of the database; always 0 in a cluster. */
  readonly db: number
  /** What the name of every key begins with, so that several gateways can share one Redis. */
  readonly prefix: string
  /** How long a command may take, in milliseconds. */
  readonly timeout: number
  /** How many replicas must have a write before it counts; 0: the master alone. */
  readonly replicas: number
  /** For how long a session or API token that was read is believed, in milliseconds; 0: it is read each time. */
  readonly cacheFor: number
}

/** Names a Redis for people: where it is, and nothing of what opens it. */
export function describeRedis({ place }: Pick<RedisTarget, 'place'>): string {
  const list = (addresses: readonly RedisAddress[]): string =>
    addresses.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${String(port)}`).join(', ')
  switch (place.kind) {
    case 'server':
      return `Redis at ${list([place.address])}`
    case 'sentinel':
      return `Redis "${place.name}" by the sentinels ${list(place.sentinels)}`
    case 'cluster':
      return `the Redis cluster at ${list(place.nodes)}`
  }
}
