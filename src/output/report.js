"use strict";
// Sorting: a head becomes a button; numbers sort by their exact value.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  table.querySelectorAll("th").forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending";
      for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[at].dataset.v;
      const rows = [...body.rows].sort((a, b) => {
        const x = key(a), y = key(b);
        const order = x !== undefined && y !== undefined
          ? Number(x) - Number(y)
          : a.cells[at].textContent.localeCompare(b.cells[at].textContent, "en");
        return up ? order : -order;
      });
      body.append(...rows);
    });
  });
}
// Maps: pointing at a stage lights the ways that touch it.
for (const map of document.querySelectorAll(".map")) {
  const ways = map.querySelectorAll(".way,.label");
  const stages = map.querySelectorAll(".stage");
  const light = (id) => {
    const near = new Set([id]);
    for (const way of ways) {
      const touches = id === null || way.dataset.from === id || way.dataset.to === id;
      way.classList.toggle("dim", !touches);
      if (touches) { near.add(way.dataset.from); near.add(way.dataset.to); }
    }
    for (const stage of stages) stage.classList.toggle("dim", id !== null && !near.has(stage.dataset.id));
  };
  for (const stage of stages) {
    stage.addEventListener("pointerenter", () => light(stage.dataset.id));
    stage.addEventListener("pointerleave", () => light(null));
  }
}
