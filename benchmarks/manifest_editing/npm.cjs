// Makes edits of package.json files by npm's own code: `npm install --save…` and `npm uninstall` without the tree.
// stdin: a JSON list of { folder, verb, name, version, group }; stdout: a JSON list of { error } or {}.
const { join } = require('path')
const npm = process.argv[2]
const PackageJson = require(join(npm, 'node_modules/@npmcli/package-json'))
const rules = require(join(npm, 'node_modules/@npmcli/arborist/lib/add-rm-pkg-deps.js'))
const SECTIONS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies',
  'bundleDependencies', 'peerDependenciesMeta']

async function edit ({ folder, verb, name, version, group }) {
  const file = await PackageJson.load(folder)
  const pkg = structuredClone(file.content)
  if (verb === 'remove' || verb === 'absent') {
    rules.rm(pkg, [name])
  } else {
    rules.add({ pkg, add: [{ name, rawSpec: version || '*' }], saveType: group || undefined })
  }
  file.update(Object.fromEntries(SECTIONS.map(key => [key, pkg[key]])))
  for (const key of SECTIONS) if (pkg[key] === undefined) delete file.content[key]
  await file.save()
}

async function main () {
  let text = ''
  for await (const part of process.stdin) text += part
  const answers = []
  for (const job of JSON.parse(text)) {
    try {
      await edit(job)
      answers.push({})
    } catch (error) {
      answers.push({ error: String(error.message) })
    }
  }
  process.stdout.write(JSON.stringify(answers))
}
main()
