// The list of calls. Only the rows in sight are in the page, so ten thousand cost what forty do.

import { announce, api, ask, button, duration, el, time } from "./dom.js";
import { failed, log, onChange, outcome } from "./log.js";
import { Details } from "./details.js";

const MARGIN = 6;
const view = document.getElementById("view-requests");

const search = el("input", { type: "search", class: "search", placeholder: "Filter by path, key or customer", "aria-label": "Filter requests" });
const method = choice("Method", [["", "All methods"], ["GET", "GET"], ["POST", "POST"], ["PUT", "PUT"], ["DELETE", "DELETE"]]);
const result = choice("Result", [["", "All results"], ["failed", "Failed or lost"], ["retried", "Retried"], ["replayed", "Replayed"], ["fault", "With a fault"]]);
const summary = el("p", { class: "muted summary" });
const inner = el("div", { class: "rows", role: "rowgroup" });
const scroller = el("div", { class: "scroller" }, inner);
const columns = ["Time", "Request", "Result", "Customer", "Idempotency key", "Duration"];
const head = el("div", { class: "row head", role: "row", "aria-rowindex": "1" },
  columns.map((name) => el("span", { role: "columnheader" }, name)));
const grid = el("div", { class: "grid", role: "grid", tabindex: "0", "aria-label": "Requests, newest first" }, head, scroller);
const empty = el("div", { class: "empty" },
  el("h2", {}, "Waiting for the first request"),
  el("p", {}, "Point your code here, and each request it sends appears within a second."),
  el("p", {}, el("a", { href: "#setup", class: "button primary" }, "Set up your code")));
const nothing = el("p", { class: "empty" }, "No request matches the filter.");
const details = new Details(() => { select(null); grid.focus(); });

let shown = []; // the calls that match, newest first
let selected = null; // the number of a call
let newest = 0;
let unannounced = 0;
const rows = new Map(); // call number -> {node, version}

function choice(label, options) {
  return el("select", { "aria-label": label }, options.map(([value, text]) => el("option", { value }, text)));
}

view.append(
  el("div", { class: "split" },
    el("div", { class: "list" },
      el("div", { class: "toolbar" }, search, method, result, summary,
        button("Clear", () => ask({
          title: "Clear the list?", text: "The sandbox forgets its requests. Customers and faults stay.",
          action: "Clear", danger: true, submit: () => api("requests", { method: "DELETE" }),
        }))),
      grid, empty, nothing),
    details.dialog));

function matches(call) {
  const { tries } = call;
  if (method.value && tries[0].method !== method.value) return false;
  if (result.value === "failed" && !tries.some(failed)) return false;
  if (result.value === "retried" && tries.length < 2) return false;
  if (result.value === "replayed" && !tries.some((each) => each.replayed)) return false;
  if (result.value === "fault" && !tries.some((each) => each.faults.length)) return false;
  const wanted = search.value.trim().toLowerCase();
  return !wanted || tries.some((each) => [each.path, each.query, each.idempotency_key, each.external_id, each.customer_id]
    .some((text) => text && text.toLowerCase().includes(wanted)));
}

function refresh() {
  const before = shown[0]?.number;
  shown = [...log.calls.values()].sort((a, b) => b.number - a.number).filter(matches);
  const total = log.calls.size;
  const count = (number) => `${number.toLocaleString("en")} ${number === 1 ? "call" : "calls"}`;
  summary.textContent = shown.length === total ? count(total) : `${shown.length.toLocaleString("en")} of ${count(total)}`;
  grid.hidden = !shown.length;
  empty.hidden = total > 0;
  nothing.hidden = !total || shown.length > 0;
  grid.setAttribute("aria-rowcount", shown.length + 1);
  const height = rowHeight();
  inner.style.height = `${shown.length * height}px`;
  if (scroller.scrollTop > height && before !== undefined) {
    const moved = shown.findIndex((call) => call.number === before);
    if (moved > 0) scroller.scrollTop += moved * height; // what is being read stays in place
  }
  render();
}

function rowHeight() {
  return parseFloat(getComputedStyle(inner).getPropertyValue("--row")) || 40;
}

function render() {
  if (view.hidden) return;
  const height = rowHeight();
  const first = Math.max(Math.floor(scroller.scrollTop / height) - MARGIN, 0);
  const last = Math.min(Math.ceil((scroller.scrollTop + scroller.clientHeight) / height) + MARGIN, shown.length);
  const wanted = new Set();
  for (let place = first; place < last; place += 1) {
    const call = shown[place];
    wanted.add(call.number);
    const row = rowOf(call);
    row.style.transform = `translateY(${place * height}px)`;
    row.setAttribute("aria-rowindex", place + 2);
    row.setAttribute("aria-selected", call.number === selected);
  }
  for (const [number, { node }] of rows) {
    if (!wanted.has(number)) {
      node.remove();
      rows.delete(number);
    }
  }
  if (selected !== null && rows.has(selected)) grid.setAttribute("aria-activedescendant", `call-${selected}`);
  else grid.removeAttribute("aria-activedescendant");
}

