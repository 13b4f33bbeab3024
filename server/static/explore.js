// The graph explorer: starts from a thing, expands, filters, finds paths, places and exports what is on screen.
// Drawing is done by Cytoscape.js, placing of large graphs by graphology in a worker (see build/).

import { cytoscape, Graph, gexf } from "./build/graph.js";
import { asGraphml, asSvg, isRightToLeft, save } from "./explore-export.js";
import { suggest } from "./site.js";

const CLOSE = 1.25; // a few things are not blown up to fill the canvas
const ROOM = 46; // pixels for each thing, along either side
const LARGE = 400; // nodes: beyond, edges are straight, labels wait for zoom, and the worker places
const FEW = 60; // nodes: up to these the forces keep their labels apart too
const root = document.getElementById("explorer");
const words = JSON.parse(root.dataset.words);
const language = document.documentElement.lang;
const byId = (id) => document.getElementById(id);
const canvas = byId("x-canvas");
/** Those of *elements* that no filter hides. */
const on = (elements) => elements.filter((element) => !element.hasClass("out"));
const hiddenKinds = new Set(), hiddenRelations = new Set();
const known = new Map(); // what Cytoscape does not hold: the address of each thing
let worker = null;

root.hidden = false;
document.querySelector(".fallback").hidden = true;

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colors = new Map();
/** The colour of a kind is the one style.css gives it. */
function kindColor(kind) {
  if (!colors.has(kind)) {
    const probe = document.createElement("span");
    probe.className = `k-${kind}`;
    document.body.append(probe);
    colors.set(kind, getComputedStyle(probe).getPropertyValue("--k").trim() || color("--k-record"));
    probe.remove();
  }
  return colors.get(kind);
}

const cy = cytoscape({
  container: canvas,
  minZoom: 0.02, maxZoom: 4,
  // Panning and zooming a large graph moves a picture of it; it is drawn anew when the hand rests.
  textureOnViewport: true, hideEdgesOnViewport: false, pixelRatio: "auto",
  style: [],
});
/** A label whose marks stay on their side: a canvas has one direction, labels have their own. */
function sided(label) {
  const mark = isRightToLeft(label) ? "\u200f" : "\u200e";
  return mark + label.replace(/[\p{P}\p{S}]+/gu, (found) => mark + found + mark);
}
function restyle() {
  const large = cy.nodes().length > LARGE;
  cy.style([
    { selector: "node", style: {
      label: (node) => sided(node.data("label")), "background-color": "data(color)", width: "data(size)", height: "data(size)", color: color("--ink"),
      "font-family": getComputedStyle(document.body).fontFamily, "font-size": (node) => (large ? 11 : 8 + node.data("size") / 4), "text-wrap": "wrap", "text-max-width": 120,
      "text-valign": "bottom", "text-margin-y": 3, "min-zoomed-font-size": large ? 9 : 6.5,
      "text-background-color": color("--raised"), "text-background-opacity": large ? 0 : 0.75, "text-background-padding": 1,
    } },
    { selector: "node[?record]", style: { shape: "round-rectangle", height: 14 } },
    { selector: "edge", style: {
      width: large ? 0.6 : 1.2, "line-color": color("--edge"), "curve-style": large ? "haystack" : "bezier", opacity: large ? 0.7 : 1,
      ...(large ? {} : {
        label: "data(label)", "font-size": 8.5, color: color("--soft"), "text-rotation": "autorotate", "min-zoomed-font-size": 8,
        "target-arrow-shape": "triangle", "target-arrow-color": color("--edge"), "arrow-scale": 0.8,
        "text-background-color": color("--raised"), "text-background-opacity": 0.85,
      }),
    } },
    { selector: ".start", style: { "border-width": 3, "border-color": color("--accent") } },
    { selector: "node:selected", style: { "border-width": 4, "border-color": color("--accent") } },
    { selector: "edge.way", style: { "line-color": color("--accent"), "target-arrow-color": color("--accent"), width: 3 } },
    { selector: "node.way", style: { "border-width": 3, "border-color": color("--accent") } },
    { selector: ".out", style: { display: "none" } },
  ]);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  colors.clear();
  cy.nodes().forEach((node) => { node.data("color", kindColor(node.data("kind"))); });
  restyle();
});

