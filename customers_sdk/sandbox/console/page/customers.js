// Stored customers: a page of them, and one with all that belongs to it.

import { announce, api, ask, button, day, el, facts, time } from "./dom.js";
import { laidOut } from "./json.js";
import { log, onChange } from "./log.js";
import { chips, openRequest, short } from "./requests.js";
import { settings } from "./setup.js";

const view = document.getElementById("view-customers");
const search = el("input", { type: "search", class: "search", placeholder: "Search by name, e-mail or id", "aria-label": "Search customers" });
const table = el("div", {});
const list = el("div", { class: "page" }, el("div", { class: "toolbar" }, search), table);
const single = el("div", { class: "page" });
view.append(list, single);

let number = 1;
let current = null;
let asked = 0;
let drawn = "";

export function showCustomers(id) {
  current = id || null;
  drawn = "";
  list.hidden = current !== null;
  single.hidden = current === null;
  refresh();
}

async function refresh() {
  asked += 1;
  const turn = asked;
  let found;
  try {
    found = await api(current === null ? `customers?search=${encodeURIComponent(search.value)}&page=${number}` : `customers/${encodeURIComponent(current)}`);
  } catch (error) {
    if (turn === asked) (current === null ? table : single).replaceChildren(el("p", { class: "empty" }, error.message));
    return;
  }
  if (turn !== asked) return; // a later question is on its way
  const state = JSON.stringify([found, current && touching(found.id)]);
  if (state === drawn) return;
  drawn = state;
  if (current === null) drawList(found);
  else drawOne(found);
}

function drawList({ customers, total, pages }) {
  if (!total) {
    table.replaceChildren(search.value
      ? el("p", { class: "empty" }, "No customer matches.")
      : el("div", { class: "empty" }, el("h2", {}, "No customers yet"),
        el("p", {}, "Create one with your code, or add some made-up ones."),
        el("p", {}, el("a", { class: "button primary", href: "#setup" }, "Seed the sandbox"))));
    return;
  }
  if (number > pages) {
    number = pages;
    refresh();
    return;
  }
  table.replaceChildren(
    sheet("Customers", ["Name", "External id", "E-mail", "Wallets", "Payments", "Invoices", "Created (UTC)"],
      customers.map((each) => [
        el("a", { href: `#customers/${encodeURIComponent(each.id)}` }, each.name || each.external_id || each.email || each.id),
        each.external_id, each.email, each.wallets, each.payment_intents, each.invoices, day(each.created_at),
      ]), [3, 4, 5]),
    el("div", { class: "pager" },
      el("p", { class: "muted" }, `${total.toLocaleString("en")} ${total === 1 ? "customer" : "customers"}`),
      button("Previous", () => turnTo(number - 1), { disabled: number <= 1 }),
      el("span", {}, `Page ${number} of ${pages}`),
      button("Next", () => turnTo(number + 1), { disabled: number >= pages })));
}

function turnTo(page) {
  number = page;
  refresh().then(() => announce(`Page ${number}`));
}

/** A table that becomes a list of cards where there is no room; `numbers` are the columns of numbers. */
function sheet(name, heads, rows, numbers = []) {
  const kind = (place) => (numbers.includes(place) ? "number" : null);
  return el("table", { class: "sheet", "aria-label": name },
    el("thead", {}, el("tr", {}, heads.map((text, place) => el("th", { scope: "col", class: kind(place) }, text)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((value, place) =>
      el("td", { class: kind(place), "data-head": heads[place] }, value === null || value === "" ? el("span", { class: "muted" }, "–") : typeof value === "number" ? String(value) : value))))));
}

function touching(id) {
  return [...log.calls.values()].filter((call) => call.tries.some((each) => each.customer_id === id))
    .sort((a, b) => b.number - a.number).slice(0, 50);
}

