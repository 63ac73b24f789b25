import type { GatewayConfig } from '../config/gateway-config.js'
import { shortName } from './short-name.js'

/** The configuration with the place of every route named as a person in `cwd` would write the file. */
export function withShortPlaces(config: GatewayConfig, cwd: string): GatewayConfig {
  const apps = config.apps.map(app => ({
    ...app,
    policy: {
      ...app.policy,
      routes: app.policy.routes.map(route => ({
        ...route,
        place: route.place && { ...route.place, file: shortName(cwd, route.place.file) },
      })),
    },
  }))
  return { ...config, apps }
}