const status = (text) => { byId("x-status").textContent = text; };
const form = new Intl.NumberFormat(document.body.dataset.locale);
const plural = new Intl.PluralRules(language);
/** The form of a noun that stands after a number; the forms come in CLDR's order. */
function counted(number, forms) {
  const listed = forms.split("|"), order = listed.length === 6 ? ["zero", "one", "two", "few", "many", "other"] : ["one", "other"];
  return listed[order.indexOf(plural.select(number))] ?? listed.at(-1);
}
function count(more) {
  const shown = on(cy.elements());
  status(cy.nodes().length
    ? `${form.format(shown.nodes().length)} ${counted(shown.nodes().length, words.nodes)} · ${form.format(shown.edges().length)} ${counted(shown.edges().length, words.edges)}${more ? ` · ${words.more}` : ""}`
    : words.empty);
}

async function ask(path, parameters) {
  const reply = await fetch(`/api/graph${path}?${new URLSearchParams({ ...parameters, lang: language })}`);
  const data = await reply.json();
  if (!reply.ok) { status(`${words.failed}: ${data.detail ?? reply.status}`); return null; }
  return data;
}

/** Put what the server gave onto the canvas, new things near *around*. */
function add(data, around) {
  const place = around?.length ? around.position() : { x: 0, y: 0 };
  let turn = 0;
  cy.batch(() => {
    const fresh = [];
    for (const node of data.nodes) {
      if (cy.getElementById(node.id).length) continue;
      known.set(node.id, node.href);
      const angle = turn++ * 2.4; // the golden angle spreads them
      fresh.push({
        group: "nodes", data: { ...node, href: undefined, color: kindColor(node.kind), size: 18 },
        position: { x: place.x + Math.cos(angle) * (60 + 6 * turn), y: place.y + Math.sin(angle) * (60 + 6 * turn) },
      });
    }
    for (const edge of data.edges) if (!cy.getElementById(edge.id).length) fresh.push({ group: "edges", data: edge });
    cy.add(fresh);
    cy.nodes().forEach((node) => { node.data("size", node.data("record") ? 26 : Math.min(46, 14 + 4 * Math.sqrt(node.degree()))); });
  });
  restyle();
  filters();
  return turn;
}

function sorted(values) { return [...values].sort((one, other) => one[1].label.localeCompare(other[1].label, language)); }
/** The legend and the list of relations, each with a box that hides what it stands for. */
function filters() {
  const kinds = new Map(), relations = new Map();
  cy.nodes().forEach((node) => {
    const entry = kinds.get(node.data("kind")) ?? { label: node.data("class") || node.data("kind"), n: 0 };
    entry.n++;
    kinds.set(node.data("kind"), entry);
  });
  cy.edges().forEach((edge) => {
    const entry = relations.get(edge.data("property")) ?? { label: edge.data("label"), n: 0 };
    entry.n++;
    relations.set(edge.data("property"), entry);
  });
  const draw = (list, values, off, dotted) => list.replaceChildren(...sorted(values).map(([key, { label, n }]) => {
    const item = document.createElement("li"), line = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox";
    box.value = key;
    box.checked = !off.has(key);
    box.addEventListener("change", () => { if (box.checked) off.delete(key); else off.add(key); apply(); });
    line.append(box);
    if (dotted) {
      const dot = document.createElement("span");
      dot.className = `dot k-${key}`;
      line.append(dot);
    }
    const number = document.createElement("span");
    number.className = "n";
    number.textContent = form.format(n);
    line.append(label, number);
    item.append(line);
    return item;
  }));
  draw(byId("x-kinds"), kinds, hiddenKinds, true);
  draw(byId("x-relations"), relations, hiddenRelations, false);
  apply();
}
function apply() {
  const off = (edge) => hiddenRelations.has(edge.data("property"));
  cy.batch(() => {
    cy.nodes().forEach((node) => {
      const lost = node.degree() > 0 && hiddenRelations.size > 0 && !node.hasClass("start") && node.connectedEdges().every(off);
      node.toggleClass("out", hiddenKinds.has(node.data("kind")) || lost);
    });
  });
  cy.batch(() => cy.edges().forEach((edge) => { edge.toggleClass("out", off(edge) || edge.connectedNodes(".out").length > 0); }));
  count();
  listNodes();
}
/** Everything on screen as a list, for those who do not see the drawing or do not use a mouse. */
function listNodes() {
  const list = byId("x-list");
  if (!byId("x-all").open) { list.replaceChildren(); return; }
  const shown = on(cy.nodes()).sort((one, other) => one.data("label").localeCompare(other.data("label"), language)).slice(0, 500);
  list.replaceChildren(...shown.map((node) => {
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.textContent = node.data("label");
    button.addEventListener("click", () => { choose(node); byId("x-node").querySelector("button")?.focus(); });
    item.append(button);
    return item;
  }));
}
byId("x-all").addEventListener("toggle", listNodes);

