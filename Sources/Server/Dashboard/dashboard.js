"use strict";
// Asks the server for what is new every few seconds and draws it. Text from the server is only ever set as text.

const svgNamespace = "http://www.w3.org/2000/svg";
const byID = id => document.getElementById(id);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// MARK: - Numbers

function rounded(value) {
  if (value >= 1e9) return (value / 1e9).toFixed(2) + " G";
  if (value >= 1e6) return (value / 1e6).toFixed(2) + " M";
  if (value >= 1e4) return (value / 1e3).toFixed(1) + " k";
  if (value >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function milliseconds(value) {
  if (value == null) return "–";
  if (value < 1) return (value * 1000).toFixed(0) + " µs";
  return value < 10 ? value.toFixed(2) + " ms" : value < 1000 ? value.toFixed(0) + " ms" : (value / 1000).toFixed(1) + " s";
}

function duration(seconds) {
  const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = parts.findIndex(([, size]) => seconds >= size);
  if (first < 0) return "0 s";
  const [unit, size] = parts[first];
  const whole = Math.floor(seconds / size);
  const next = parts[first + 1];
  const rest = next ? Math.floor((seconds - whole * size) / next[1]) : 0;
  return rest ? `${whole} ${unit} ${rest} ${next[0]}` : `${whole} ${unit}`;
}

const clock = seconds => new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });

// MARK: - Charts

/** A line over the last 15 minutes: the newest sample at the right edge, gaps where nothing is known. */
class Chart {
  constructor(label, format) {
    this.format = format;
    this.label = label;
    this.svg = document.createElementNS(svgNamespace, "svg");
    this.svg.setAttribute("class", "chart");
    this.svg.setAttribute("viewBox", "0 0 100 100");
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.svg.setAttribute("role", "img");
    this.title = this.add("title");
    this.axis = this.add("line", { class: "axis", x1: 0, x2: 100, y1: 100, y2: 100 });
    this.area = this.add("path", { class: "area" });
    this.line = this.add("path", { class: "line" });
  }

