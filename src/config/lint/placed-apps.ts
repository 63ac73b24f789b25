import type { GatewayConfig } from '../gateway-config.js'
import type { PlacedRoute } from '../reachability.js'
import type { Path } from '../read-yaml.js'
import { isBlock } from '../settings.js'

/** An app of a sound file, with where it and its routes stand. */
export interface LintedApp {
  readonly path: Path
  readonly name: string
  readonly host: string
  readonly routes: readonly PlacedRoute[]
}

/**
 * The apps of a configuration with their places.
 * @param raw the file's value: it tells whether there is one app at its top, or `apps`
 */
export function placedApps(config: Pick<GatewayConfig, 'apps'>, raw: unknown): readonly LintedApp[] {
  const isList = isBlock(raw) && Object.hasOwn(raw, 'apps')
  return config.apps.map(({ policy: { name, host, routes } }, index) => {
    const path = isList ? ['apps', index] : []
    return {
      path,
      name,
      host,
      routes: routes.map((route, at) => ({ route, path: [...path, 'routes', at] })),
    }
  })
}