function rowOf(call) {
  let held = rows.get(call.number);
  if (!held) {
    const node = el("div", { class: "row", role: "row", id: `call-${call.number}`, onclick: () => open(call.number) });
    held = { node, version: -1 };
    rows.set(call.number, held);
    inner.append(node);
  }
  if (held.version !== call.version) {
    held.version = call.version;
    held.node.replaceChildren(...cells(call));
  }
  return held.node;
}

function cells({ tries }) {
  const [first] = tries;
  const last = tries.at(-1);
  const id = last.customer_id;
  const name = tries.findLast((each) => each.external_id)?.external_id ?? log.names.get(id);
  const faults = [...new Set(tries.flatMap((each) => each.faults))];
  const spent = last.seconds === null ? null : last.sent_at + last.seconds - first.sent_at;
  const cell = (name, ...children) => el("span", { class: name, role: "gridcell" }, ...children);
  return [
    cell("when", time(first.sent_at)),
    cell("what", el("b", { class: `method ${first.method}` }, first.method),
      el("span", { class: "path", title: first.path }, short(first.path),
        first.query ? el("span", { class: "muted" }, `?${first.query}`) : null)),
    cell("result", chips(tries), faults.map((name) => el("span", { class: "fault", title: `Fault: ${name}` }, name.replace(/_next$/, "").replaceAll("_", " ")))),
    cell("who", name ?? (id ? el("span", { class: "muted" }, id.slice(0, 8)) : "")),
    cell("key", el("span", { class: "muted" }, first.idempotency_key ?? "")),
    cell("spent", duration(spent)),
  ];
}

const ID = /\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/** A path whose ids are cut, so that its end is in sight. */
export function short(path) {
  return path.replace(ID, "$1…");
}

/** How each try of a call ended, in order. */
export function chips(tries) {
  const visible = tries.length > 4 ? [...tries.slice(0, 2), null, ...tries.slice(-1)] : tries;
  return visible.flatMap((each, place) => [
    place ? el("span", { class: "then", "aria-label": "then" }, "→") : null,
    each === null ? el("span", { class: "muted" }, `${tries.length - 3} more`) : chip(each),
  ]);
}

export function chip(request) {
  const { kind, label } = outcome(request);
  return el("span", { class: `chip ${kind}` }, label);
}

function select(number) {
  selected = number;
  render();
}

function open(number) {
  select(number);
  details.show(log.calls.get(number));
  reveal();
}

/** Scroll no further than the selected row needs. */
function reveal() {
  const place = shown.findIndex((call) => call.number === selected);
  if (place < 0) return;
  const height = rowHeight();
  scroller.scrollTop = Math.min(Math.max(scroller.scrollTop, (place + 1) * height - scroller.clientHeight), place * height);
  render();
}

/** Show one request from elsewhere in the page. */
export function openRequest(number) {
  search.value = "";
  method.value = "";
  result.value = "";
  location.hash = "#requests";
  refresh();
  open(log.requests.get(number).call);
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
grid.addEventListener("keydown", (event) => {
  const at = shown.findIndex((call) => call.number === selected);
  if (event.key === "Enter" && at >= 0) {
    open(selected);
    details.focus();
  } else if (event.key === "Escape") {
    details.close();
  } else if (STEPS[event.key] !== undefined && shown.length) {
    const place = Math.min(Math.max(at < 0 ? 0 : at + STEPS[event.key], 0), shown.length - 1);
    if (details.dialog.open) open(shown[place].number);
    else {
      select(shown[place].number);
      reveal();
    }
  } else return;
  event.preventDefault();
});

for (const input of [search, method, result]) input.addEventListener("input", () => { scroller.scrollTop = 0; refresh(); });
scroller.addEventListener("scroll", render, { passive: true });
new ResizeObserver(() => {
  refresh();
  reveal();
}).observe(scroller);

onChange((changed) => {
  refresh();
  if (selected !== null && log.calls.has(selected)) details.update(log.calls.get(selected));
  const fresh = changed.filter((request) => request.number > newest);
  newest = Math.max(newest, ...fresh.map((request) => request.number));
  unannounced += fresh.length;
});

setInterval(() => { // often enough to follow, seldom enough to listen to
  if (unannounced && !view.hidden) announce(`${unannounced} new ${unannounced === 1 ? "request" : "requests"}`);
  unannounced = 0;
}, 3000);

export function showRequests() {
  refresh();
}
