// Whoever decides many links gives name and token once: the name is kept in this browser, the token until the tab is closed.

for (const [name, store] of [["reviewer", localStorage], ["token", sessionStorage]]) {
  const key = `summitgraph-${name}`, fields = [...document.querySelectorAll(`form.deciding input[name=${name}]`)];
  for (const field of fields) {
    field.value = store.getItem(key) ?? "";
    field.addEventListener("input", () => {
      store.setItem(key, field.value);
      for (const other of fields) other.value = field.value;
    });
  }
}
