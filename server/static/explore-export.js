// What is on screen as SVG and GraphML; the other formats are the drawing libraries' own.

const escape = (text) => String(text).replace(/[<>&"'\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (char) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&apos;" })[char] ?? "");
const rounded = (number) => Math.round(number * 10) / 10;

/** Whether the first letter of a label is of a script written from right to left. */
export function isRightToLeft(label) {
  return /[\p{Script=Arabic}\p{Script=Hebrew}]/u.test(/\p{L}/u.exec(label)?.[0] ?? "");
}

/** An SVG of nodes, edges, their labels, and a legend: pairs of text and colour. */
export function asSvg(shown, legend, { ink, paper, line }) {
  const box = shown.boundingBox();
  const margin = 30, below = 24 * legend.length + 20;
  const parts = [];
  shown.edges().forEach((edge) => {
    const from = edge.source().position(), to = edge.target().position();
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const end = 1 - (edge.target().width() / 2 + 4) / length;
    parts.push(`<line x1="${rounded(from.x)}" y1="${rounded(from.y)}" x2="${rounded(from.x + (to.x - from.x) * end)}" y2="${rounded(from.y + (to.y - from.y) * end)}" stroke="${line}" marker-end="url(#arrow)"><title>${escape(edge.data("label"))}</title></line>`);
  });
  shown.nodes().forEach((node) => {
    const { x, y } = node.position();
    parts.push(`<circle cx="${rounded(x)}" cy="${rounded(y)}" r="${rounded(node.width() / 2)}" fill="${node.data("color")}"><title>${escape(node.id())}</title></circle>`);
    parts.push(`<text x="${rounded(x)}" y="${rounded(y + node.width() / 2 + 12)}" text-anchor="middle"${isRightToLeft(node.data("label")) ? ' direction="rtl"' : ""}>${escape(node.data("label"))}</text>`);
  });
  legend.forEach(([text, shade], number) => {
    const y = box.y2 + margin + 24 * number;
    parts.push(`<circle cx="${rounded(box.x1 + 8)}" cy="${rounded(y)}" r="7" fill="${shade}"/><text x="${rounded(box.x1 + 22)}" y="${rounded(y + 4)}">${escape(text)}</text>`);
  });
  const view = [box.x1 - margin, box.y1 - margin, box.w + 2 * margin, box.h + 2 * margin + below].map(rounded);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${view.join(" ")}" font-family="sans-serif" font-size="11" fill="${ink}">
<defs><marker id="arrow" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 6 3 0 6z" fill="${line}"/></marker></defs>
<rect x="${view[0]}" y="${view[1]}" width="${view[2]}" height="${view[3]}" fill="${paper}"/>
${parts.join("\n")}
</svg>
`;
}

/** GraphML with label, kind, colour and place of each node, and label and property of each edge. */
export function asGraphml(shown) {
  const keys = [["label", "node", "string"], ["kind", "node", "string"], ["color", "node", "string"], ["x", "node", "double"], ["y", "node", "double"], ["relation", "edge", "string"], ["property", "edge", "string"]];
  const data = (key, value) => `<data key="${key}">${escape(value)}</data>`;
  const nodes = shown.nodes().map((node) => `<node id="${escape(node.id())}">${data("label", node.data("label"))}${data("kind", node.data("kind"))}${data("color", node.data("color"))}${data("x", rounded(node.position("x")))}${data("y", rounded(node.position("y")))}</node>`);
  const edges = shown.edges().map((edge) => `<edge id="${escape(edge.id())}" source="${escape(edge.data("source"))}" target="${escape(edge.data("target"))}">${data("relation", edge.data("label"))}${data("property", edge.data("property"))}</edge>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
${keys.map(([name, target, kind]) => `<key id="${name}" for="${target}" attr.name="${name}" attr.type="${kind}"/>`).join("\n")}
<graph edgedefault="directed">
${[...nodes, ...edges].join("\n")}
</graph>
</graphml>
`;
}

/** Offer *content* as a file. */
export function save(content, suffix, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = `summitgraph.${suffix}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
