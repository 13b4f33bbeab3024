// The query page: YASGUI's editor and results, taught our prefixes, ontology and examples; and two more ways to look at results.

import { Yasgui } from "./build/query.js";
import { ChartResult } from "./query-chart.js";
import { GraphResult } from "./query-graph.js";

const data = JSON.parse(document.getElementById("query-data").textContent);
const { words } = data;
const { Yasqe, Yasr } = Yasgui;
const endpoint = `${location.origin}/sparql`;
const form = document.getElementById("plain-form");
const given = new URLSearchParams(location.search).get("query");
const start = document.getElementById("query").value;

/** Complete only from what came with the page: nothing is asked of other servers. */
const builtin = Yasqe.Autocompleters;
const described = (yasqe, hints) => hints.map((hint) => {
  const label = data.labels[expanded(hint.text)];
  if (!label) return hint;
  return { ...hint, render: (line) => {
    const name = document.createElement("span");
    name.className = "hint-label";
    name.dir = "auto";
    name.textContent = label;
    line.append(hint.text, name);
  } };
});
function expanded(text) {
  if (text.startsWith("<")) return text.slice(1, -1);
  const [prefix, ...rest] = text.split(":");
  return (data.prefixes[prefix] ?? `${prefix}:`) + rest.join(":");
}
/** Names of ours begin with what is typed; after our prefix, labels in the reader's language count too. */
const among = (list) => (yasqe, token) => {
  const typed = token?.autocompletionString ?? token?.string ?? "";
  const local = typed.startsWith(data.namespace) ? typed.slice(data.namespace.length).toLocaleLowerCase() : null;
  return list.filter((iri) => iri.startsWith(typed)
    || (local && ((data.labels[iri] ?? "").toLocaleLowerCase().includes(local) || iri.slice(data.namespace.length).toLowerCase().includes(local) && iri.startsWith(data.namespace)))).slice(0, 60);
};
function completer(name, base, list) {
  Yasqe.registerAutocompleter({ ...base, name, get: among(list), bulk: false, autoShow: true, persistenceId: null, postprocessHints: described }, false);
}
completer("property", builtin.property, data.properties);
completer("class", builtin.class, data.classes);
completer("concept", {
  ...builtin.property,
  isValidCompletionPosition: (yasqe) => {
    const token = yasqe.getCompleteToken();
    return token.string.includes(":") && !/^[?$"]/.test(token.string) && !token.state.possibleCurrent.includes("a");
  },
}, data.concepts);
Yasqe.registerAutocompleter({
  ...builtin.prefixes, bulk: true, persistenceId: null,
  get: () => Object.entries(data.prefixes).map(([prefix, space]) => `${prefix}: <${space}>`).sort(),
}, false);
Yasqe.defaults.autocompleters = ["prefixes", "variables", "property", "class", "concept"];

Yasr.registerPlugin("graph", GraphResult.in(words, data));
Yasr.registerPlugin("chart", ChartResult.in(words));
// The library names its own ways to look at results in English only.
for (const [name, label] of [["table", words.q_table], ["response", words.q_raw]]) {
  const Known = Yasr.plugins[name];
  Yasr.registerPlugin(name, class extends Known {
    constructor(yasr) {
      super(yasr);
      this.label = label;
      this.helpReference = undefined;
      if (name === "table") this.persistentConfig = { isEllipsed: false }; // words are there to be read; what a reader chose comes on top
    }
  });
}

form.hidden = true;
for (const id of ["editor", "editor-tools"]) document.getElementById(id).hidden = false;
const yasgui = new Yasgui(document.getElementById("editor"), {
  requestConfig: { endpoint, method: "POST", headers: {}, acceptHeaderGraph: "text/turtle,*/*;q=0.5" },
  endpointCatalogueOptions: { getData: () => [{ endpoint }], keys: [], renderItem: () => {} },
  copyEndpointOnNewTab: true, populateFromUrl: false, autofocus: false, tabName: words.query,
  persistenceId: "summitgraph",
  yasqe: { value: start, resizeable: true, persistenceId: null, createShareableLink: undefined, pluginButtons: undefined, hintConfig: { container: document.body } },
  yasr: { prefixes: { ...data.prefixes, id: `${data.base}id/` }, // shown only, and shorter than an address
    pluginOrder: ["table", "graph", "chart", "response"], defaultPlugin: "table" },
});
const tab = () => yasgui.getTab();
/** The query of a tab; one kept from an earlier visit has no editor before somebody looks at it. */
function queryOf(item) {
  return (item.getYasqe?.() ? item.getQuery() : item.persistentJson?.yasqe?.value) ?? "";
}
/** Put a query where one is free: over an untouched one, else in a tab of its own. */
function show(query, name, run) {
  const open = Object.values(yasgui._tabs).find((item) => queryOf(item).trim() === query.trim());
  if (open) yasgui.selectTabId(open.getId());
  else yasgui.addTab(true, { ...Yasgui.Tab.getDefaults(yasgui), name: name?.slice(0, 40) ?? words.query, yasqe: { value: query }, requestConfig: { ...yasgui.config.requestConfig, endpoint } });
  if (name) tab().setName(name.slice(0, 40));
  if (run) tab().query().catch(() => {});
}
// Stored tabs may be of another port or host of ours.
for (const item of Object.values(yasgui._tabs)) item.setEndpoint?.(endpoint);
tab()?.setEndpoint(endpoint);
if (given) show(given, data.examples.find((example) => example.query.trim() === given.trim())?.name, true);

for (const link of document.querySelectorAll("[data-example]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const example = data.examples[Number(link.dataset.example)];
    show(example.query, example.name, true);
    history.replaceState(null, "", link.getAttribute("href"));
    document.getElementById("editor").scrollIntoView({ block: "nearest" });
  });
}

