// Maps: pointing at a stage lights its ways; a slider chooses how much is drawn, a list
// what the labels say; clicking a stage tells who came to it and who went on.
const make = (name, text, ...children) => {
  const it = document.createElement(name);
  if (text) it.textContent = text;
  it.append(...children);
  return it;
};
const count = (value) => value.toLocaleString("en-US");
const part = (value, base) => (base > 0 ? `${((value / base) * 100).toFixed(1)} %` : "–");

function grid(caption, heads, rows) {
  const table = make("table", "", make("caption", caption));
  const head = make("tr");
  heads.forEach((it, at) => {
    const cell = make("th", it);
    cell.scope = "col";
    if (at) cell.className = "n";
    head.append(cell);
  });
  table.append(make("thead", "", head));
  const body = make("tbody");
  for (const row of rows) {
    const line = make("tr");
    row.forEach((it, at) => {
      const cell = make("td", it);
      if (at) cell.className = "n";
      line.append(cell);
    });
    body.append(line);
  }
  table.append(body);
  const scroll = make("div", "", table);
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", caption);
  return scroll;
}

// Who came to a stage and who went on, as rows of [stage, moves, share, wait].
function neighbors(data, place) {
  const [, visits, , starts, completed, exits, open, repeats] = data.stages[place];
  const row = (name, value, wait) => [value, [name, count(value), part(value, visits), wait]];
  const name = (it) => data.stages[it][0];
  const came = [], went = [];
  for (const [from, to, moves, wait] of data.ways) {
    if (to === place) came.push(row(name(from), moves, wait));
    if (from === place) went.push(row(name(to), moves, wait));
  }
  const also = (list, label, value) => { if (value > 0) list.push(row(label, value, "")); };
  also(came, "(began here)", starts);
  also(came, "(same stage again)", repeats);
  also(went, "(same stage again)", repeats);
  also(went, "(left without conversion)", exits);
  also(went, "(completed here)", completed);
  also(went, "(open: too early to judge)", open);
  const sorted = (list) => list.sort((a, b) => b[0] - a[0]).map((it) => it[1]);
  return [sorted(came), sorted(went)];
}

function tell(panel, data, place, close) {
  const [name, visits, customers, , , exits, open] = data.stages[place];
  const title = make("h3", name);
  title.tabIndex = -1;
  const button = make("button", "Close");
  button.type = "button";
  button.addEventListener("click", close);
  const facts = make("p", `${count(visits)} visits by ${count(customers)} customers; ${part(exits, visits - open)} of the visits that are not open end here without conversion. Shares are of all visits.`);
  facts.className = "quiet";
  const [came, went] = neighbors(data, place);
  const heads = (first) => [first, "moves", "share of visits", "median wait"];
  const sides = make("div", "",
    make("div", "", grid("Who came, and from where", heads("from"), came)),
    make("div", "", grid("Who went on, and where", heads("to"), went)));
  sides.className = "sides";
  panel.replaceChildren(button, title, facts, sides);
  if (data.hidden > 0) panel.append(make("p", `${count(data.hidden)} rarer transitions are in the table only.`));
  panel.hidden = false;
  panel.scrollTop = 0;
  title.focus({ preventScroll: true });
}

// What the picture shows: parts of it name the level and the metrics at which they are
// seen; the others are switched off by an attribute, so that a page without this is whole.
function show(svg, level, metric) {
  const state = (it) => {
    const { level: from, at, metric: own } = it.dataset;
    return (from === undefined || Number(from) <= level)
      && (at === undefined || at.split(" ").includes(String(level)))
      && (own === undefined || own.split(" ").includes(metric));
  };
  for (const it of svg.querySelectorAll("[data-level],[data-at],[data-metric]")) {
    if (state(it)) it.removeAttribute("display");
    else it.setAttribute("display", "none");
  }
  svg.dataset.level = level;
  svg.dataset.metric = metric;
}