const easy = matchMedia("(prefers-reduced-motion: reduce)");
async function place(kind = byId("x-layout").value) {
  const shown = on(cy.elements());
  if (!shown.nodes().length) return;
  delete root.dataset.placed;
  const animate = shown.nodes().length <= LARGE && !easy.matches;
  if (kind === "pack" || (kind === "force" && shown.nodes().length > LARGE)) return inWorker(kind, shown);
  const options = {
    force: { name: "fcose", quality: "default", randomize: true, nodeSeparation: 90, idealEdgeLength: 120, nodeRepulsion: 14000, packComponents: true, nodeDimensionsIncludeLabels: shown.nodes().length <= FEW },
    concentric: { name: "concentric", concentric: (node) => node.hasClass("start") ? 1e6 : node.degree(), levelWidth: () => 3, minNodeSpacing: 24, nodeDimensionsIncludeLabels: true },
    breadthfirst: { name: "breadthfirst", roots: shown.nodes(".start"), spacingFactor: 1.1, nodeDimensionsIncludeLabels: true },
    circle: { name: "circle", nodeDimensionsIncludeLabels: true }, grid: { name: "grid", nodeDimensionsIncludeLabels: true },
  }[kind];
  const run = shown.layout({ ...options, animate, animationDuration: 350, fit: true, padding: 40 });
  const done = run.promiseOn("layoutstop");
  run.run();
  await done;
  if (cy.zoom() > CLOSE) { cy.zoom(CLOSE); cy.center(shown); }
  root.dataset.placed = kind;
}
/** Places so wide that things have room and so narrow that they can be seen; what the forces threw far out comes nearer. */
function roomy(data) {
  const middle = (values) => [...values].sort((one, other) => one - other)[values.length >> 1];
  const x0 = middle(data.map(([, x]) => x)), y0 = middle(data.map(([, , y]) => y));
  const radii = data.map(([, x, y]) => Math.hypot(x - x0, y - y0)).sort((one, other) => one - other);
  const most = radii[Math.floor(radii.length * 0.97)] || 1; // all but a few are within
  const scale = (Math.sqrt(data.length) * ROOM) / 2 / most;
  return new Map(data.map(([id, x, y]) => {
    const radius = Math.hypot(x - x0, y - y0);
    const nearer = radius > most ? (most * (1 + Math.log1p(radius / most - 1) / 4)) / radius : 1;
    return [id, { x: (x - x0) * scale * nearer, y: (y - y0) * scale * nearer }];
  }));
}
function inWorker(kind, shown) {
  worker?.terminate();
  worker = new Worker(root.dataset.layoutWorker, { type: "module" });
  canvas.setAttribute("aria-busy", "true");
  worker.postMessage({
    kind,
    nodes: shown.nodes().map((node) => [node.id(), node.data("size") / 2, node.data("kind")]),
    edges: shown.edges().map((edge) => [edge.data("source"), edge.data("target")]),
  });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => {
      const at = roomy(data);
      cy.batch(() => shown.nodes().forEach((node) => { node.position(at.get(node.id())); }));
      cy.fit(shown, 40);
      canvas.removeAttribute("aria-busy");
      root.dataset.placed = kind;
      resolve();
    };
  });
}