const status = (text) => { document.getElementById("q-status").textContent = text; };
const address = (path, more = "") => `${location.origin}${path}?query=${encodeURIComponent(tab().getQuery())}${more}`;
document.getElementById("q-share").addEventListener("click", async () => {
  const link = address("/query");
  history.replaceState(null, "", link);
  try {
    await navigator.clipboard.writeText(link);
  } catch { /* without permission the address bar has it */ }
  status(words.q_copied);
});
const downloads = document.getElementById("q-download");
function offer() {
  const graph = ["CONSTRUCT", "DESCRIBE"].includes(tab().getYasqe().getQueryType());
  const formats = graph ? ["turtle", "ntriples", "jsonld", "rdfxml"] : ["csv", "tsv", "json", "xml"];
  downloads.replaceChildren(new Option("–", ""), ...formats.map((name) => new Option(name, name)));
}
downloads.addEventListener("pointerdown", offer);
downloads.addEventListener("focus", offer);
downloads.addEventListener("change", () => {
  if (!downloads.value) return;
  const link = document.createElement("a");
  link.href = address("/sparql", `&format=${downloads.value}`);
  link.download = `results.${{ turtle: "ttl", ntriples: "nt", rdfxml: "rdf" }[downloads.value] ?? downloads.value}`;
  link.click();
  downloads.value = "";
});
offer();

// Things of ours open on this server, whoever serves their IRIs.
document.getElementById("editor").addEventListener("click", (event) => {
  const link = event.target.closest("a.iri");
  if (!link?.href.startsWith(data.base)) return;
  event.preventDefault();
  open(`/${link.href.slice(data.base.length)}`, "_blank", "noopener");
}, true);

/** What the library says in English, and in words of ours. */
const said = new Map([
  ["Simple view", words.q_simple], ["Ellipse", words.q_ellipse], ["Page size:", words.q_page_size], ["All", words.q_all],
  ["Filter query results", words.q_filter], ["Close tab", words.q_close_tab], ["✖", words.q_close_tab], ["Add tab", words.q_new_tab],
  ["Add a new tab", words.q_new_tab], ["Run query", words.run], ["Share query", words.q_share], ["Download result", words.q_save],
  ["Download Results", words.q_save], ["First", words.q_first], ["Previous", words.q_previous], ["No matching records found", words.q_none], ["No data available in table", words.q_none], ["Next", words.q_next], ["Last", words.q_last],
]);
const numerals = new Intl.NumberFormat(document.body.dataset.locale);
function inWords(text) {
  const known = said.get(text.trim());
  if (known) return known;
  const found = /^(\d+) results? in ([\d.]+) seconds?$/.exec(text.trim());
  if (found) return words.q_found.replace("{n}", numerals.format(found[1])).replace("{s}", numerals.format(found[2]));
  const rows = /^Showing ([\d,]+) to ([\d,]+) of ([\d,]+) entr(?:y|ies)(?: \(filtered from ([\d,]+) total entr(?:y|ies)\))?$/.exec(text.trim());
  if (rows) {
    const [a, b, n, m] = rows.slice(1).map((number) => number && numerals.format(number.replaceAll(",", "")));
    return words.q_shown.replace("{a}", a).replace("{b}", b).replace("{n}", n) + (m ? ` ${words.q_of.replace("{m}", m)}` : "");
  }
  return text.replace(/^Shows (.+) view$/, "$1").replace(/: Activate to (sort|invert sorting|remove sorting)$/, `: ${words.q_sort}`);
}
/** Puts them in place of the library's; it draws anew with each result. Cells of results and the editor are left alone. */
function translated(root) {
  for (const element of root.querySelectorAll("[title], [aria-label], [placeholder]")) {
    for (const name of ["title", "aria-label", "placeholder"]) {
      const text = element.getAttribute(name);
      if (text && inWords(text) !== text) element.setAttribute(name, inWords(text));
    }
  }
  for (const element of root.querySelectorAll(".yasr_response_chip, .dt-info, .dt-empty, .tableControls *, .switchComponent span, .pageSizerLabel, .tableSizer option")) {
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && inWords(node.data) !== node.data) node.data = inWords(node.data);
    }
  }
}

/** Names for what the library leaves without one; it draws anew with each result, so they are put on again. */
function named() {
  const root = document.getElementById("editor");
  translated(root);
  for (const area of root.querySelectorAll(".CodeMirror textarea")) area.setAttribute("aria-label", words.q_editor);
  for (const button of root.querySelectorAll("button:not([aria-label]), .yasqe_queryButton, .tabContextButton, .addTab, .closeTab")) {
    const name = button.textContent.trim() || button.title || (button.classList.contains("yasqe_queryButton") ? words.run : words.query);
    if (!button.getAttribute("aria-label")) button.setAttribute("aria-label", name);
  }
  for (const field of root.querySelectorAll("input:not([aria-label]), select:not([aria-label])")) {
    if (!field.labels?.length) field.setAttribute("aria-label", field.placeholder || field.title || field.className || words.query);
  }
  for (const button of root.querySelectorAll(".tabsList > button, .tabsList .addTab")) {
    button.setAttribute("role", "tab"); // what stands among tabs has to be one
    button.setAttribute("aria-selected", "false");
  }
  for (const scroller of root.querySelectorAll(".CodeMirror-scroll, .dataTables_wrapper, .yasr_results")) if (scroller.tabIndex < 0 && scroller.scrollHeight > scroller.clientHeight) scroller.tabIndex = 0;
}
new MutationObserver(named).observe(document.getElementById("editor"), { childList: true, subtree: true });
named();
document.getElementById("editor").dataset.ready = "true";
