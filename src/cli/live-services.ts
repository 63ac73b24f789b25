import { createServices, type Services } from '../assembly/services.js'
import type { Audit } from '../audit/audit-event.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import type { Store } from '../store/store.js'
import { openFileDirectory } from '../users/file-directory.js'
import { createHashThreads } from '../users/hash-threads.js'
import type { CliIo } from './cli-io.js'
import { openStore } from './deployment.js'

/** What the gateway knows of people, open also while it runs. */
export interface LiveServices extends Services {
  readonly store: Store
  readonly audit: Audit
}

/**
 * Works on what the gateway knows of people. The store is made when there is none.
 * @param audit told of what the services tell; by default nobody is
 */
export async function withServices<R>(
  config: GatewayConfig,
  io: CliIo,
  work: (services: LiveServices) => Promise<R>,
  audit: Audit = () => undefined,
): Promise<R> {
  const ignore = (): void => undefined
  const directory = openFileDirectory({ file: config.users.file, onChange: ignore, onFault: ignore })
  const { store, secrets } = openStore(config, io)
  const hasher = createHashThreads()
  try {
    const services = createServices({
      config,
      store,
      secrets,
      directory,
      hasher,
      now: io.now,
      random: io.random,
      audit,
      lookAhead: () => ({ opens: false, stepUp: undefined }),
      messages: { mail: undefined, sms: undefined },
      onFault: ignore,
    })
    return await work({ ...services, store, audit })
  } finally {
    directory.close()
    await hasher.close()
    await store.close()
  }
}