function drawOne(customer) {
  const title = customer.name || customer.externalId || customer.email || customer.id;
  const calls = touching(customer.id);
  const focused = document.activeElement?.dataset?.key;
  single.replaceChildren(
    el("p", {}, el("a", { href: "#customers" }, "← All customers")),
    el("div", { class: "card" }, el("h2", {}, title), facts([
      ["Id", el("code", {}, customer.id)], ["External id", customer.externalId], ["E-mail", customer.email],
      ["Address", [customer.address, customer.postalCode, customer.city, customer.state, customer.country].filter(Boolean).join(", ")],
      ["App", customer.app.name], ["Created", `${day(customer.createdAt)} UTC`], ["Updated", `${day(customer.updatedAt)} UTC`],
    ]), customer.metadata === "{}" ? null : el("div", {}, el("h3", {}, "Metadata"), laidOut(customer.metadata, "Metadata"))),
    section("Wallets", ["Chain", "Address", "Authorization", "Added (UTC)"], customer.wallets.map((each) => [
      `${each.chain.name} (${each.chainId})`, el("code", {}, each.walletAddress),
      each.hasActiveAuthorization ? chipText("s2", each.authorizationType ?? "active") : null, day(each.createdAt),
    ]), "Add wallet", () => addWallet(customer.id)),
    section("Payments", ["Status", "Amount", "Token", "Created (UTC)", "Captured (UTC)"], customer.paymentIntents.map((each) => [
      chipText(tone(each.status), each.status), `${each.amount} ${each.currency}`, each.cryptoTokenKey, day(each.createdAt), day(each.capturedAt),
    ]), "Add payment", () => addPayment(customer.id), [1]),
    section("Invoices", ["Number", "Status", "Total", "Due (UTC)", "Paid (UTC)"], customer.invoices.map((each) => [
      each.invoiceNumber, chipText(tone(each.status), each.status), `${each.total} ${each.currency}`, day(each.dueDate), day(each.paidAt),
    ]), "Add invoice", () => addInvoice(customer.id), [2]),
    el("section", { class: "card" }, el("div", { class: "bar" }, el("h3", {}, "Requests")),
      calls.length ? el("ul", { class: "touching" }, calls.map((call) => el("li", {},
        el("button", { type: "button", onclick: () => openRequest(call.tries.at(-1).number) },
          el("span", { class: "muted" }, time(call.tries[0].sent_at)),
          el("b", { class: `method ${call.tries[0].method}` }, call.tries[0].method),
          el("span", { class: "path", title: call.tries[0].path }, short(call.tries[0].path)), el("span", { class: "result" }, chips(call.tries))))))
        : el("p", { class: "muted" }, "None in the log.")));
  if (focused) single.querySelector(`[data-key="${focused}"]`)?.focus();
}

function section(title, heads, rows, action, onclick, numbers) {
  return el("section", { class: "card" },
    el("div", { class: "bar" }, el("h3", {}, title), button(action, onclick, { class: "button small", "data-key": action })),
    rows.length ? sheet(title, heads, rows, numbers) : el("p", { class: "muted" }, "None."));
}

const BAD = ["CAPTURE_FAILED", "DISPUTED", "DISPUTE_LOST", "PAST_DUE", "UNCOLLECTIBLE"];
const GOOD = ["CAPTURED", "SETTLED", "PAID", "AUTHORIZED"];

function tone(status) {
  if (BAD.includes(status)) return "s5";
  return GOOD.includes(status) ? "s2" : "plain";
}

function chipText(kind, text) {
  return el("span", { class: `chip ${kind}` }, text);
}

function seeded(kind, customerId) {
  return async (row) => {
    const now = new Date().toISOString();
    const dates = { CAPTURED: { captured_at: now }, SETTLED: { captured_at: now }, PAID: { paid_at: now } }[row.status];
    await api("seed", { method: "POST", body: { [kind]: [{ customer_id: customerId, ...row, ...dates }] } });
    await refresh();
  };
}

const PAYMENTS = ["CREATED", "AUTHORIZED", "CAPTURED", "SETTLED", "REFUNDED", "DISPUTED", "CANCELLED", "EXPIRED", "CAPTURE_FAILED"];
const INVOICES = ["DRAFT", "OPEN", "PAID", "PAST_DUE", "VOID", "UNCOLLECTIBLE"];
const MONEY = { inputmode: "decimal", required: true, pattern: "[0-9]+([.][0-9]+)?", placeholder: "12.50" };

function addPayment(id) {
  ask({ title: "Add payment", action: "Add payment", submit: seeded("payment_intents", id), fields: [
    { name: "amount", label: "Amount", ...MONEY }, { name: "currency", label: "Currency", value: "USD" },
    { name: "status", label: "Status", value: "CAPTURED", list: PAYMENTS, hint: "Any text: your code should survive a new one." },
  ] });
}

function addInvoice(id) {
  ask({ title: "Add invoice", action: "Add invoice", submit: seeded("invoices", id), fields: [
    { name: "total", label: "Total", ...MONEY }, { name: "currency", label: "Currency", value: "USD" },
    { name: "status", label: "Status", value: "OPEN", list: INVOICES },
    { name: "invoice_number", label: "Number", placeholder: "optional" },
  ] });
}

function addWallet(id) {
  const submit = seeded("wallets", id);
  ask({ title: "Add wallet", action: "Add wallet", submit: (row) => submit({ ...row, chain_id: Number(row.chain_id) }), fields: [
    { name: "chain_id", label: "Chain", options: settings.chains.map((each) => [each.chain_id, `${each.name} (${each.chain_id})`]) },
    { name: "wallet_address", label: "Address", required: true, placeholder: "0x…" },
  ] });
}

let waiting;
search.addEventListener("input", () => {
  clearTimeout(waiting);
  number = 1;
  waiting = setTimeout(refresh, 150);
});

onChange((changed) => {
  if (!view.hidden && changed.some((request) => request.method !== "GET" || request.customer_id === current)) refresh();
});
