import { at, labelsAt, listAt, selects, textAt } from './manifests.js'
import { manifestsOf, workloadsOf, type Manifest, type ManifestFiles, type Workload } from './manifests.js'

/** What does not agree in these files, or lets a pod do more than it needs; none: they are sound. */
export function findPodFaults(files: ManifestFiles): readonly string[] {
  const manifests = manifestsOf(files)
  const workloads = workloadsOf(manifests)
  return [
    ...manifests.flatMap(manifest => placeFaults(manifest, manifests)),
    ...workloads.flatMap(workload =>
      [
        ...rightsFaults(workload),
        ...volumeFaults(workload, manifests, documentedSecrets(files)),
        ...probeFaults(workload),
      ].map(fault => `${workload.kind} ${workload.name}: ${fault}`),
    ),
    ...manifests.flatMap(manifest =>
      [...selectorFaults(manifest, workloads), ...backendFaults(manifest, manifests)].map(
        fault => `${manifest.kind} ${manifest.name}: ${fault}`,
      ),
    ),
  ]
}

/** The keys of each Secret that a comment says how to make, by its namespace and name. */
export function documentedSecrets(files: ManifestFiles): ReadonlyMap<string, readonly string[]> {
  const commands = [...files.values()]
    .join('\n')
    .replace(/\\\n#\s*/g, '')
    .matchAll(/kubectl -n (\S+) create secret generic (\S+) (.*)/g)
  return new Map(
    [...commands].map(([, namespace = '', name = '', words = '']) => [
      `${namespace}/${name}`,
      [...words.matchAll(/--from-file=([\w.]+)/g)].map(([, key = '']) => key),
    ]),
  )
}

function placeFaults({ kind, name, namespace }: Manifest, all: readonly Manifest[]): readonly string[] {
  if (kind === 'Secret') return [`Secret ${name}: a secret in a file is none`]
  const same = all.filter(
    other => other.kind === kind && other.name === name && other.namespace === namespace,
  )
  const isMade = all.some(other => other.kind === 'Namespace' && other.name === namespace)
  return [
    ...(same.length > 1 ? [`${kind} ${name} is there twice`] : []),
    ...(kind === 'Namespace' || isMade ? [] : [`${kind} ${name}: nobody makes its namespace "${namespace}"`]),
  ]
}

function rightsFaults({ pod, containers }: Workload): readonly string[] {
  const faults = (wanted: readonly (readonly [boolean, string])[]): readonly string[] =>
    wanted.filter(([holds]) => !holds).map(([, fault]) => fault)
  return [
    ...faults([
      [at(pod, 'automountServiceAccountToken') === false, 'it gets a token of the cluster'],
      [at(pod, 'securityContext', 'runAsNonRoot') === true, 'it may run as root'],
      [
        textAt(pod, 'securityContext', 'seccompProfile', 'type') === 'RuntimeDefault',
        'it has no seccomp profile',
      ],
      [containers.length > 0, 'it has no container'],
    ]),
    ...containers.flatMap(container => {
      const context = at(container, 'securityContext')
      return faults([
        [at(context, 'allowPrivilegeEscalation') === false, 'a container may get more rights'],
        [at(context, 'readOnlyRootFilesystem') === true, 'a container may write to its root'],
        [listAt(context, 'capabilities', 'drop').includes('ALL'), 'a container keeps capabilities'],
        [/^[a-z]+:[0-9][0-9.]*$/.test(textAt(container, 'image')), 'an image has no version'],
      ])
    }),
  ]
}

function volumeFaults(
  workload: Workload,
  all: readonly Manifest[],
  secrets: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const own = all.filter(({ namespace }) => namespace === workload.namespace)
  const isThere = (kind: string, name: string): boolean =>
    own.some(manifest => manifest.kind === kind && manifest.name === name)
  const volumes = listAt(workload.pod, 'volumes')
  const claimed = listAt(workload.value, 'spec', 'volumeClaimTemplates').map(claim =>
    textAt(claim, 'metadata', 'name'),
  )
  const names = [...volumes.map(volume => textAt(volume, 'name')), ...claimed]
  const mounted = workload.containers
    .flatMap(container => listAt(container, 'volumeMounts'))
    .map(mount => textAt(mount, 'name'))
  return [
    ...mounted.filter(name => !names.includes(name)).map(name => `there is no volume "${name}"`),
    ...names.filter(name => !mounted.includes(name)).map(name => `nothing mounts "${name}"`),
    ...volumes.flatMap(volume => {
      const map = textAt(volume, 'configMap', 'name')
      const claim = textAt(volume, 'persistentVolumeClaim', 'claimName')
      const secret = textAt(volume, 'secret', 'secretName')
      if (map !== '') return isThere('ConfigMap', map) ? [] : [`there is no ConfigMap "${map}"`]
      if (claim !== '') return isThere('PersistentVolumeClaim', claim) ? [] : [`there is no claim "${claim}"`]
      if (at(volume, 'emptyDir') !== undefined) return []
      const keys = secrets.get(`${workload.namespace}/${secret}`)
      if (keys === undefined) return [`nothing says how to make the Secret "${secret}"`]
      if (at(volume, 'secret', 'defaultMode') !== 0o400) return [`everybody may read the Secret "${secret}"`]
      return listAt(volume, 'secret', 'items')
        .map(item => textAt(item, 'key'))
        .filter(key => !keys.includes(key))
        .map(key => `the Secret "${secret}" has no "${key}"`)
    }),
  ]
}

function probeFaults({ containers }: Workload): readonly string[] {
  return containers.flatMap(container => {
    const ports = portNames(container)
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map(probe => at(container, probe))
    return [
      ...probes
        .filter(probe => probe !== undefined)
        .map(probe => textAt(probe, 'httpGet', 'port') || textAt(probe, 'tcpSocket', 'port'))
        .filter(port => !ports.includes(port))
        .map(port => `a probe asks at "${port}", which is no port of the container`),
      ...(textAt(container, 'name') === 'gatehouse' && probes.includes(undefined)
        ? ['a probe of the gateway is missing']
        : []),
    ]
  })
}

function portNames(container: unknown): readonly string[] {
  return listAt(container, 'ports').map(port => textAt(port, 'name'))
}

function selectorFaults(
  { kind, namespace, value, name }: Manifest,
  workloads: readonly Workload[],
): readonly string[] {
  const own = workloads.filter(workload => workload.namespace === namespace)
  const labels =
    kind === 'Service'
      ? labelsAt(value, 'spec', 'selector')
      : labelsAt(value, 'spec', 'selector', 'matchLabels')
  if (kind === 'Service') {
    const behind = own.filter(workload => selects(labels, workload.labels))
    if (behind.length !== 1) return ['it selects no pods, or those of several apps']
    const ports = behind.flatMap(({ containers }) => containers.flatMap(portNames))
    return listAt(value, 'spec', 'ports')
      .map(port => textAt(port, 'targetPort'))
      .filter(port => !ports.includes(port))
      .map(port => `its pods have no port "${port}"`)
  }
  if (kind === 'PodDisruptionBudget')
    return own.some(workload => selects(labels, workload.labels)) ? [] : ['it selects no pods']
  return own
    .filter(workload => workload.kind === kind && workload.name === name)
    .flatMap(workload => {
      const spread = listAt(workload.pod, 'topologySpreadConstraints').map(each =>
        labelsAt(each, 'labelSelector', 'matchLabels'),
      )
      const all = [labels, ...spread]
      return all.every(each => Object.keys(each).length > 0 && selects(each, workload.labels))
        ? []
        : ['it does not select its own pods']
    })
}

/** The Services that an Ingress or an IngressRoute leads to, and the middlewares it names. */
function backendFaults({ kind, namespace, value }: Manifest, all: readonly Manifest[]): readonly string[] {
  const own = all.filter(manifest => manifest.namespace === namespace)
  const routes = listAt(value, 'spec', 'routes')
  const backends =
    kind === 'Ingress'
      ? listAt(value, 'spec', 'rules')
          .flatMap(rule => listAt(rule, 'http', 'paths'))
          .map(path => at(path, 'backend', 'service'))
          .map(service => [textAt(service, 'name'), textAt(service, 'port', 'name')] as const)
      : routes
          .flatMap(route => listAt(route, 'services'))
          .map(service => [textAt(service, 'name'), textAt(service, 'port')] as const)
  const middlewares = routes.flatMap(route => listAt(route, 'middlewares')).map(each => textAt(each, 'name'))
  return [
    ...backends
      .filter(
        ([name, port]) =>
          !own.some(
            manifest =>
              manifest.kind === 'Service' &&
              manifest.name === name &&
              listAt(manifest.value, 'spec', 'ports').some(each => textAt(each, 'name') === port),
          ),
      )
      .map(([name, port]) => `there is no Service "${name}" with a port "${port}"`),
    ...middlewares
      .filter(name => !own.some(manifest => manifest.kind === 'Middleware' && manifest.name === name))
      .map(name => `there is no Middleware "${name}"`),
  ]
}
