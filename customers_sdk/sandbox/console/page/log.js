// What the sandbox was sent: kept up to date by polling, and put together to calls.

import { api } from "./dom.js";

const SOON = 400;
const HIDDEN = 2000;

export const log = {
  run: null,
  cursor: 0,
  requests: new Map(), // number -> summary
  calls: new Map(), // number of the first try -> {number, tries, version}
  names: new Map(), // customer id -> external id, as far as it was seen
  faults: [],
  connected: false,
};

const listeners = [];

/** Have `listener` called with the requests that came or ended, whenever something changed. */
export function onChange(listener) {
  listeners.push(listener);
}

function forget(oldest) {
  for (const [number, request] of log.requests) {
    if (number >= oldest) break;
    log.requests.delete(number);
    const call = log.calls.get(request.call);
    if (call) {
      call.tries = call.tries.filter((each) => each.number !== number);
      call.version += 1;
      if (!call.tries.length) log.calls.delete(request.call);
    }
  }
}

function take(request) {
  log.requests.set(request.number, request);
  if (request.customer_id && request.external_id) log.names.set(request.customer_id, request.external_id);
  let call = log.calls.get(request.call);
  if (!call) {
    call = { number: request.call, tries: [], version: 0 };
    log.calls.set(request.call, call);
  }
  const place = call.tries.findIndex((each) => each.number === request.number);
  if (place >= 0) call.tries[place] = request;
  else call.tries.push(request);
  call.version += 1;
}

async function poll() {
  let next = document.hidden ? HIDDEN : SOON;
  try {
    const feed = await api(`feed?after=${log.cursor}`);
    const anew = feed.run !== log.run;
    if (anew) {
      log.requests.clear();
      log.calls.clear();
      log.run = feed.run;
      if (log.cursor) Object.assign(feed, { cursor: 0, requests: [], more: true }); // another sandbox
    }
    log.cursor = feed.cursor;
    const before = log.requests.size;
    forget(feed.oldest);
    const forgotten = before !== log.requests.size;
    feed.requests.forEach(take);
    const faults = JSON.stringify(feed.faults) !== JSON.stringify(log.faults);
    log.faults = feed.faults;
    const changed = feed.requests.length > 0 || forgotten || faults || anew || !log.connected;
    log.connected = true;
    if (changed) listeners.forEach((listener) => listener(feed.requests));
    if (feed.more) next = 0;
  } catch {
    if (log.connected) {
      log.connected = false;
      listeners.forEach((listener) => listener([]));
    }
    next = 1000;
  }
  setTimeout(poll, next);
}

export function start() {
  poll();
}

/** How a try ended: {kind, label}. `kind` is also the colour. */
export function outcome(request) {
  if (request.seconds === null) return { kind: "running", label: "running" };
  if (request.status === null) return { kind: "lost", label: "lost" };
  if (request.replayed) return { kind: "replayed", label: `${request.status} replayed` };
  return { kind: `s${String(request.status)[0]}`, label: String(request.status) };
}

export function failed(request) {
  return request.seconds !== null && (request.status === null || request.status >= 400);
}
