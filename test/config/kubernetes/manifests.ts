import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'

const FOLDER = fileURLToPath(new URL('../../../config/kubernetes', import.meta.url))

/** The shipped files by name, such as `shared/redis.yaml`. */
export type ManifestFiles = ReadonlyMap<string, string>

/** One object of the cluster. */
export interface Manifest {
  readonly kind: string
  readonly name: string
  /** Blank for a Namespace itself. */
  readonly namespace: string
  readonly value: unknown
}

/** Something that runs pods. */
export interface Workload extends Manifest {
  readonly labels: Labels
  readonly pod: unknown
  readonly containers: readonly unknown[]
}

type Labels = Readonly<Record<string, unknown>>

/** Reads every file of these folders of `config/kubernetes/`. */
export function readManifests(...folders: readonly string[]): ManifestFiles {
  return new Map(
    folders.flatMap(folder =>
      readdirSync(join(FOLDER, folder)).map((file): [string, string] => [
        `${folder}/${file}`,
        readFileSync(join(FOLDER, folder, file), 'utf8'),
      ]),
    ),
  )
}

/** Every object of the files. Throws at what is no YAML 1.1, which is what kubectl reads: `0400` is octal there. */
export function manifestsOf(files: ManifestFiles): readonly Manifest[] {
  return [...files].flatMap(([file, text]) =>
    parseAllDocuments(text, { version: '1.1' }).map(document => {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join(', ')}`)
      const value: unknown = document.toJS()
      const [kind, name] = [textAt(value, 'kind'), textAt(value, 'metadata', 'name')]
      if (kind === '' || name === '' || textAt(value, 'apiVersion') === '')
        throw new Error(`${file} has an object without apiVersion, kind or name`)
      return { kind, name, namespace: textAt(value, 'metadata', 'namespace'), value }
    }),
  )
}

/** Those of the objects that run pods. */
export function workloadsOf(manifests: readonly Manifest[]): readonly Workload[] {
  return manifests
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(manifest => {
      const template = at(manifest.value, 'spec', 'template')
      const pod = at(template, 'spec')
      return {
        ...manifest,
        labels: labelsAt(template, 'metadata', 'labels'),
        pod,
        containers: listAt(pod, 'containers'),
      }
    })
}

/** What stands there; undefined where nothing does. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? Object.entries(inner).find(([own]) => own === key)?.[1]
        : undefined,
    value,
  )
}

/** A text that stands there; blank where none does. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}

/** A list that stands there; empty where none does. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found: unknown = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/** Labels that stand there; none where nothing does. */
export function labelsAt(value: unknown, ...path: readonly string[]): Labels {
  const found = at(value, ...path)
  return typeof found === 'object' && found !== null ? { ...found } : {}
}

/** Whether a selector selects something with these labels. An empty one selects everything. */
export function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}
