// Query results as a graph: triples as they are, and of rows what stands side by side in columns of IRIs.

const LIMIT = 1500; // edges: beyond, a table says more
const NAMES = new Set(["http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/2004/02/skos/core#prefLabel"]);
const icon = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="15" height="15"><g fill="none" stroke="currentColor" stroke-width="2"><path d="M7 7l10 4M7 8l4 10M16 13l-4 5"/></g><circle cx="5" cy="6" r="3" fill="currentColor"/><circle cx="19" cy="12" r="3" fill="currentColor"/><circle cx="11" cy="20" r="3" fill="currentColor"/></svg>';

/** An element from markup of ours. */
export function drawn(markup) {
  return new DOMParser().parseFromString(markup, "image/svg+xml").documentElement;
}

export class GraphResult {
  priority = 8;

  /** The class as YASR makes instances of it, knowing the reader's words and our prefixes. */
  static in(words, data) {
    return class extends GraphResult {
      words = words;
      data = data;
      label = words.q_graph;
    };
  }

  constructor(yasr) { this.yasr = yasr; }
  getIcon() { return drawn(icon); }
  canHandleResults() { return this.edges().length > 0; }

  short(term) {
    if (term.type !== "uri") return term.value;
    for (const [prefix, space] of Object.entries(this.data.prefixes)) if (term.value.startsWith(space) && term.value.length > space.length) return `${prefix}:${term.value.slice(space.length)}`;
    return decodeURIComponent(term.value.replace(/[/#]$/, "").split(/[/#]/).pop().replaceAll("%", "%25")) || term.value;
  }

  /** Pairs of terms and what joins them. */
  edges() {
    const { results } = this.yasr;
    if (!results) return [];
    const names = results.getVariables?.() ?? [], rows = results.getBindings?.() ?? [];
    const found = [];
    if (["subject", "predicate", "object"].every((name) => names.includes(name))) {
      for (const row of rows) {
        if (row.subject && row.object && !NAMES.has(row.predicate.value)) found.push([row.subject, row.object, this.labelOf(row.predicate)]);
      }
      return found.slice(0, LIMIT);
    }
    for (const row of rows) {
      const terms = names.filter((name) => row[name]?.type === "uri");
      for (let place = 1; place < terms.length; place++) found.push([row[terms[place - 1]], row[terms[place]], terms[place]]);
    }
    return found.slice(0, LIMIT);
  }

  /** Names the triples give, which stand at their things instead of beside them; the reader's language first. */
  names() {
    const names = new Map(), language = document.documentElement.lang;
    for (const { subject, predicate, object } of this.yasr.results.getBindings() ?? []) {
      if (subject && NAMES.has(predicate?.value) && (!names.has(subject.value) || object["xml:lang"] === language)) names.set(subject.value, object.value);
    }
    return names;
  }

  labelOf(predicate) { return this.data.labels[predicate.value] ?? this.short(predicate); }

  async draw() {
    const { cytoscape } = await import("./build/graph.js");
    const box = document.createElement("div");
    box.className = "result-graph";
    box.setAttribute("role", "img");
    this.yasr.resultsEl.replaceChildren(box);
    const style = getComputedStyle(document.documentElement), color = (name) => style.getPropertyValue(name).trim();
    const nodes = new Map(), edges = new Map(), names = this.names();
    const node = (term) => {
      const id = `${term.type} ${term.value}`;
      const kind = term.value.startsWith(`${this.data.base}id/`) ? term.value.slice(this.data.base.length + 3).split("/")[0] : "";
      if (!nodes.has(id)) nodes.set(id, { data: { id, label: (names.get(term.value) ?? this.data.labels[term.value] ?? this.short(term)).slice(0, 60), kind, literal: term.type !== "uri" && term.type !== "bnode", iri: term.value } });
      return id;
    };
    for (const [from, to, label] of this.edges()) {
      const source = node(from), target = node(to);
      edges.set(`${source} ${label} ${target}`, { data: { source, target, label } });
    }
    box.setAttribute("aria-label", `${this.words.q_graph}: ${nodes.size}`);
    const probe = (kind) => {
      const span = document.createElement("span");
      span.className = `k-${kind}`;
      document.body.append(span);
      const found = getComputedStyle(span).getPropertyValue("--k").trim() || color("--k-technology");
      span.remove();
      return found;
    };
    const shades = new Map();
    for (const { data } of nodes.values()) {
      if (!shades.has(data.kind)) shades.set(data.kind, probe(data.kind));
      data.color = shades.get(data.kind);
    }
    const cy = cytoscape({
      container: box, maxZoom: 3, textureOnViewport: nodes.size > 300,
      elements: [...nodes.values(), ...edges.values()],
      style: [
        { selector: "node", style: { label: "data(label)", "background-color": "data(color)", width: 18, height: 18, color: color("--ink"), "font-size": 10, "text-valign": "bottom", "text-margin-y": 3, "text-wrap": "wrap", "text-max-width": 130, "min-zoomed-font-size": 6 } },
        { selector: "node[?literal]", style: { shape: "round-rectangle", "background-color": color("--mark"), height: 12 } },
        { selector: "edge", style: { label: "data(label)", "font-size": 8, color: color("--soft"), width: 1, "line-color": color("--edge"), "target-arrow-color": color("--edge"), "target-arrow-shape": "triangle", "curve-style": "bezier", "text-rotation": "autorotate", "min-zoomed-font-size": 8 } },
      ],
      layout: { name: "fcose", animate: false, idealEdgeLength: 110, nodeSeparation: 90 },
    });
    cy.on("tap", "node", ({ target }) => {
      const iri = target.data("iri");
      if (iri.startsWith(this.data.base)) open(`/${iri.slice(this.data.base.length)}`, "_blank", "noopener");
    });
    box.dataset.nodes = nodes.size;
    this.cy = cy;
  }

  download() {
    if (!this.cy) return undefined;
    return { contentType: "image/png", getData: () => this.cy.png({ full: true, scale: 2 }), filename: "results.png", title: "PNG" };
  }

  destroy() { this.cy?.destroy(); this.cy = null; }
}
