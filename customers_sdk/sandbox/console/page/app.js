// The page: which view is shown, and whether the sandbox is there.

import { log, onChange, start } from "./log.js";
import { showCustomers } from "./customers.js";
import { showFaults } from "./faults.js";
import { showRequests } from "./requests.js";
import { arrows, load } from "./setup.js";

const VIEWS = { requests: showRequests, customers: showCustomers, faults: showFaults, setup: () => {} };
const status = document.getElementById("status");
const tabs = document.querySelector(".top [role=tablist]");

function show() {
  const [wanted, rest = ""] = location.hash.slice(1).split("/");
  const name = VIEWS[wanted] ? wanted : "requests";
  for (const each of Object.keys(VIEWS)) {
    const tab = document.getElementById(`tab-${each}`);
    tab.setAttribute("aria-selected", each === name);
    tab.tabIndex = each === name ? 0 : -1;
    document.getElementById(`view-${each}`).hidden = each !== name;
  }
  VIEWS[name](decodeURIComponent(rest));
}

for (const tab of tabs.children) {
  tab.addEventListener("click", () => { location.hash = tab.id.replace("tab-", "#"); });
}
arrows(tabs);
window.addEventListener("hashchange", show);

let run = null;
onChange(() => {
  if (run !== null && log.run !== run) load().catch(() => {}); // another sandbox, with a key of its own
  run = log.run;
  status.textContent = log.connected ? "Live" : "Sandbox stopped";
  status.classList.toggle("live", log.connected);
});

await load().catch(() => {});
show();
start();