// Colors and widths of arrows by metric; what they are at first is kept beside them. They
// stand in one attribute each metric (data-w-wait), or in one list in the metrics' order.
function paint(svg, metric) {
  const first = svg.dataset.first ??= metric;
  const at = (svg.dataset.metrics || "").split(" ").indexOf(metric);
  const look = (it, key) => it.getAttribute(`data-${key}-${metric}`)
    || (it.getAttribute(`data-${key}`) || "").split(" ")[at];
  for (const way of svg.querySelectorAll("g.way[stroke]")) {
    const own = way.dataset.color ??= way.getAttribute("stroke");
    const color = (metric !== first && look(way, "c")) || own;
    way.setAttribute("stroke", color);
    way.setAttribute("fill", color);
    const line = way.querySelector("path");
    const width = line.dataset.width ??= line.getAttribute("stroke-width");
    line.setAttribute("stroke-width", (metric !== first && look(line, "w")) || width);
  }
}

// The slider of coverage, and the list of metrics, where the picture offers them.
function controls(bar, svg, data, relight) {
  const levels = Number(svg.dataset.levels || 1);
  const metrics = (svg.dataset.metrics || "").split(" ").filter(Boolean);
  let level = Number(svg.dataset.level || 1), metric = svg.dataset.metric || "moves";
  paint(svg, metric);
  const all = data.ways.length + data.hidden;
  if (levels > 1) {
    const range = make("input");
    Object.assign(range, { type: "range", min: "1", max: String(levels), step: "1", value: String(level) });
    const output = make("output");
    const say = () => {
      const drawn = Number(svg.getAttribute(`data-transitions-${level}`));
      const share = Number(svg.getAttribute(`data-coverage-${level}`)) * 100;
      const shown = share > 99.5 && drawn < all ? "over 99" : share.toFixed(0);
      output.textContent = `${count(drawn)} of ${count(all)} transitions = ${shown} % of moves`;
      range.setAttribute("aria-valuetext", output.textContent);
    };
    range.addEventListener("input", () => {
      level = Number(range.value);
      show(svg, level, metric);
      say();
      relight();
    });
    bar.append(make("label", "Draw ", range, output));
    say();
  }
  if (metrics.length > 1) {
    const words = new Map(data.metrics);
    const list = make("select");
    for (const it of metrics) {
      const option = make("option", words.get(it) ?? it);
      option.value = it;
      list.append(option);
    }
    list.value = metric;
    list.addEventListener("change", () => {
      metric = list.value;
      show(svg, level, metric);
      paint(svg, metric);
    });
    bar.append(make("label", "Show ", list));
  }
  const press = data.stages.length > 0 ? "; press it to see who came and who went on" : "";
  bar.append(make("span", `Point at a stage to light its ways${press}.`));
  bar.hidden = false;
}

function interactive(figure) {
  const svg = figure.querySelector("svg");
  const panel = figure.querySelector(".panel");
  const data = JSON.parse(figure.querySelector("script").textContent);
  const stages = new Map();
  for (const it of svg.querySelectorAll(".stage")) stages.set(it.dataset.id, it);
  const ways = [...svg.querySelectorAll(".way")];
  const level = (it) => Number(it.dataset.level || 0);
  const drawn = (it) => level(it) <= Number(svg.dataset.level || Infinity);
  let kept = null, lit = null;
  const light = (id) => {
    lit = id;
    const near = new Set([id]);
    for (const way of ways) {
      const touches = id === null || way.dataset.from === id || way.dataset.to === id;
      way.classList.toggle("dim", !touches);
      if (touches && drawn(way)) { near.add(way.dataset.from); near.add(way.dataset.to); }
    }
    for (const [own, stage] of stages) stage.classList.toggle("dim", id !== null && !near.has(own));
  };
  const close = () => {
    if (panel.hidden) return;
    panel.hidden = true;
    stages.get(kept)?.focus({ preventScroll: true });
    kept = null;
  };
  for (const [id, stage] of stages) {
    const place = Number(id.slice(1));
    stage.addEventListener("pointerenter", () => light(id));
    stage.addEventListener("pointerleave", () => light(null));
    stage.addEventListener("focus", () => light(id));
    stage.addEventListener("blur", () => light(null));
    if (!data.stages[place] || !stage.hasAttribute("tabindex")) continue;
    stage.classList.add("press");
    const open = () => { kept = id; tell(panel, data, place, close); };
    stage.addEventListener("click", open);
    stage.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open();
    });
  }
  figure.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  controls(figure.querySelector(".controls"), svg, data, () => light(lit));
}
for (const figure of document.querySelectorAll("figure.map")) interactive(figure);
