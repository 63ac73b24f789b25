import { parse } from 'yaml'
import type { GatewayConfig } from '../../../src/config/gateway-config.js'
import { EXT_AUTHZ_PREFIX } from '../../../src/gate/forward-auth-addresses.js'
import { loadText, SECRET } from '../broken-file.js'
import {
  at,
  listAt,
  manifestsOf,
  textAt,
  workloadsOf,
  type Manifest,
  type ManifestFiles,
} from './manifests.js'
import type { Workload } from './manifests.js'
import { documentedSecrets } from './pod-rules.js'

/** A gateway of these files: its pods, its configuration, and what the loader warns of. */
interface ShippedGateway {
  readonly workload: Workload
  readonly config: GatewayConfig
  readonly warnings: readonly string[]
  /** The addresses in its file at which it looks for apps and for Redis. */
  readonly calls: readonly string[]
}

/**
 * Loads the gateway.yaml of the files with the secrets where the pods have them. Throws when the real loader refuses
 * it, and when there is not exactly one.
 */
export function loadGateway(files: ManifestFiles): ShippedGateway {
  const manifests = manifestsOf(files)
  const [map, ...others] = manifests.filter(({ value }) => textAt(value, 'data', 'gateway.yaml') !== '')
  const workload = workloadsOf(manifests).find(({ containers }) =>
    containers.some(container => textAt(container, 'name') === 'gatehouse'),
  )
  if (map === undefined || others.length > 0 || workload === undefined)
    throw new Error('there is not one gateway')
  const text = textAt(map.value, 'data', 'gateway.yaml')
  const mounted = mountedSecrets(workload, files)
  const loaded = loadText(text, { files: Object.fromEntries(mounted.map(file => [file, SECRET])) })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
  if (!mounted.includes(loaded.config.users.file)) throw new Error('the users file is in no Secret')
  const written: unknown = parse(text)
  return {
    workload,
    config: loaded.config,
    warnings: loaded.warnings.map(({ message }) => message),
    calls: [written, ...listAt(written, 'apps')]
      .map(app => textAt(app, 'upstream'))
      .concat(textAt(written, 'store', 'redis', 'url'))
      .filter(url => url !== ''),
  }
}

/** What does not agree between the gateway and the cluster around it; none: it is sound. */
export function findGatewayFaults(files: ManifestFiles): readonly string[] {
  const manifests = manifestsOf(files)
  const { workload, config, calls } = loadGateway(files)
  const container = gatewayOf(workload)
  const ports = listAt(container, 'ports').map(port => at(port, 'containerPort'))
  const grace = Number(at(workload.pod, 'terminationGracePeriodSeconds')) * 1000
  const listens = [config.listen, config.metrics?.listen].filter(listen => listen !== undefined)
  return [
    ...(grace > config.shutdownDelay + config.shutdown ? [] : ['it is killed before it is done']),
    ...(config.shutdownDelay >= 5_000 ? [] : ['it closes before the cluster knows']),
    ...(config.store.redis === undefined || unreadyAfter(container) >= 30
      ? []
      : ['a moment without Redis takes public routes away']),
    ...(config.trustedProxies === undefined ? ['it believes no ingress controller'] : []),
    ...listens.flatMap(({ host, port }) =>
      host === '0.0.0.0' && ports.includes(port) ? [] : [`nobody gets to port ${port}`],
    ),
    ...(mountsOf(container).has('/etc/gatehouse')
      ? []
      : ['the image looks for gateway.yaml in /etc/gatehouse']),
    ...calls.filter(url => !url.startsWith('http://127.0.0.1:')).flatMap(url => callFaults(url, manifests)),
    ...storeFaults(config, workload),
    ...manifests.flatMap(manifest => askingFaults(manifest, manifests, config)),
    ...openAsking(manifests, config),
  ]
}

function gatewayOf({ containers }: Workload): unknown {
  return containers.find(container => textAt(container, 'name') === 'gatehouse')
}

/** For how many seconds a gateway must not be ready before nobody is sent to it any more. */
function unreadyAfter(container: unknown): number {
  const probe = at(container, 'readinessProbe')
  return Number(at(probe, 'periodSeconds') ?? 10) * Number(at(probe, 'failureThreshold') ?? 3)
}

/** The volumes of a container by the folder at which they are. */
function mountsOf(container: unknown): ReadonlyMap<string, string> {
  return new Map(
    listAt(container, 'volumeMounts').map(mount => [textAt(mount, 'mountPath'), textAt(mount, 'name')]),
  )
}

/** The files that the gateway has from Secrets. */
function mountedSecrets(workload: Workload, files: ManifestFiles): readonly string[] {
  const secrets = documentedSecrets(files)
  return [...mountsOf(gatewayOf(workload))].flatMap(([folder, name]) => {
    const volume = listAt(workload.pod, 'volumes').find(each => textAt(each, 'name') === name)
    const items = listAt(volume, 'secret', 'items').map(item => textAt(item, 'path'))
    const all = secrets.get(`${workload.namespace}/${textAt(volume, 'secret', 'secretName')}`) ?? []
    return (items.length > 0 ? items : all).map(file => `${folder}/${file}`)
  })
}

