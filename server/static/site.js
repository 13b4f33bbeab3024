// What every page does with script: search boxes that complete what is typed (WAI-ARIA combobox pattern).

const language = document.documentElement.lang;

/** Make *input* suggest things by name; choosing one opens its page, or calls *chosen* with it. */
export function suggest(input, chosen = (hit) => location.assign(hit.href), types = "") {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${input.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels?.[0]?.textContent ?? "");
  list.hidden = true;
  input.after(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  let hits = [], at = -1, timer = 0, request = null;

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (hit) => { close(); request?.abort(); clearTimeout(timer); chosen(hit); };
  const mark = (place) => {
    at = (place + hits.length) % hits.length;
    [...list.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
    input.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  };
  const show = () => {
    list.replaceChildren(...hits.map((hit, number) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${number}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const name = document.createElement("bdi");
      name.lang = hit.lang;
      name.textContent = hit.label || hit.snippet;
      const kind = document.createElement("span");
      kind.className = "small";
      kind.textContent = hit.kind ?? "";
      item.append(name, kind);
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(hit); });
      return item;
    }));
    list.hidden = !hits.length;
    at = -1;
    input.setAttribute("aria-expanded", String(hits.length > 0));
  };
  const ask = async () => {
    const words = input.value.trim();
    request?.abort();
    if (!words) { hits = []; close(); return; }
    request = new AbortController();
    try {
      const address = `/api/search?q=${encodeURIComponent(words)}&lang=${language}&limit=40${types && `&type=${encodeURIComponent(types)}`}`;
      const reply = await fetch(address, { signal: request.signal });
      if (!reply.ok) return;
      // How a link was decided or a span selected is not what a reader looks for.
      hits = (await reply.json()).results.filter((hit) => hit.kind && !hit.type.match(/#(LinkDecision|Finding|Evidence|Claim|Extraction)$/)).slice(0, 8);
      show();
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 90); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) { close(); event.preventDefault(); }
    if (list.hidden) return;
    if (event.key === "ArrowDown") { mark(at + 1); event.preventDefault(); }
    if (event.key === "ArrowUp") { mark(at < 0 ? hits.length - 1 : at - 1); event.preventDefault(); }
    if (event.key === "Enter" && at >= 0) { event.preventDefault(); choose(hits[at]); }
  });
  input.addEventListener("blur", close);
}

for (const input of document.querySelectorAll("[data-suggest]")) suggest(input);

// Filters apply as soon as something is chosen; the button is for those without script.
for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
  for (const field of form.querySelectorAll("select")) field.addEventListener("change", () => form.requestSubmit());
}
