/** These objects as one YAML stream, a document each. */
export async function yamlOf(...objects: readonly unknown[]): Promise<string> {
  const { dumpYaml } = await import('@kubernetes/client-node/dist/yaml.js');
  return objects.map((object) => dumpYaml(object, { lineWidth: -1 })).join('---\n');
}