  add(tag, attributes = {}) {
    const made = document.createElementNS(svgNamespace, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    this.svg.append(made);
    return made;
  }

  /** Draws `values`, of which there are `capacity` at most; `top` is the least height of the scale. */
  draw(values, capacity, top = 0, alarm = false) {
    const known = values.filter(value => value != null);
    const high = Math.max(top, ...known, Number.MIN_VALUE);
    const x = place => 100 - (values.length - 1 - place) * 100 / (capacity - 1);
    const y = value => 98 - value / high * 94;
    let line = "", area = "", start = null;
    const close = place => {
      if (start !== null) area += `L${x(place).toFixed(2)} 100L${x(start).toFixed(2)} 100Z`;
      start = null;
    };
    values.forEach((value, place) => {
      if (value == null) return close(place - 1);
      const point = `${x(place).toFixed(2)} ${y(value).toFixed(2)}`;
      line += (start === null ? "M" : "L") + point;
      // A sample between two gaps would have no length.
      if (start === null) line += "h0.3";
      area += (start === null ? "M" : "L") + point;
      if (start === null) start = place;
    });
    close(values.length - 1);
    this.line.setAttribute("d", line);
    this.area.setAttribute("d", area);
    this.svg.classList.toggle("alarm", alarm);
    const text = known.length
      ? `${this.label}, last 15 minutes: ${this.format(Math.min(...known))} to ${this.format(Math.max(...known))}, now ${this.format(known.at(-1))}`
      : `${this.label}: nothing measured yet`;
    setText(this.title, text);
    this.svg.setAttribute("aria-label", text);
  }
}

// MARK: - State

const states = {
  up: { text: "up", tone: "good", rank: 4 },
  idle: { text: "no queries yet", tone: "rest", rank: 5 },
  suspect: { text: "in doubt", tone: "warn", rank: 2 },
  degraded: { text: "degraded", tone: "warn", rank: 2 },
  looping: { text: "sends queries back", tone: "bad", rank: 1 },
  down: { text: "down", tone: "bad", rank: 0 },
  unresolved: { text: "name not resolved", tone: "bad", rank: 0 },
  drained: { text: "drained", tone: "rest", rank: 3 },
};
const stateOf = name => states[name] ?? { text: name, tone: "rest", rank: 3 };

let history = null;
const cards = new Map();

/** Joins the samples that came to those that are known. */
function join(old, fresh, added, capacity) {
  if (!old) return fresh;
  const missing = Math.max(0, added - fresh.length);
  return old.concat(Array(missing).fill(null), fresh).slice(-capacity);
}

function take(answer) {
  const whole = !history || answer.isWhole;
  const added = whole ? 0 : answer.sequence - history.sequence;
  const series = (old, fresh) => {
    const joined = {};
    for (const [name, values] of Object.entries(fresh)) {
      joined[name] = Array.isArray(values) ? join(whole ? null : old?.[name], values, added, answer.capacity) : values;
    }
    return joined;
  };
  const oldRoutes = new Map((whole ? [] : history.routes).map(route => [route.name, route]));
  const routes = answer.routes.map(route => {
    const old = oldRoutes.get(route.name);
    const oldServers = new Map((old?.servers ?? []).map(server => [server.address, server]));
    const servers = route.servers.map(server => series(oldServers.get(server.address), server));
    return { ...series(old, { ...route, servers: undefined }), servers };
  });
  history = { ...answer, total: series(history?.total, answer.total), routes };
}

// MARK: - Tiles

const tiles = {};

function tile(id, name, format) {
  const card = element("div", "card tile");
  const value = element("p", "value");
  const number = element("span", "", "–");
  const unit = element("span", "unit");
  value.append(number, unit);
  const detail = element("p", "detail");
  const chart = new Chart(name, format);
  card.append(element("p", "name", name), value, detail, chart.svg);
  card.id = id;
  byID("tiles").append(card);
  tiles[id] = { number, unit, detail, chart, value };
}

tile("queries", "Queries per second", rounded);
tile("hit-rate", "Answered from the cache", value => (value * 100).toFixed(1) + " %");
tile("hit-latency", "Latency from the cache, p99", milliseconds);
tile("miss-latency", "Latency when asked, p99", milliseconds);
tile("failing", "Failures per second", rounded);

function show(id, number, unit, detail) {
  setText(tiles[id].number, number);
  setText(tiles[id].unit, unit);
  setText(tiles[id].detail, detail);
}

function drawTiles() {
  const { total, capacity } = history;
  const last = values => values.at(-1) ?? null;
  const queries = last(total.queries);
  const peak = Math.max(0, ...total.queries.filter(value => value != null));
  show("queries", queries == null ? "–" : rounded(queries), "/s", `peak ${rounded(peak)}/s`);
  tiles.queries.chart.draw(total.queries, capacity, 1);

  const rates = total.queries.map((all, place) => all ? Math.min(1, total.hits[place] / all) : null);
  const rate = last(rates);
  show("hit-rate", rate == null ? "–" : (rate * 100).toFixed(1), rate == null ? "" : "%", rate == null ? "no queries" : `${rounded(last(total.misses) ?? 0)} misses/s`);
  tiles["hit-rate"].chart.draw(rates, capacity, 1);

  const latency = (id, median, high) => {
    const text = milliseconds(last(high));
    const [number, unit] = text.split(" ");
    show(id, number, unit ?? "", `median ${milliseconds(last(median))}`);
    tiles[id].chart.draw(high, capacity);
  };
  latency("hit-latency", total.hitMedianMilliseconds, total.hitP99Milliseconds);
  latency("miss-latency", total.missMedianMilliseconds, total.missP99Milliseconds);

  const failures = last(total.failures) ?? 0;
  show("failing", rounded(failures), "/s", queries ? `${(failures / queries * 100).toFixed(2)} % of queries` : "");
  tiles.failing.value.className = failures > 0 ? "value bad" : "value";
  tiles.failing.chart.draw(total.failures, capacity, 1, true);
}

// MARK: - Clusters

function card(route) {
  const root = element("article", "card cluster");
  const head = element("div", "head");
  const name = element("h3", "", route.name === "default" ? "default route" : route.name);
  const state = element("span", "state");
  head.append(name, state);
  const zone = element("p", "zone");
  const rates = element("p", "rates");
  const queries = element("span"), failures = element("span"), pending = element("span");
  rates.append(queries, failures, pending);
  const chart = new Chart(`Queries per second of ${name.textContent}`, rounded);
  const servers = element("ul", "servers");
  root.append(head, zone, rates, chart.svg, servers);
  return { root, state, zone, queries, failures, pending, chart, servers, rows: new Map() };
}

function row(address) {
  const root = element("li");
  const label = element("div", "address", address);
  const what = element("div", "what");
  label.append(what);
  const chart = new Chart(`Round-trip time of ${address}`, milliseconds);
  const roundtrip = element("span", "roundtrip");
  root.append(label, chart.svg, roundtrip);
  return { root, what, chart, roundtrip };
}

function drawServers(view, route, capacity) {
  const addresses = new Set(route.servers.map(server => server.address));
  for (const [address, known] of view.rows) {
    if (!addresses.has(address)) { known.root.remove(); view.rows.delete(address); }
  }
  for (const server of route.servers) {
    let known = view.rows.get(server.address);
    if (!known) view.rows.set(server.address, known = row(server.address));
    if (known.root.parentNode !== view.servers) view.servers.append(known.root);
    const state = stateOf(server.state);
    known.what.className = `what ${state.tone}`;
    setText(known.what, server.trouble ? `${state.text}: ${server.trouble}` : state.text);
    setText(known.roundtrip, milliseconds(server.roundTripMilliseconds.at(-1)));
    known.chart.draw(server.roundTripMilliseconds, capacity, 0, state.tone === "bad");
  }
}

function drawClusters() {
  const wanted = byID("filter").value.trim().toLowerCase();
  const routes = [...history.routes].sort((a, b) =>
    stateOf(a.state).rank - stateOf(b.state).rank || (a.name === "default") - (b.name === "default") || a.name.localeCompare(b.name, "en", { numeric: true }));
  const names = new Set(routes.map(route => route.name));
  for (const [name, view] of cards) {
    if (!names.has(name)) { view.root.remove(); cards.delete(name); }
  }
  routes.forEach((route, place) => {
    let view = cards.get(route.name);
    if (!view) cards.set(route.name, view = card(route));
    const list = byID("clusters");
    if (list.children[place] !== view.root) list.insertBefore(view.root, list.children[place] ?? null);
    view.root.hidden = wanted !== "" && !`${route.name} ${route.zone ?? ""}`.toLowerCase().includes(wanted);
    const state = stateOf(route.state);
    view.root.className = `card cluster ${state.tone}-edge`;
    view.state.className = `state ${state.tone}`;
    setText(view.state, state.text);
    setText(view.zone, route.zone ?? "all other names");
    setText(view.queries, `${rounded(route.queries.at(-1) ?? 0)} queries/s`);
    const failures = route.failures.at(-1) ?? 0;
    setText(view.failures, `${rounded(failures)} failures/s`);
    view.failures.className = failures > 0 ? "bad" : "";
    setText(view.pending, `${route.pending} waiting`);
    view.chart.draw(route.queries, history.capacity, 1);
    drawServers(view, route, history.capacity);
  });
  drawSummary(routes);
}

function drawSummary(routes) {
  const clusters = routes.filter(route => route.name !== "default");
  const count = tone => routes.filter(route => stateOf(route.state).tone === tone).length;
  const [bad, warn] = [count("bad"), count("warn")];
  setText(byID("clusters-summary"), `${clusters.length + history.omittedRoutes} in all, ${bad} down, ${warn} degraded`);
  byID("filter").hidden = routes.length < 9;
  byID("omitted").hidden = history.omittedRoutes === 0;
  setText(byID("omitted"), `${history.omittedRoutes} more clusters are not shown here; /api/clusters has them.`);
  const verdict = byID("verdict");
  verdict.className = `chip ${bad ? "bad" : warn ? "warn" : "good"}`;
  setText(verdict, bad ? `${bad} route${bad === 1 ? "" : "s"} down` : warn ? `${warn} degraded` : "all well");
}

// MARK: - Failures

function drawFailures() {
  const incidents = history.incidents;
  byID("no-failures").hidden = incidents.length > 0;
  byID("failures").hidden = incidents.length === 0;
  const rows = [...incidents].reverse().slice(0, 50).map(incident => {
    const line = element("tr");
    const cells = [clock(incident.time), incident.route, incident.server ?? "", incident.reason, rounded(incident.count)];
    cells.forEach((text, place) => line.append(element("td", place === 4 ? "number" : "", text)));
    return line;
  });
  byID("failures").tBodies[0].replaceChildren(...rows);
}

// MARK: - Explain

byID("explain").addEventListener("submit", async event => {
  event.preventDefault();
  const output = byID("explanation");
  const fields = new FormData(event.target);
  output.hidden = false;
  setText(output, "asking …");
  try {
    const query = new URLSearchParams({ name: fields.get("name").trim(), type: fields.get("type").trim().toUpperCase() });
    const response = await fetch(`api/explain?${query}`, { signal: AbortSignal.timeout(5000) });
    const answer = await response.json();
    setText(output, response.ok ? answer.lines.join("\n") : answer.error);
  } catch {
    setText(output, "The server gave no answer.");
  }
});

byID("filter").addEventListener("input", () => history && drawClusters());

// MARK: - Asking

async function get(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(8000) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

function drawStatus(status) {
  setText(byID("host"), location.host);
  document.title = `Switchyard ${location.host}`;
  const workers = `${status.workers} worker${status.workers === 1 ? "" : "s"}`;
  const memory = `${rounded(status.memoryBytes / 2 ** 20)} MiB of memory`;
  setText(byID("about"), `${status.version}, up ${duration(status.uptimeSeconds)}, ${workers}, ${memory}`);
  const failed = status.reload && !status.reload.lastSucceeded;
  byID("reload").hidden = !failed;
  if (failed) setText(byID("reload"), `The last reload was refused; the configuration before it is in use.\n${status.reload.problems.join("\n")}`);
}

let lastSeen = null;

async function refresh() {
  try {
    const after = history ? `?after=${history.sequence}` : "";
    const [status, samples] = await Promise.all([get("api/status"), get(`api/history${after}`)]);
    if (!history || samples.isWhole || samples.sequence !== history.sequence) {
      take(samples);
      drawTiles();
      drawClusters();
      drawFailures();
    }
    drawStatus(status);
    lastSeen = new Date();
    byID("connection").hidden = true;
    document.body.classList.remove("stale");
  } catch (error) {
    const since = lastSeen ? ` since ${lastSeen.toLocaleTimeString([], { hour12: false })}; what is shown is of that time` : "";
    setText(byID("connection"), `The server does not answer${since}.`);
    byID("connection").hidden = false;
    document.body.classList.toggle("stale", lastSeen !== null);
    console.warn(error);
  }
}

async function run() {
  // A page that nobody looks at asks nothing.
  if (!document.hidden) await refresh();
  setTimeout(run, 2000);
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
run();