async function expand(id, starting = false) {
  const data = await ask("", { thing: id });
  if (!data) return;
  const node = cy.getElementById(id);
  const fresh = add(data, node);
  if (starting) cy.getElementById(id).addClass("start");
  remember();
  if (fresh || starting) await place();
  count(data.more);
  choose(cy.getElementById(id));
}
/** The address keeps what the drawing started from, so that it can be passed on. */
function remember() {
  const parameters = new URLSearchParams();
  for (const node of cy.nodes(".start")) parameters.append("start", node.id());
  parameters.set("layout", byId("x-layout").value);
  history.replaceState(null, "", `${location.pathname}?${parameters}`);
}

function choose(node) {
  cy.elements().unselect();
  const panel = byId("x-node");
  panel.hidden = !node?.length;
  if (!node?.length) return;
  node.select();
  const title = document.createElement("h2"), name = document.createElement("bdi"), kind = document.createElement("span");
  name.textContent = node.data("label");
  title.append(name);
  kind.className = `chip k-${node.data("kind")}`;
  kind.textContent = node.data("class");
  const buttons = document.createElement("p");
  const button = (text, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "quiet";
    made.textContent = text;
    made.addEventListener("click", act);
    buttons.append(made);
  };
  button(words.expand, () => expand(node.id()));
  button(words.start, () => pick("x-from", node));
  button(words.goal, () => pick("x-to", node));
  button(words.hide, () => { node.remove(); choose(null); filters(); });
  const page = document.createElement("a");
  page.href = known.get(node.id());
  page.className = "button quiet";
  page.textContent = words.open;
  buttons.append(page);
  const facts = document.createElement("ul");
  facts.tabIndex = 0; // it scrolls
  for (const edge of on(node.connectedEdges()).slice(0, 30)) {
    const item = document.createElement("li");
    for (const [number, text] of [edge.source().data("label"), edge.data("label"), edge.target().data("label")].entries()) {
      const part = document.createElement("bdi");
      part.textContent = text;
      if (number === 1) part.className = "predicate";
      item.append(part, " ");
    }
    facts.append(item);
  }
  panel.replaceChildren(kind, title, buttons, facts);
}

const ends = { "x-from": "", "x-to": "" };
function pick(id, node) { ends[id] = node.id(); byId(id).value = node.data("label"); }
async function findPath() {
  if (!ends["x-from"] || !ends["x-to"]) { status(words.none); return; }
  const data = await ask("/path", { from: ends["x-from"], to: ends["x-to"] });
  if (!data) return;
  if (!data.edges.length) { status(words.none); return; }
  add(data);
  cy.elements().removeClass("way");
  for (const part of [...data.nodes, ...data.edges]) cy.getElementById(part.id).addClass("way");
  for (const id of Object.values(ends)) cy.getElementById(id).addClass("start");
  remember();
  await place();
  root.dataset.path = data.edges.length;
  choose(cy.getElementById(ends["x-from"]));
}

