// What the graph explorer draws with.
import cytoscape from "cytoscape";
import fcose from "cytoscape-fcose";
import Graph from "graphology";
import gexf from "graphology-gexf/browser";

cytoscape.use(fcose);

export { cytoscape, Graph, gexf };
