// Bundles the third-party parts of the pages into ../static/build: `npm ci --ignore-scripts && node build.mjs`.
// The pages' own scripts stand in ../static as they are; they import these bundles where they need them.
import { build } from "esbuild";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
const target = new URL("../static/build/", import.meta.url).pathname;
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

// YASGUI's column resizer writes style elements, which our Content-Security-Policy forbids: its one sheet becomes a
// constructed one, and the cursor it sets on everything while a column is dragged is left out.
const STYLED = 'o.type = "text/css", o.gripid = r, o.styleSheet ? o.styleSheet.cssText = n : o.appendChild(document.createTextNode(n)), e.appendChild(o);';
const SHEETED = `if (!n.startsWith("*")) {
  const sheet = new CSSStyleSheet(), once = window.__gripSheets ??= new Set();
  if (!once.has(n)) { once.add(n); sheet.replaceSync(n); document.adoptedStyleSheets.push(sheet); }
}
e.appendChild(document.createComment("column resizer"));`;
const patched = {
  name: "patched",
  setup({ onLoad }) {
    onLoad({ filter: /yasgui\.esm\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes(STYLED)) throw new Error(`${path} has changed: look at how its column resizer adds styles`);
      return { contents: text.replace(STYLED, SHEETED), loader: "js" };
    });
  },
};

const result = await build({
  absWorkingDir: new URL(".", import.meta.url).pathname,
  entryPoints: { graph: "src/graph.js", layout: "src/layout.js", query: "src/query.js", chart: "src/chart.js" },
  outdir: target,
  bundle: true,
  plugins: [patched],
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