for (const id of Object.keys(ends)) {
  suggest(byId(id), (hit) => { ends[id] = hit.iri; byId(id).value = hit.label; });
  byId(id).addEventListener("input", () => { ends[id] = ""; });
}
suggest(byId("x-add"), (hit) => { byId("x-add").value = ""; expand(hit.iri, true); });
byId("x-path").addEventListener("click", findPath);
byId("x-layout").addEventListener("change", () => { remember(); place(); });
byId("x-fit").addEventListener("click", () => cy.fit(on(cy.elements()), 40));
byId("x-clear").addEventListener("click", () => { cy.elements().remove(); choose(null); filters(); remember(); });
async function overview(limit) {
  const data = await ask("/overview", limit ? { limit } : {});
  if (!data) return;
  add(data);
  await place();
  count(data.more);
}
byId("x-whole").addEventListener("click", () => overview());
byId("x-export").addEventListener("change", async (event) => {
  const kind = event.target.value;
  event.target.value = "";
  const shown = on(cy.elements());
  if (!kind || !shown.length) return;
  if (kind === "png") save(await cy.png({ output: "blob-promise", full: true, scale: 2, maxWidth: 8000, maxHeight: 8000, bg: color("--raised") }), "png");
  if (kind === "svg") save(asSvg(shown, legend(), { ink: color("--ink"), paper: color("--raised"), line: color("--edge") }), "svg", "image/svg+xml");
  if (kind === "graphml") save(asGraphml(shown), "graphml", "application/graphml+xml");
  if (kind === "json") save(JSON.stringify({ elements: { nodes: shown.nodes().jsons(), edges: shown.edges().jsons() } }, null, 1), "json", "application/json");
  if (kind === "gexf") save(asGexf(shown), "gexf", "application/gexf+xml");
});
const legend = () => [...byId("x-kinds").querySelectorAll("label")].map((line) => [line.childNodes[2].textContent, kindColor(line.firstChild.value)]);
function asGraph(shown) {
  const graph = new Graph({ multi: true, type: "directed" });
  shown.nodes().forEach((node) => { graph.addNode(node.id(), { ...node.data(), ...node.position() }); });
  shown.edges().forEach((edge) => { graph.addEdgeWithKey(edge.id(), edge.data("source"), edge.data("target"), edge.data()); });
  return graph;
}
/** The library writes the colours under a namespace of its own invention, which readers pass over. */
const asGexf = (shown) => gexf.write(asGraph(shown), { formatNode, formatEdge }).replace("http:///www.gexf.net/1.1draft/viz", "http://www.gexf.net/1.2draft/viz");
const formatNode = (id, { label, kind, color: shade, x, y, size }) => ({ label, attributes: { kind }, viz: { color: shade, x, y: -y, size } });
const formatEdge = (id, { label, property }) => ({ label, attributes: { property } });

cy.on("tap", "node", (event) => choose(event.target));
cy.on("dbltap", "node", (event) => expand(event.target.id()));
cy.on("tap", (event) => { if (event.target === cy) choose(null); });
// By keyboard: the arrows move the view, plus and minus zoom, Enter expands what is chosen, n and p go through the things.
canvas.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
  if (step) cy.panBy({ x: step[0], y: step[1] });
  else if (event.key === "+" || event.key === "-") cy.zoom({ level: cy.zoom() * (event.key === "+" ? 1.25 : 0.8), renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
  else if (event.key === "Enter" && cy.$("node:selected").length) expand(cy.$("node:selected").id());
  else if ((event.key === "n" || event.key === "p") && on(cy.nodes()).length) {
    const shown = on(cy.nodes());
    const at = shown.toArray().findIndex((node) => node.selected());
    const next = shown[(at + (event.key === "n" ? 1 : shown.length - 1) + (at < 0 && event.key === "p" ? 1 : 0)) % shown.length];
    choose(next);
    cy.center(next);
  } else return;
  event.preventDefault();
});

const asked = new URLSearchParams(location.search);
if (asked.get("layout") && [...byId("x-layout").options].some((option) => option.value === asked.get("layout"))) byId("x-layout").value = asked.get("layout");
restyle();
count();
for (const start of asked.getAll("start")) if (start) await expand(start, true);
if (!asked.getAll("start").some(Boolean) && !asked.has("layout")) await overview(120); // what has most relations: an empty canvas tells nothing
root.dataset.ready = "true";
root.cy = cy; // for those who want to look closer from the console, and for the tests
