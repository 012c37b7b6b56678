// The page: signing in, which view is shown, and what happens when the project changes.
import { listenForActs } from "./acts.js";
import { follow } from "./live.js";
import { refresh, show } from "./regions.js";
import { signIn } from "./session.js";

const FIRST = "now";

/** Return the view that the address names, and what is asked of it. */
function asked() {
  const [name, query] = location.hash.slice(1).split("?");
  return { name: name || FIRST, query: query ?? "" };
}

async function route() {
  const { name, query } = asked();
  if (name === "main") return; // the link that skips the navigation
  for (const link of document.querySelectorAll("[data-nav]")) {
    if (link.dataset.nav === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  await show(document.getElementById("main"), query ? `${name}?${query}` : name);
}

const line = document.getElementById("line");
if (await signIn()) {
  listenForActs();
  addEventListener("hashchange", route);
  await route();
  follow(refresh, (state, text) => {
    line.dataset.state = state;
    line.textContent = text;
  });
} else {
  line.dataset.state = "closed";
  line.textContent = "Not signed in";
  document.getElementById("main").textContent =
    "Open the address that devkeel review printed, with what stands behind its #.";
}
