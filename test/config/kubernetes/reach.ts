import {
  at,
  labelsAt,
  listAt,
  selects,
  textAt,
  workloadsOf,
  type Manifest,
  type Workload,
} from './manifests.js'

/**
 * Who gets to the pods of each workload through the NetworkPolicies: `namespace/name:port`, sorted. `name` is that of a
 * workload of these files, or, for others, the labels they must have (`*`: any). `everybody` where no policy selects the
 * pods, or where one lets in everybody.
 */
export function findReach(manifests: readonly Manifest[]): Readonly<Record<string, readonly string[]>> {
  const workloads = workloadsOf(manifests)
  return Object.fromEntries(
    workloads.map(workload => {
      const policies = manifests.filter(
        ({ kind, namespace, value }) =>
          kind === 'NetworkPolicy' &&
          namespace === workload.namespace &&
          listAt(value, 'spec', 'policyTypes').includes('Ingress') &&
          selects(labelsAt(value, 'spec', 'podSelector', 'matchLabels'), workload.labels),
      )
      const reached = policies.flatMap(policy => letsIn(policy, workload, workloads))
      return [workload.name, policies.length === 0 ? ['everybody'] : [...new Set(reached)].sort()]
    }),
  )
}

function letsIn(policy: Manifest, workload: Workload, workloads: readonly Workload[]): readonly string[] {
  return listAt(policy.value, 'spec', 'ingress').flatMap(rule => {
    const ports = listAt(rule, 'ports').map(port => JSON.stringify(at(port, 'port')))
    const peers = listAt(rule, 'from')
    if (peers.length === 0 || ports.length === 0) return ['everybody']
    return peers.flatMap(peer => ports.map(port => `${nameOf(peer, workload, workloads)}:${port}`))
  })
}

/** Throws for labels of a namespace of these files that no pods there have. */
function nameOf(peer: unknown, { namespace: own }: Workload, workloads: readonly Workload[]): string {
  const isAway = at(peer, 'namespaceSelector') !== undefined
  const away = textAt(peer, 'namespaceSelector', 'matchLabels', 'kubernetes.io/metadata.name')
  if (isAway && away === '') return 'everybody'
  const namespace = isAway ? away : own
  const labels = labelsAt(peer, 'podSelector', 'matchLabels')
  const words = Object.values(labels).map(String).join(' ')
  const here = workloads.filter(workload => workload.namespace === namespace)
  if (here.length === 0) return `${namespace}/${words || '*'}`
  const found = here.filter(workload => selects(labels, workload.labels))
  if (found.length === 0) throw new Error(`no pods of ${namespace} are ${words}`)
  return `${namespace}/${found.map(({ name }) => name).join(' ')}`
}
