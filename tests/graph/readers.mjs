// Reads an exported network with the JavaScript libraries it is made for and prints, as JSON, what they hold.
// Called as: node readers.mjs cytoscape|gexf FILE; the libraries are those of server/web.
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../server/web/package.json", import.meta.url));
const [kind, path] = process.argv.slice(2);
const text = readFileSync(path, "utf8");

function cytoscape() {
  const { elements, style } = JSON.parse(text);
  const cy = require("cytoscape")({ headless: true, styleEnabled: true, elements, style });
  return {
    nodes: cy.nodes().map((node) => ({ ...node.data(), fill: node.style("background-color"), form: node.style("shape") })),
    edges: cy.edges().map((edge) => ({ ...edge.data(), from: edge.source().data("label"), to: edge.target().data("label") })),
  };
}

function gexf() {
  const graph = require("graphology-gexf").parse(require("graphology").MultiDirectedGraph, text);
  return {
    nodes: graph.mapNodes((id, data) => ({ id, ...data })),
    edges: graph.mapEdges((id, data, source, target) => ({ id, ...data, source, target })),
  };
}

let rest = Buffer.from(JSON.stringify({ cytoscape, gexf }[kind]()));
while (rest.length) rest = rest.subarray(writeSync(1, rest));
process.exit(0); // Cytoscape.js keeps a timer for its animations
