import { createOwnPaths } from '../access/own-paths.js'
import type { Policy } from '../access/policy.js'
import { compileRouteTable } from '../access/route-table.js'
import type { GatewayConfig } from './gateway-config.js'

/** What decides, made ready for many requests. */
export function compilePolicy(
  config: Pick<GatewayConfig, 'apps' | 'publicUrl' | 'authPath' | 'hash'>,
): Policy {
  const { apps, publicUrl, authPath, hash } = config
  const lenient = new Map(apps.map(app => [app.policy.host, app.allowInPath]))
  return {
    routes: compileRouteTable(apps.map(app => app.policy)),
    leniencies: host => lenient.get(host) ?? lenient.get(`*${host.slice(host.indexOf('.'))}`) ?? [],
    isOwn: createOwnPaths(publicUrl.host, authPath),
    secure: publicUrl.secure,
    hash,
  }
}
