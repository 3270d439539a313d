// How to use this sandbox, and how to empty and fill it.

import { announce, api, ask, button, code, copyButton, el, field, values } from "./dom.js";

export const settings = { app_id: "", api_key: "", chains: [] };

const view = document.getElementById("view-setup");
const page = el("div", { class: "page" });
view.append(page);

const SNIPPETS = {
  Python: () => `from customers_sdk import Client

with Client() as client:  # settings come from the environment
    customer, created = client.customers.get_or_create("user-42", email="ada@example.com")
    print(customer.id, created)
`,
  Flask: () => `from flask import Flask

from customers_sdk.flask import Customers

app = Flask(__name__)
customers = Customers(app)  # settings come from the environment


@app.post("/accounts/<user>/")
def sign_up(user):
    customer, created = customers.client.customers.get_or_create(user)
    return {"customer": customer.id}, 201 if created else 200
`,
  Django: () => `# settings.py
INSTALLED_APPS += ["customers_sdk.django"]  # settings come from the environment

# views.py
from customers_sdk.django import get_client


def sign_up(request):
    customer, created = get_client().customers.get_or_create(request.user.username)
    return JsonResponse({"customer": customer.id})
`,
  curl: () => `curl "$NODERAILS_BASE_URL/customers" \\
  -H "x-api-key: $NODERAILS_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"appId": "${settings.app_id}", "externalId": "user-42"}'
`,
};

export async function load() {
  Object.assign(settings, await api("settings"));
  const pairs = [["BASE_URL", location.origin], ["APP_ID", settings.app_id], ["API_KEY", settings.api_key]]
    .map(([name, value]) => `NODERAILS_${name}=${value}`);
  page.replaceChildren(
    el("div", { class: "columns" },
      card("In a terminal", "exports", pairs.map((pair) => `export ${pair}\n`).join(""),
        "Then Client() without arguments talks to this sandbox."),
      card("In a .env file", ".env", `${pairs.join("\n")}\n`,
        "The key and the app id stay the same from start to start.")),
    snippets(),
    el("div", { class: "columns" }, seedCard(), resetCard()),
    el("p", { class: "muted" }, "The API is described in ", el("a", { href: "/_sandbox/openapi.yaml" }, "openapi.yaml"), " (OpenAPI 3.1)."));
}

function card(title, name, text, explained) {
  return el("section", { class: "card" },
    el("div", { class: "bar" }, el("h2", {}, title), copyButton("Copy", () => text, { "aria-label": `Copy ${name}`, class: "button small" })),
    el("p", { class: "muted" }, explained), code(name, text));
}

function snippets() {
  let chosen = "Python";
  const panel = el("div", { role: "tabpanel", id: "snippet", "aria-labelledby": "snippet-Python" });
  const tabs = el("div", { class: "tabs small", role: "tablist", "aria-label": "Snippets" },
    Object.keys(SNIPPETS).map((name) => el("button", { role: "tab", type: "button", id: `snippet-${name}`, "aria-controls": "snippet", onclick: () => choose(name) }, name)));
  const choose = (name) => {
    chosen = name;
    for (const tab of tabs.children) {
      const on = tab.id === `snippet-${name}`;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `snippet-${name}`);
    panel.replaceChildren(code(`${name} snippet`, SNIPPETS[name]()));
  };
  arrows(tabs);
  choose("Python");
  const copy = copyButton("Copy", () => SNIPPETS[chosen](), { "aria-label": "Copy snippet", class: "button small" });
  return el("section", { class: "card" }, el("div", { class: "bar" }, el("h2", {}, "In your code"), copy), tabs, panel);
}

/** Left and right move between tabs, as the keyboard pattern for tabs has it. */
export function arrows(tabs) {
  tabs.addEventListener("keydown", (event) => {
    const all = [...tabs.children];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = all.indexOf(document.activeElement);
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : step && (at + step + all.length) % all.length;
    if (to === undefined || at < 0) return;
    all[to].focus();
    all[to].click();
    event.preventDefault();
  });
}

function seedCard() {
  const said = el("p", { class: "muted", role: "status" });
  const form = el("form", { class: "form" },
    field({ name: "plausible", label: "Made-up customers", type: "number", min: 1, max: 10000, step: 1, value: 20, hint: "With wallets, payments and invoices; the same ones every time." }),
    el("div", { class: "actions start" }, el("button", { class: "button", type: "submit" }, "Add customers")), said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const made = await api("seed", { method: "POST", body: values(form) });
      said.textContent = `${made.customers.length} customers added.`;
    } catch (error) {
      said.textContent = error.message;
    }
  });
  return el("section", { class: "card" }, el("h2", {}, "Seed"), form);
}

function resetCard() {
  return el("section", { class: "card" }, el("h2", {}, "Reset"),
    el("p", { class: "muted" }, "Deletes all customers, forgets the requests, and cancels the faults. The key and the app stay."),
    el("div", { class: "actions start" }, button("Reset sandbox", () => ask({
      title: "Reset the sandbox?", text: "All customers, requests and faults are deleted.", action: "Reset", danger: true,
      submit: async () => {
        await api("reset", { method: "POST" });
        announce("Sandbox reset");
      },
    }), { class: "button danger" })));
}
