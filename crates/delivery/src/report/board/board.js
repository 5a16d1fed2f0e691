"use strict";
// Search and filters hide rows; ages are counted to the reader's clock; arrows go from unit to unit.
const search = document.getElementById("search");
const found = document.getElementById("found");
const rows = [...document.querySelectorAll("tbody tr")];
const wanted = new Set();

function sift() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase() + [...row.cells].map((cell) => cell.dataset.environment ?? "").join(" ").toLowerCase();
    const states = [...row.querySelectorAll(".unit")].flatMap((unit) => unit.dataset.states.split(" "));
    const fits = words.every((word) => text.includes(word)) && (wanted.size === 0 || states.some((state) => wanted.has(state)));
    row.hidden = !fits;
    shown += fits ? 1 : 0;
  }
  const sifted = words.length > 0 || wanted.size > 0;
  found.textContent = sifted ? `${shown} of ${rows.length} services` : "";
  document.getElementById("none").hidden = shown > 0 || rows.length === 0;
}

function age(seconds) {
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86400)}d ago`;
}

function count() {
  for (const time of document.querySelectorAll("time[data-ago]"))
    time.textContent = age((Date.now() - Date.parse(time.dateTime)) / 1000);
}

for (const item of document.querySelectorAll(".summary li")) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  button.append(...item.childNodes);
  button.addEventListener("click", () => {
    const state = item.dataset.state;
    const on = !wanted.delete(state);
    if (on) wanted.add(state);
    button.setAttribute("aria-pressed", String(on));
    sift();
  });
  item.append(button);
}

search.hidden = false;
search.addEventListener("input", sift);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && event.target !== search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape" && event.target === search) {
    search.value = "";
    sift();
  } else if (event.target.matches("summary") && event.key.startsWith("Arrow")) {
    const cell = event.target.closest("td");
    const shown = rows.filter((row) => !row.hidden);
    let row = shown.indexOf(cell.parentElement);
    let column = cell.cellIndex;
    const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
    for (;;) {
      row += down;
      column += right;
      const next = shown[row]?.cells[column];
      if (!next) return;
      const summary = next.querySelector("summary");
      if (summary) {
        event.preventDefault();
        summary.focus();
        return;
      }
    }
  }
});

count();
setInterval(count, 60000);
