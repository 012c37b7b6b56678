// Regions: parts of the page that are fetched as fragments, and put in place of what was there.
import { ask } from "./session.js";
import { localise } from "./times.js";

let newest = 0;

/** Put a view into an element, and its heading into focus but for the first one, unless another was asked for meanwhile. */
export async function show(place, address) {
  newest += 1;
  const own = newest;
  const fragment = await read(address);
  if (own !== newest) return;
  if (fragment.querySelector("h1") === null) {
    const title = document.createElement("h1");
    title.textContent = "This cannot be shown";
    fragment.prepend(title);
  }
  place.replaceChildren(fragment);
  const heading = place.querySelector("h1");
  heading.tabIndex = -1;
  // Whoever opens the page begins at its top, with the link that skips the navigation.
  if (place.dataset.shown) heading.focus();
  place.dataset.shown = address;
  document.title = `${heading.textContent} · devkeel review`;
  // What takes longer than the rest comes when it is there; while the line is lost, with the next change.
  for (const part of place.querySelectorAll("[data-later]")) renew([part]).catch(() => {});
}

/** Fetch again what follows one of the marks that have changed. */
export async function refresh(changed) {
  const follows = (region) => (region.dataset.follows ?? "").split(" ").some((mark) => changed.has(mark));
  await renew([...document.querySelectorAll("[data-view]")].filter(follows));
}

/** Fetch regions again, whatever has changed. */
export async function renew(regions) {
  for (const region of regions) {
    const fragment = await read(region.dataset.view);
    const fresh = fragment.firstElementChild;
    if (fresh !== null && region.isConnected) patch(region, fresh);
  }
}

/** Return what the server has at an address, as a fragment. */
async function read(address) {
  const answer = await ask(`/view/${address}`);
  return fragmentOf(await markupOf(answer));
}

/** Return the markup of an answer; throws for one that is none, as a refusal of what stands before the page. */
export async function markupOf(answer) {
  if (answer.headers.get("content-type")?.startsWith("text/html")) return answer.text();
  throw new Error(String(answer.status));
}

/** Return the markup of our own server as a fragment; its text of others is escaped there, and no script runs. */
export function fragmentOf(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  localise(template.content);
  return template.content;
}

/** Make an element what another one is; what has an id stays itself, with focus, selection and scroll.
 *
 * What the page itself put there stays: the answer of an act, a log that is followed, what its reader opened or closed.
 */
export function patch(old, fresh) {
  const log = old.hasAttribute("data-log") && old.dataset.log === fresh.dataset?.log;
  const busy = old.nodeName === "FORM" && old.hasAttribute("aria-busy");
  if (log || busy || old.hasAttribute("data-filled")) return;
  const own = (name) =>
    (name === "open" && old.nodeName === "DETAILS") || (name === "tabindex" && old === document.activeElement);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !own(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !own(name)) old.setAttribute(name, value);
  }
  const kept = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    let here = next.id ? kept.get(next.id) : alike(at, next) ? at : null;
    if (here) {
      if (here === at) at = at.nextSibling;
      else old.insertBefore(here, at);
      if (here.nodeType === Node.ELEMENT_NODE) patch(here, next);
      else if (here.data !== next.data) here.data = next.data;
    } else {
      old.insertBefore(next, at);
    }
  }
  while (at !== null) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function alike(one, other) {
  return one !== null && !one.id && !other.id && one.nodeName === other.nodeName;
}
