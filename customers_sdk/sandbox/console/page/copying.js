// A request as a command or as code. Neither holds the key: it comes from the environment.

import { asPython, parse, pythonString } from "./json.js";

const CARRIED = ["content-type", "idempotency-key", "noderails-version"];
const FIELDS = {
  externalId: "external_id", email: "email", name: "name", address: "address", city: "city",
  state: "state", country: "country", postalCode: "postal_code", metadata: "metadata",
};
const WALLET = { chainId: "chain_id", walletAddress: "wallet_address" };
const LIST = { search: "search", page: "page", pageSize: "page_size" };

export function asCurl(request) {
  const target = request.path + (request.query ? `?${request.query}` : "");
  const method = request.method === "HEAD" ? "--head" : `-X ${request.method}`;
  const parts = [
    `curl --globoff ${method} "$NODERAILS_BASE_URL"${quoted(target)}`,
    '-H "x-api-key: $NODERAILS_API_KEY"',
    ...CARRIED.filter((name) => request.headers[name] !== undefined)
      .map((name) => `-H ${quoted(`${name}: ${request.headers[name]}`)}`),
  ];
  if (request.body) parts.push(`--data-binary ${quoted(request.body)}`);
  return parts.join(" \\\n  ");
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function asPythonCall(request, appId) {
  const call = call_of(request, appId) ?? plain(request);
  return call.startsWith("requests.")
    ? `import os\n\nimport requests\n\nresponse = ${call}`
    : `from customers_sdk import Client\n\nwith Client() as client:\n    result = client.customers.${call}`;
}

function call_of({ method, path, query, body }, appId) {
  const segments = path.split("/").slice(1).map(decoded);
  if (segments[0] !== "customers" || segments.includes("")) return null;
  const shape = `${method} ${segments.length}`;
  const id = segments.length > 1 ? [pythonString(segments[1])] : [];
  try {
    if (shape === "GET 1") return called("list_page", [], searched(query, appId));
    if (shape === "GET 2") return called("retrieve", id, []);
    if (shape === "POST 1") return called("create", [], given(body, FIELDS, appId));
    if (shape === "PUT 2") return called("update", id, given(body, FIELDS));
    if (shape === "POST 3" && segments[2] === "wallets") return called("add_wallet", id, given(body, WALLET));
    if (shape === "DELETE 4") return called("remove_wallet", [...id, pythonString(segments[3])], []);
  } catch {
    return null; // what the SDK would not have sent
  }
  return null;
}

function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}

function called(name, positional, named) {
  const all = [...positional, ...named.map(([key, value]) => `${key}=${value}`)];
  const line = `${name}(${all.join(", ")})`;
  if (line.length <= 70) return line;
  return `${name}(\n${all.map((each) => `        ${each},\n`).join("")}    )`;
}

function given(body, names, appId) {
  const { kind, items } = parse(body);
  if (kind !== "object") throw new Error("no arguments");
  const fields = items.map(([key, value]) => [JSON.parse(key), value]);
  return fields.filter(([key, value]) => key !== "appId" || JSON.parse(value.text) !== appId)
    .map(([key, value]) => {
      const name = key === "appId" && appId ? "app_id" : names[key];
      if (name === undefined || value.text === "null") throw new Error(key);
      return [name, asPython(value)];
    });
}

function searched(query, appId) {
  const found = new Map(new URLSearchParams(query));
  const app = found.get("appId");
  found.delete("appId");
  const named = [...found].map(([key, value]) => {
    if (LIST[key] === undefined || (key !== "search" && !/^\d+$/.test(value))) throw new Error(key);
    return [LIST[key], key === "search" ? pythonString(value) : value];
  });
  if (app !== appId) named.push(["app_id", app === undefined ? "None" : pythonString(app)]);
  return named;
}

function plain({ method, path, query, body, headers }) {
  const target = pythonString(path + (query ? `?${query}` : ""));
  const sent = CARRIED.filter((name) => headers[name] !== undefined)
    .map((name) => `, ${pythonString(name)}: ${pythonString(headers[name])}`);
  const data = body ? `\n    data=${pythonString(body)}.encode(),` : "";
  return `requests.request(\n    ${pythonString(method)},\n    os.environ["NODERAILS_BASE_URL"] + ${target},` +
    `\n    headers={"x-api-key": os.environ["NODERAILS_API_KEY"]${sent.join("")}},${data}\n    timeout=10,\n)`;
}
