// JSON for people. Numbers and repeated names stay as they were sent: JSON.parse would change them.

const TOKEN = /\s*(?:("(?:[^"\\\u0000-\u001f]|\\.)*")|(-?\d[\d.eE+-]*|true|false|null)|([[\]{},:]))/y;
const LONGEST = 64 * 1024;

/** The text as nested nodes: {kind: "string" | "other", text} or {kind: "list" | "object", items}. */
export function parse(text) {
  JSON.parse(text); // throws what is not JSON
  TOKEN.lastIndex = 0;
  const next = () => TOKEN.exec(text).slice(1);
  return node(next(), next);
}

function node([string, other, mark], next) {
  if (string !== undefined) return { kind: "string", text: string };
  if (other !== undefined) return { kind: "other", text: other };
  return mark === "[" ? list(next) : object(next);
}

function list(next) {
  const items = [];
  for (let token = next(); token[2] !== "]"; token = next()) {
    if (token[2] !== ",") items.push(node(token, next));
  }
  return { kind: "list", items };
}

function object(next) {
  const items = [];
  for (let token = next(); token[2] !== "}"; token = next()) {
    if (token[2] === ",") continue;
    next(); // the colon
    items.push([token[0], node(next(), next)]);
  }
  return { kind: "object", items };
}

/** The text laid out in a <pre>; as it is where it is not JSON. */
export function laidOut(text, name) {
  const pre = document.createElement("pre");
  pre.tabIndex = 0;
  pre.setAttribute("aria-label", name);
  const cut = text.length > LONGEST;
  try {
    write(pre, parse(text), "\n");
  } catch {
    pre.append(cut ? text.slice(0, LONGEST) : text);
  }
  if (pre.textContent.length > LONGEST) {
    pre.textContent = `${pre.textContent.slice(0, LONGEST)}\n… ${text.length} characters in all`;
  }
  return pre;
}

function write(into, { kind, text, items }, indent) {
  if (items === undefined) {
    into.append(span(kind === "string" ? "string" : "other", text));
    return;
  }
  const [open, close] = kind === "list" ? "[]" : "{}";
  if (!items.length) {
    into.append(open + close);
    return;
  }
  const deeper = `${indent}  `;
  into.append(open);
  items.forEach((item, place) => {
    into.append(place ? `,${deeper}` : deeper);
    if (kind === "object") into.append(span("name", item[0]), ": ");
    write(into, kind === "object" ? item[1] : item, deeper);
  });
  into.append(indent, close);
}

function span(name, text) {
  const made = document.createElement("span");
  made.className = `json-${name}`;
  made.textContent = text;
  return made;
}

const PYTHON = { true: "True", false: "False", null: "None" };

/** A parsed node as a Python expression. */
export function asPython({ kind, text, items }) {
  if (kind === "string") return pythonString(JSON.parse(text));
  if (kind === "other") return PYTHON[text] ?? text;
  if (kind === "list") return `[${items.map(asPython).join(", ")}]`;
  const pairs = items.map(([name, value]) => `${pythonString(JSON.parse(name))}: ${asPython(value)}`);
  return `{${pairs.join(", ")}}`;
}

export function pythonString(text) {
  const inner = text.replace(/[\\"]|[^ -~\u00a1-\uffff]|[\ud800-\udfff\u2028\u2029\ufeff]/gu, (found) => {
    if (found === "\\" || found === '"') return `\\${found}`;
    if (found === "\n") return "\\n";
    const point = found.codePointAt(0);
    if (point > 0xffff) return found;
    return `\\u${point.toString(16).padStart(4, "0")}`;
  });
  return `"${inner}"`;
}
