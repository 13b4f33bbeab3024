// Bundles the third-party parts of the pages into ../static/build: `npm ci --ignore-scripts && node build.mjs`.
// The pages' own scripts stand in ../static as they are; they import these bundles where they need them.
import { build } from "esbuild";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
const target = new URL("../static/build/", import.meta.url).pathname;
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

const result = await build({
  absWorkingDir: new URL(".", import.meta.url).pathname,
  entryPoints: { graph: "src/graph.js", layout: "src/layout.js", query: "src/query.js", chart: "src/chart.js" },
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  loader: { ".svg": "dataurl", ".woff": "empty", ".woff2": "empty", ".ttf": "empty", ".eot": "empty" },
  metafile: true,
  logLevel: "warning",
});

// The licences of everything that went into the bundles travel with them.
const packages = new Set();
for (const output of Object.values(result.metafile.outputs)) {
  for (const input of Object.keys(output.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.add(found[1]);
  }
}
const lock = JSON.parse(readFileSync(new URL("package-lock.json", import.meta.url)));
const lines = [...packages].sort().map((name) => {
  const entry = lock.packages[`node_modules/${name}`];
  return `${name} ${entry.version} ${entry.license ?? "see its package"}`;
});
writeFileSync(`${target}LICENCES.txt`, `Bundled from the npm registry:\n${lines.join("\n")}\n`);
