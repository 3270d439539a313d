// Faults: arm them, see what they met, cancel them.

import { announce, api, button, el, field, values } from "./dom.js";
import { log, onChange } from "./log.js";

const times = (value = 1) => ({ name: "times", label: "How many requests", type: "number", min: 1, step: 1, value });
const always = { ...times(""), placeholder: "until cancelled" };
const seconds = (value) => ({ name: "seconds", label: "Seconds", type: "number", min: 0, step: "any", value, required: true });
const status = (value, min) => ({ name: "status", label: "Status", type: "number", min, max: 599, step: 1, value });
const retryAfter = (value) => ({ name: "retry_after", label: "Retry-After, seconds", type: "number", min: 0, step: 1, value });

const KINDS = {
  fail_next: ["Error status", "Responds with an error and does nothing. Up to 500 it is stored under the idempotency key, as the service does.", [status(503, 400), times(), retryAfter("")]],
  drop_answer_next: ["Lost response", "Does what was asked, then closes the connection without a response.", [times()]],
  timeout_next: ["Lost request", "Does nothing and leaves the client waiting until it gives up.", [times()]],
  slow_next: ["Slow", "Takes time, with the idempotency key locked meanwhile.", [seconds(2), times()]],
  html_next: ["HTML page", "Responds with a page of HTML, as a proxy does.", [status(502, 200), times()]],
  rate_limit: ["Rate limit", "Responds with 429 once so many requests have come.", [{ name: "after", label: "After how many", type: "number", min: 0, step: 1, value: 0 }, always, retryAfter(1)]],
  latency: ["Latency", "Makes every request take time until cancelled.", [seconds(0.2)]],
  database_down: ["Database down", "Responds with 401, as the service does while its database is down.", [always]],
};
const METHODS = [["", "Any method"], ["GET", "GET"], ["POST", "POST"], ["PUT", "PUT"], ["DELETE", "DELETE"]];
const PATHS = ["/customers", "/customers/*", "/customers/*/wallets", "/customers/*/wallets/*"];

const view = document.getElementById("view-faults");
const problem = el("p", { class: "problem", role: "alert" });
const explained = el("p", { class: "muted" });
const own = el("div", { class: "fields" });
const kinds = el("div", { class: "kinds", role: "radiogroup", "aria-label": "Kind of fault" },
  Object.entries(KINDS).map(([value, [label]], place) => el("label", { class: "kind" },
    el("input", { type: "radio", name: "fault", value, checked: place === 0, onchange: choose }), el("span", {}, label))));
const form = el("form", { class: "form card", "aria-label": "Arm a fault" }, el("h2", {}, "Arm a fault"), kinds, explained, own,
  el("div", { class: "fields" },
    field({ name: "method", label: "Method", options: METHODS }),
    field({ name: "path", label: "Path", list: PATHS, placeholder: "any, or /customers/*", pattern: "/[^?]*" })),
  problem, el("div", { class: "actions" }, el("button", { class: "button primary", type: "submit" }, "Arm fault")));
const waiting = el("div", {});
const badge = document.getElementById("fault-count");
view.append(el("div", { class: "page columns" }, form,
  el("section", { class: "card" }, el("div", { class: "bar" }, el("h2", {}, "Armed"),
    button("Cancel all", () => change("faults", { method: "DELETE" }, "All faults cancelled"), { class: "button small", id: "cancel-all" })), waiting)));

function chosen() {
  return form.querySelector("input[name=fault]:checked").value;
}

function choose() {
  const [, text, fields] = KINDS[chosen()];
  explained.textContent = text;
  own.replaceChildren(...fields.map(field));
}

async function change(path, options, said) {
  try {
    const found = await api(path, options);
    log.faults = found?.faults ?? (await api("faults")).faults;
    problem.textContent = "";
    draw();
    announce(said);
  } catch (error) {
    problem.textContent = error.message;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const body = { ...values(form), fault: chosen() };
  change("faults", { method: "POST", body }, "Fault armed");
});

function what(fault) {
  const label = KINDS[fault.fault]?.[0] ?? fault.fault;
  if (fault.delay) return `${label}, ${fault.delay} s`;
  return fault.status ? `${label} ${fault.status}` : label;
}

let drawn = "";
function draw() {
  badge.textContent = log.faults.length;
  badge.hidden = !log.faults.length;
  badge.setAttribute("aria-label", `${log.faults.length} armed`);
  const state = JSON.stringify(log.faults);
  if (state === drawn) return;
  drawn = state;
  document.getElementById("cancel-all").hidden = !log.faults.length;
  waiting.replaceChildren(log.faults.length
    ? el("ul", { class: "armed" }, log.faults.map((fault) => el("li", {},
      el("div", {}, el("b", {}, what(fault)),
        el("p", { class: "muted" }, fault.method && fault.path ? `${fault.method} ${fault.path}` : `${fault.method ?? "Any method"}, ${fault.path ?? "any path"}`,
          fault.after ? `, after ${fault.after} requests` : ""),
        el("p", { class: "muted" }, fault.times === null ? `Met ${fault.met}, until cancelled` : `Met ${fault.met} of ${fault.times}`)),
      button("Cancel", () => change(`faults/${fault.number}`, { method: "DELETE" }, "Fault cancelled"), { class: "button small", "aria-label": `Cancel ${what(fault)}` }))))
    : el("p", { class: "muted" }, "None. The next requests go through."));
}

choose();
onChange(draw);
export const showFaults = draw;
