// Query results as a chart: a column of numbers over a column of anything else.

import { drawn } from "./query-graph.js";

const LIMIT = 60; // bars that can be told apart
const NUMBER = /(integer|decimal|double|float|int|long|short|nonNegativeInteger|gYear)$/;
const icon = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="15" height="15"><path fill="currentColor" d="M3 21V3h2v16h16v2zM7 17V9h3v8zm5 0V5h3v12zm5 0v-6h3v6z"/></svg>';

export class ChartResult {
  priority = 7;

  /** The class as YASR makes instances of it, knowing the reader's words. */
  static in(words) {
    return class extends ChartResult {
      words = words;
      label = words.q_chart;
    };
  }

  constructor(yasr) { this.yasr = yasr; }
  getIcon() { return drawn(icon); }

  columns() {
    const { results } = this.yasr;
    const names = results?.getVariables?.() ?? [], rows = results?.getBindings?.() ?? [];
    const numeric = names.filter((name) => rows.some((row) => row[name]) && rows.every((row) => !row[name] || NUMBER.test(row[name].datatype ?? "")));
    return { names, rows, numeric };
  }

  canHandleResults() {
    const { rows, numeric } = this.columns();
    return rows.length > 0 && numeric.length > 0;
  }

  async draw() {
    const { Chart } = await import("./build/chart.js");
    const { names, rows, numeric } = this.columns();
    const labels = names.filter((name) => !numeric.includes(name));
    const controls = document.createElement("div");
    controls.className = "chart-controls";
    const choice = (text, values, chosen) => {
      const label = document.createElement("label"), select = document.createElement("select");
      select.append(...values.map(([name, shown]) => new Option(shown, name, false, name === chosen)));
      label.append(`${text} `, select);
      controls.append(label);
      select.addEventListener("change", () => this.plot(Chart, rows, x.value, y.value, kind.value));
      return select;
    };
    const own = (list) => list.map((name) => [name, name]);
    const first = labels.find((name) => rows.some((row) => row[name]?.type !== "uri")) ?? labels[0] ?? names[0];
    const x = choice(this.words.q_x, own(names), first);
    const y = choice(this.words.q_y, own(numeric), numeric.at(-1));
    const kind = choice("", [["bar", this.words.q_bars], ["line", this.words.q_lines]], "bar");
    kind.setAttribute("aria-label", this.words.q_chart);
    this.box = document.createElement("div");
    this.box.className = "result-chart";
    this.yasr.resultsEl.replaceChildren(controls, this.box);
    this.plot(Chart, rows, x.value, y.value, kind.value);
  }

  plot(Chart, rows, x, y, type) {
    this.chart?.destroy();
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${this.words.q_chart}: ${y} / ${x}`);
    this.box.replaceChildren(canvas);
    const shown = rows.filter((row) => row[y]).slice(0, LIMIT);
    const style = getComputedStyle(document.documentElement), color = (name) => style.getPropertyValue(name).trim();
    const short = (term) => (term ? (term.type === "uri" ? term.value.split(/[/#]/).pop() : term.value) : "–");
    const axis = { ticks: { color: color("--soft") }, grid: { color: color("--line") } };
    this.chart = new Chart(canvas, {
      type,
      data: {
        labels: shown.map((row) => short(row[x]).slice(0, 40)),
        datasets: [{ label: y, data: shown.map((row) => Number(row[y].value)), backgroundColor: color("--link"), borderColor: color("--link") }],
      },
      options: {
        animation: false, maintainAspectRatio: false, locale: document.documentElement.lang,
        indexAxis: type === "bar" && shown.length > 8 ? "y" : "x",
        scales: { x: axis, y: axis }, plugins: { legend: { labels: { color: color("--ink") } } },
      },
    });
    this.box.dataset.bars = shown.length;
  }

  download() {
    if (!this.chart) return undefined;
    return { contentType: "image/png", getData: () => this.chart.toBase64Image(), filename: "chart.png", title: "PNG" };
  }

  destroy() { this.chart?.destroy(); this.chart = null; }
}
