"use strict";
// Sorting: a head becomes a button; numbers sort by their exact value.
const number = (cell) => {
  const text = cell.dataset.v ?? cell.textContent.replaceAll(",", "");
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
};
function sortable(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const sign = up ? 1 : -1;
      const keyed = [...body.rows].map((row) => [number(row.cells[at]), row.cells[at].textContent, row]);
      // Cells without a figure stay at the end, whichever way.
      keyed.sort(([x, a], [y, b]) => {
        if (x !== undefined && y !== undefined) return sign * (x - y);
        if (x !== undefined || y !== undefined) return x === undefined ? 1 : -1;
        return sign * a.localeCompare(b, "en");
      });
      body.append(...keyed.map((it) => it[2]));
    });
  });
}
for (const table of document.querySelectorAll("main table")) sortable(table);
// What a column means, where one points at its head.
const meanings = document.querySelectorAll(".terms dd");
for (const it of document.querySelectorAll("th[data-t]")) it.title = meanings[it.dataset.t].textContent;
// Only what scrolls needs a stop of the tab key.
const regions = [...document.querySelectorAll(".scroll")];
const stops = () => {
  for (const it of regions) it.tabIndex = it.scrollWidth > it.clientWidth ? 0 : -1;
};
addEventListener("resize", stops);
for (const it of document.querySelectorAll("details")) it.addEventListener("toggle", stops);
stops();
