// The page: signing in, which view is shown, and what happens when the project changes.
import { listenForActs } from "./acts.js";
import { guardConsent } from "./consent.js";
import { followKeys } from "./keys.js";
import { follow } from "./live.js";
import { followLogs } from "./logs.js";
import { refresh, renew, show } from "./regions.js";
import { signIn } from "./session.js";
import { followTimeline } from "./timeline.js";
import { followTimes } from "./times.js";

const FIRST = "now";
const WITHIN = { operation: "history", working: "history", job: "jobs" };

/** Return the view that the address names, and what is asked of it. */
function asked() {
  const [name, query] = location.hash.slice(1).split("?");
  return { name: name || FIRST, query: query ?? "" };
}

const line = document.getElementById("line");
let shown = false;

/** Say something in place of a view. */
function instead(title, words) {
  const heading = document.createElement("h1");
  heading.textContent = title;
  const sentence = document.createElement("p");
  sentence.textContent = words;
  document.getElementById("main").replaceChildren(heading, sentence);
}

function signedOut() {
  instead("Not signed in", "Open the address that devkeel review printed, with what stands behind its #.");
}

/** Show the view that the address names; where the server cannot be reached, it is shown as soon as it can be. */
async function route() {
  const { name, query } = asked();
  shown = false;
  for (const link of document.querySelectorAll("[data-nav]")) {
    if (link.dataset.nav === (WITHIN[name] ?? name)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    await show(document.getElementById("main"), query ? `${name}?${query}` : name);
    shown = true;
  } catch {
    if (line.dataset.state === "closed") signedOut();
    else instead("No connection", "The page does not reach its server. It is shown as soon as that answers.");
  }
}

// An address with a token that is opened where the page is already: only what is behind # differs, so no page is loaded.
addEventListener("hashchange", () => location.hash.startsWith("#open=") && location.reload());

/** Look again at what has changed, and at a view that could not be shown before. */
async function lookAgain(changed) {
  await refresh(changed);
  if (shown && document.querySelector("#main [data-view]") === null) await route();
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // what stands behind # is the view
  document.getElementById("main").focus();
});

// A link to where the page is already changes no address, and is followed all the same.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='#']");
  if (!link || event.defaultPrevented || link.getAttribute("href") !== location.hash) return;
  event.preventDefault();
  route();
});

let begun = false;
if (await signIn(() => instead("No connection", "The server is busy or away. This page tries again each second."))) {
  guardConsent();
  listenForActs();
  followTimeline();
  addEventListener("hashchange", route);
  followTimes();
  followLogs();
  followKeys(() => renew(document.querySelectorAll("main [data-view]")));
  // The marks first: what changes while a view is read is then seen as a change.
  await follow(lookAgain, (state, text) => {
    line.dataset.state = state;
    line.textContent = text;
    if (state === "closed") signedOut();
    else if (state === "live" && begun && !shown) route();
  });
  renew(document.querySelectorAll("[data-view]")).catch(() => undefined); // what stands beside each view
  await route();
  begun = true;
} else {
  line.dataset.state = "closed";
  line.textContent = "Not signed in";
  signedOut();
}
