import { readFileSync, readdirSync } from "node:fs"

const all = { documents: [], lists: [], lines: [], summaries: [] }
const folder = process.env.BENCH_DATA
for (const file of readdirSync(folder).sort()) {
  for (const { id, name, address, folder: at, types } of JSON.parse(readFileSync(`${folder}/${file}`, "utf8"))) {
    const customer = { id, name, address }
    for (const { type, documents, rows, total, lines } of types) {
      for (const it of documents) all.documents.push({ at, type, customer, it })
      all.lists.push({ at, type, customer, rows, total })
      if (lines) all.lines.push({ at, type, customer, rows: lines })
    }
    all.summaries.push({ at, customer, counts: types.map(({ type, documents }) => [type, documents.length]) })
  }
}

export default function (config) {
  config.setUseGitIgnore(false)
  config.setQuietMode(true)
  for (const name of Object.keys(all)) config.addGlobalData(name, () => all[name])
  return { dir: { input: "pages", output: process.env.BENCH_OUTPUT }, templateFormats: ["11ty.js"] }
}
