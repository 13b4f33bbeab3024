// A worker that places the nodes of a large graph, so that the page stays at hand meanwhile.
import Graph from "graphology";
import circlepack from "graphology-layout/circlepack";
import random from "graphology-layout/random";
import forceAtlas2 from "graphology-layout-forceatlas2";
import noverlap from "graphology-layout-noverlap";

onmessage = ({ data: { nodes, edges, kind } }) => {
  const graph = new Graph({ multi: true });
  for (const [id, size, group] of nodes) graph.addNode(id, { size, group });
  for (const [source, target] of edges) graph.addEdge(source, target);
  if (kind === "pack") {
    circlepack.assign(graph, { hierarchyAttributes: ["group"], scale: 4, rng: seeded() });
  } else {
    random.assign(graph, { scale: 1000, rng: seeded() });
    const settings = { ...forceAtlas2.inferSettings(graph), barnesHutOptimize: graph.order > 300, adjustSizes: false, scalingRatio: 12 };
    forceAtlas2.assign(graph, { iterations: graph.order > 2000 ? 120 : 250, settings });
    noverlap.assign(graph, { maxIterations: graph.order > 2000 ? 20 : 60, settings: { margin: 6, ratio: 1.1 } });
  }
  postMessage(graph.mapNodes((id, { x, y }) => [id, x, y]));
};

/** A generator with a fixed seed (mulberry32), so that one graph always looks the same. */
function seeded(state = 7) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
