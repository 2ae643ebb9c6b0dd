"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const list = one("#hosts");
  const rows = [...list.children];
  const words = one("#filter");
  const order = new Intl.Collator("en", { numeric: true });
  const chosen = new Set();
  let sorted = { key: "outcome", down: false };

  const show = () => {
    // Words in quotes are one.
    const asked = [...words.value.toLowerCase().matchAll(/"([^"]*)"?|\S+/g)];
    const wanted = asked.map(([word, quoted]) => quoted ?? word);
    let count = 0;
    for (const row of rows) {
      const fits =
        (!chosen.size || chosen.has(row.dataset.outcome)) &&
        wanted.every((word) => row.dataset.find.includes(word));
      row.hidden = !fits;
      count += fits;
    }
    one("#count").textContent =
      count === rows.length ? `${count} hosts` : `${count} of ${rows.length} hosts`;
    one("#none").hidden = count > 0;
    one("#clear").hidden = !chosen.size && !words.value;
  };

  // What comes first: the worst, the most, the slowest.
  const value = {
    name: (row) => row.dataset.name,
    outcome: (row) => +row.dataset.rank,
    changes: (row) => -row.dataset.changes,
    engine: (row) => row.dataset.engine,
    time: (row) => -row.dataset.seconds,
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : order.compare(a, b));
  const sort = (key) => {
    sorted = { key, down: sorted.key === key && !sorted.down };
    const of = value[key];
    const turn = sorted.down ? -1 : 1;
    rows.sort((a, b) => turn * compare(of(a), of(b)) || order.compare(a.dataset.name, b.dataset.name));
    list.append(...rows);
    for (const button of all("[data-sort]")) {
      const here = button.dataset.sort === key;
      button.setAttribute("aria-pressed", here);
      button.dataset.turn = here ? (sorted.down ? "down" : "up") : "";
    }
  };

  const clear = () => {
    chosen.clear();
    words.value = "";
    for (const chip of all("[data-choose]")) chip.setAttribute("aria-pressed", "false");
    show();
  };

  const open = (name) => {
    const row = rows.find((each) => each.dataset.name === name);
    if (!row) return;
    if (row.hidden) clear();
    row.firstElementChild.open = true;
    row.scrollIntoView({ block: "start" });
    row.querySelector("summary").focus({ preventScroll: true });
  };

  words.addEventListener("input", show);
  one("#clear").addEventListener("click", clear);
  for (const chip of all("[data-choose]"))
    chip.addEventListener("click", () => {
      const outcome = chip.dataset.choose;
      if (!chosen.delete(outcome)) chosen.add(outcome);
      chip.setAttribute("aria-pressed", chosen.has(outcome));
      show();
    });
  for (const button of all("[data-sort]"))
    button.addEventListener("click", () => sort(button.dataset.sort));
  for (const button of all("[data-word]"))
    button.addEventListener("click", () => {
      const { word } = button.dataset;
      words.value = word.includes(" ") ? `"${word}"` : word;
      show();
      words.focus({ preventScroll: true });
      one("#tools").scrollIntoView({ block: "start" });
    });
  for (const button of all("[data-open]"))
    button.addEventListener("click", () => open(button.dataset.open));
  // A click from the list: the address then leads to this host.
  list.addEventListener("toggle", (event) => {
    const { open: isOpen, parentElement: row } = event.target;
    if (isOpen) history.replaceState(null, "", `#${encodeURIComponent(row.dataset.name)}`);
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== words) {
      event.preventDefault();
      words.focus();
    } else if (event.key === "Escape") clear();
  });

  document.documentElement.classList.add("js");
  show();
  if (location.hash) open(decodeURIComponent(location.hash.slice(1)));
})();
