// One call: its tries, and of each what was sent and what came back.

import { api, button, copyButton, duration, el, facts, time } from "./dom.js";
import { asCurl, asPythonCall } from "./copying.js";
import { laidOut } from "./json.js";
import { outcome } from "./log.js";
import { settings } from "./setup.js";

const wide = matchMedia("(min-width: 1100px)");

export class Details {
  #call = null;
  #number = null;
  #shown = "";
  #closed;

  constructor(closed) {
    this.#closed = closed;
    this.dialog = el("dialog", { class: "details", "aria-label": "Request" });
    this.dialog.addEventListener("close", () => {
      if (this.#call === null) return;
      this.#call = null;
      this.#closed();
    });
    this.dialog.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
    wide.addEventListener("change", () => {
      const call = this.#call;
      if (call === null) return;
      this.#call = null; // not closed by the user
      this.dialog.close();
      this.show(call);
    });
  }

  show(call) {
    const same = this.#call?.number === call.number;
    this.#call = call;
    if (!same) this.#number = call.tries.at(-1).number;
    this.#shown = "";
    if (!same) this.dialog.replaceChildren(this.#bar(call));
    this.update(call);
    if (this.dialog.open) return;
    if (wide.matches) {
      const focused = document.activeElement;
      this.dialog.show();
      focused?.focus({ preventScroll: true });
    } else {
      this.dialog.showModal();
    }
  }

  close() {
    this.dialog.close();
  }

  focus() {
    this.dialog.querySelector("button")?.focus();
  }

  /** Show the call anew if anything about it changed. */
  async update(call) {
    const state = JSON.stringify([call.tries, this.#number]);
    if (state === this.#shown) return;
    this.#shown = state;
    let request;
    try {
      request = await api(`request/${this.#number}`);
    } catch (error) {
      this.dialog.replaceChildren(this.#bar(call), el("p", { class: "empty" }, error.message));
      return;
    }
    if (this.#shown === state) this.#fill(call, request);
  }

  #bar(call) {
    const [first] = call.tries;
    return el("div", { class: "bar" },
      el("h2", {}, el("b", { class: `method ${first.method}` }, first.method), " ", first.path),
      button("Close", () => this.close(), { class: "button small", "aria-label": "Close request", "data-key": "close" }));
  }

  #fill(call, request) {
    const focused = this.dialog.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.dialog.replaceChildren(
      this.#bar(call),
      el("div", { class: "body" },
        call.tries.length > 1 ? this.#tries(call) : null,
        el("p", { class: "story" }, story(request, call)),
        el("div", { class: "actions start" },
          copyButton("Copy as curl", () => asCurl(request), { "data-key": "curl" }),
          copyButton("Copy as Python", () => asPythonCall(request, settings.app_id), { "data-key": "python" })),
        facts([
          ["Time", time(request.sent_at)],
          ["Duration", duration(request.seconds)],
          ["Customer", request.customer_id
            ? el("a", { href: `#customers/${encodeURIComponent(request.customer_id)}` }, request.external_id ?? request.customer_id)
            : request.external_id],
          ["Idempotency key", request.idempotency_key && el("code", {}, request.idempotency_key)],
          ["Fault", request.faults.join(", ")],
        ]),
        part("Request", request.query ? [["Query", el("code", {}, request.query)]] : [], Object.entries(request.headers), request.body),
        request.response
          ? part(request.status === null ? "Response (lost)" : "Response", [["Status", String(request.response.status)]], request.response.headers, request.response.body)
          : null));
    if (focused) this.dialog.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  #tries(call) {
    const show = (number) => {
      this.#number = number;
      this.update(call);
    };
    return el("div", { class: "tries", role: "group", "aria-label": "Tries of this call" },
      call.tries.map((each, place) => el("button", {
        type: "button", class: "try", "aria-pressed": String(each.number === this.#number), "data-key": `try-${place}`,
        onclick: () => show(each.number),
      }, `Try ${place + 1}`, el("span", { class: `chip ${outcome(each).kind}` }, outcome(each).label))));
  }
}

function story(request, call) {
  const tries = call.tries.length;
  const place = call.tries.findIndex((each) => each.number === request.number) + 1;
  const which = tries > 1 ? `Try ${place} of ${tries}. ` : "";
  if (request.seconds === null) return `${which}Still running.`;
  if (request.status === null && request.response) return `${which}The service did this, but its response never reached the client.`;
  if (request.status === null) return `${which}The request was lost on its way: nothing was done, and the client got no response.`;
  if (request.replayed) return `${which}Not done again: the service sent the response stored under this idempotency key.`;
  if (request.faults.length && request.status >= 400) return `${which}An injected fault responded in place of the service, or made it fail.`;
  if (request.status < 400) return `${which}Done in ${duration(request.seconds)}.`;
  return `${which}The service refused this request.`;
}

function part(title, rows, headers, body) {
  return el("section", { class: "part" },
    el("h3", {}, title), facts(rows),
    body ? laidOut(body, `${title} body`) : el("p", { class: "muted" }, "No body."),
    el("details", {}, el("summary", {}, `${headers.length} headers`),
      el("dl", { class: "headers" }, headers.map(([name, value]) => el("div", {}, el("dt", {}, name.toLowerCase()), el("dd", {}, value))))));
}
