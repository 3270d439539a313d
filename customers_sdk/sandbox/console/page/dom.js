// Small helpers. Data reaches the page as text nodes only, never as markup.

export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Ask the sandbox; the decoded response, or an Error with its words. */
export async function api(path, { method = "GET", body } = {}) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const response = await fetch(`/_sandbox/${path}`, options);
  if (response.status === 204) return null;
  const value = await response.json();
  if (!response.ok) throw new Error(value.error);
  return value;
}

/** Tell a screen reader, politely. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

export function button(label, onclick, properties = {}) {
  return el("button", { type: "button", class: "button", onclick, ...properties }, label);
}

/** A button that copies what `text` returns. */
export function copyButton(label, text, properties = {}) {
  const made = button(label, async () => {
    try {
      await navigator.clipboard.writeText(text());
      made.textContent = "Copied";
      announce("Copied");
    } catch {
      made.textContent = "Not allowed";
    }
    setTimeout(() => { made.textContent = label; }, 1500);
  }, properties);
  return made;
}

/** Lines to copy. */
export function code(name, text) {
  return el("pre", { class: "code", tabindex: "0", "aria-label": name }, text);
}

export function facts(rows) {
  return el("dl", { class: "facts" }, rows
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

export function time(seconds) {
  const date = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}` +
    `.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

export function day(text) {
  return text ? `${text.slice(0, 10)} ${text.slice(11, 16)}` : "–";
}

export function duration(seconds) {
  if (seconds === null) return "…";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  return `${seconds.toFixed(2)} s`;
}

/** A modal form. `fields` are {name, label, type, value, options, required, hint}; `submit` gets the values. */
export function ask({ title, text, fields = [], action, danger = false, submit }) {
  const problem = el("p", { class: "problem", role: "alert" });
  const form = el("form", { class: "form" }, fields.map(field), problem,
    el("div", { class: "actions" },
      button("Cancel", () => dialog.close()),
      el("button", { class: danger ? "button danger" : "button primary", type: "submit" }, action)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await submit(values(form));
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
    }
  });
  const dialog = el("dialog", { class: "modal", "aria-label": title },
    el("h2", {}, title), text ? el("p", { class: "muted" }, text) : null, form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

export function field({ name, label, type = "text", value = "", options, list, hint, ...more }) {
  const input = options
    ? el("select", { name, ...more }, options.map(([key, text]) => el("option", { value: key }, text)))
    : el("input", { name, type, autocomplete: "off", list: list && `${name}-list`, ...more });
  if (value !== "") input.value = value;
  return el("label", { class: "field" }, el("span", {}, label), input,
    list ? el("datalist", { id: `${name}-list` }, list.map((text) => el("option", { value: text }))) : null,
    hint ? el("small", {}, hint) : null);
}

/** What a form holds; numbers as numbers, empty fields left out. */
export function values(form) {
  const found = {};
  for (const input of form.elements) {
    if (!input.name || input.value === "") continue;
    found[input.name] = input.type === "number" ? Number(input.value) : input.value;
  }
  return found;
}