/** Whether a Service of the files is meant by an address of the cluster. */
function callFaults(url: string, manifests: readonly Manifest[]): readonly string[] {
  const [, name, namespace, port = '80'] =
    /^(?:http|redis):\/\/([\w-]+)\.([\w-]+)\.svc\.cluster\.local(?::([0-9]+))?(?:\/|$)/.exec(url) ?? []
  const isThere = manifests.some(
    manifest =>
      manifest.kind === 'Service' &&
      manifest.name === name &&
      manifest.namespace === namespace &&
      listAt(manifest.value, 'spec', 'ports').some(each => at(each, 'port') === Number(port)),
  )
  return isThere ? [] : [`there is no Service at ${url}`]
}

/** The embedded store must outlive the pod, and is for one. */
function storeFaults({ store }: GatewayConfig, workload: Workload): readonly string[] {
  if (store.embedded === undefined) return []
  const mount = [...mountsOf(gatewayOf(workload))].find(([folder]) => store.embedded.startsWith(`${folder}/`))
  const volume = listAt(workload.pod, 'volumes').find(each => textAt(each, 'name') === mount?.[1])
  return [
    ...(at(volume, 'persistentVolumeClaim') === undefined ? ['the store is lost with the pod'] : []),
    ...(at(workload.value, 'spec', 'replicas') === 1 ? [] : ['several pods have one embedded store']),
    ...(textAt(workload.value, 'spec', 'strategy', 'type') === 'Recreate'
      ? []
      : ['two pods have the store while one follows the other']),
  ]
}

/** What is wrong with how another proxy asks. */
function askingFaults(
  { kind, name, value }: Manifest,
  manifests: readonly Manifest[],
  config: GatewayConfig,
): readonly string[] {
  const annotation = (key: string): string =>
    textAt(value, 'metadata', 'annotations', `nginx.ingress.kubernetes.io/${key}`)
  const asks = textAt(value, 'spec', 'forwardAuth', 'address') || annotation('auth-url')
  const hosts = listAt(value, 'spec', 'rules').map(rule => textAt(rule, 'host'))
  const isAsked = config.apps.some(({ policy }) => policy.forwardAuth === true && hosts.includes(policy.host))
  if (asks === '') return isAsked ? [`${kind} ${name}: it lets everybody in`] : []
  const passed =
    kind === 'Ingress'
      ? annotation('auth-response-headers').split(', ')
      : listAt(value, 'spec', 'forwardAuth', 'authResponseHeaders')
  const login = `${config.publicUrl.origin}${config.authPath}/login`
  return [
    ...callFaults(asks, manifests),
    ...(asks.endsWith(`${config.authPath}/verify?cookies=app`) ? [] : ['it asks somewhere else']),
    ...(passed.includes('Cookie') ? [] : ['the app sees the cookie of the gateway']),
    ...Object.values(config.identityHeaders)
      .filter(header => !passed.includes(header))
      .map(header => `a client may say ${String(header)}`),
    ...(kind === 'Ingress' && annotation('auth-signin') !== login ? ['people are sent somewhere else'] : []),
    ...(kind === 'Ingress' && annotation('auth-signin-redirect-param') !== 'return_to'
      ? ['nobody comes back']
      : []),
    ...(kind === 'Middleware' && at(value, 'spec', 'forwardAuth', 'trustForwardHeader') !== false
      ? ['strangers are believed']
      : []),
  ].map(fault => `${kind} ${name}: ${fault}`)
}

/** The addresses for proxies to which strangers get on a host that leads to the gateway. */
function openAsking(manifests: readonly Manifest[], config: GatewayConfig): readonly string[] {
  const asking = [`${config.authPath}/verify`, EXT_AUTHZ_PREFIX.replace(/\/[^/]*$/, ''), '/oauth2/auth']
  const gateway = manifests.filter(({ namespace }) => namespace === 'gatehouse')
  const ingresses = gateway.filter(({ kind }) => kind === 'Ingress')
  const pathsOf = (isClosed: boolean): readonly (readonly [string, string])[] =>
    ingresses
      .filter(
        ({ value }) => isClosed === (textAt(value, 'metadata', 'annotations', CLOSED) === '127.0.0.1/32'),
      )
      .flatMap(({ value }) => listAt(value, 'spec', 'rules'))
      .flatMap(rule =>
        listAt(rule, 'http', 'paths').map(path => [textAt(rule, 'host'), textAt(path, 'path')] as const),
      )
  const closed = pathsOf(true)
  const byIngress = pathsOf(false).flatMap(([host, under]) =>
    asking
      .filter(path => under === '/' || path === under || path.startsWith(`${under}/`))
      .filter(path => !closed.some(([shut, where]) => shut === host && where === path))
      .map(path => `${host}${path} is open to strangers`),
  )
  const rules = gateway
    .filter(({ kind }) => kind === 'IngressRoute')
    .flatMap(({ value }) => listAt(value, 'spec', 'routes').map(route => textAt(route, 'match')))
  const byRule = rules.flatMap(rule => {
    const [, under = '/'] = /(?<!!)PathPrefix\(`([^`]*)`\)/.exec(rule) ?? []
    return asking
      .filter(path => path.startsWith(under))
      .filter(path => !rule.includes(`!PathPrefix(\`${path}`))
      .map(path => `${path} is open to strangers by ${rule}`)
  })
  return [...byIngress, ...byRule]
}

const CLOSED = 'nginx.ingress.kubernetes.io/whitelist-source-range'
