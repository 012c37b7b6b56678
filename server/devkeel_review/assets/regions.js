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
    const failed = fragment.querySelector(".failed") ?? fragment;
    failed.prepend(title);
    if (failed.dataset && fragment.querySelector("[data-view]") === null) failed.dataset.view = address; // read again with each change
  }
  place.replaceChildren(fragment);
  const heading = place.querySelector("h1");
  // Whoever opens the page begins at its top, with the link that skips the navigation.
  const meant = place.querySelector("[data-first]"); // what the address asks for: a button of the view
  if (meant !== null) meant.focus();
  else if (place.dataset.shown) focusOn(heading);
  else heading.tabIndex = -1;
  place.dataset.shown = address;
  document.title = `${heading.textContent} · devkeel review`;
  // What takes longer than the rest comes when it is there; while the line is lost, with the next change.
  for (const part of place.querySelectorAll("[data-later]")) renew([part]).catch(() => {});
}

/** Return what the server has at the address of a view, as a fragment. */
export const fragmentAt = (address) => read(address);

/** Fetch again what follows one of the marks that have changed. */
export async function refresh(changed) {
  // One that has never been read follows whatever there is.
  const follows = ({ dataset }) => (dataset.follows?.split(" ") ?? [...changed]).some((mark) => changed.has(mark));
  await renew([...document.querySelectorAll("[data-view]")].filter(follows).filter(inSight));
}

// What is lazy and out of sight is fetched again when it is seen: a long list would otherwise be read as a whole each time.
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    if (target.isConnected) renew([target]);
  }
});

function inSight(region) {
  if (region.dataset.lazy === undefined) return true;
  const { top, bottom } = region.getBoundingClientRect();
  if (bottom >= 0 && top <= innerHeight) return true;
  seen.observe(region);
  return false;
}

/** Fetch regions again, whatever has changed. One that cannot be read now says so, and is read with the next change. */
export async function renew(regions) {
  for (const region of regions) {
    const fragment = await read(region.dataset.view);
    if (!region.isConnected) continue;
    const held = region.contains(document.activeElement);
    const fresh = fragment.querySelector("[data-view]");
    if (fresh !== null) patch(region, fresh, true);
    else if (!region.classList.contains("failed")) region.replaceChildren(fragment);
    // What had the focus is gone: its region has it, or who reads by ear would begin at the top.
    if (held && !region.contains(document.activeElement)) {
      focusOn(region.querySelector("h1, h2") ?? document.querySelector("#main h1") ?? region);
    }
  }
}

function focusOn(element) {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
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
 * What the page itself put there stays: the answer of an act, a log that is followed, a region that is read by itself,
 * what its reader opened or closed.
 */
export function patch(old, fresh, whole = false) {
  if (!whole && isOfThePage(old, fresh)) return;
  const own = (name) =>
    (name === "open" && old.nodeName === "DETAILS") || (name === "tabindex" && old === document.activeElement);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !own(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !own(name)) old.setAttribute(name, value);
  }
  const wanted = new Set([...fresh.childNodes].map(idOf));
  // What has gone goes first: what stays need then not be moved, by which it would lose the focus.
  for (const child of [...old.childNodes]) if (idOf(child) !== null && !wanted.has(idOf(child))) child.remove();
  const kept = new Map([...old.childNodes].filter((child) => idOf(child) !== null).map((child) => [idOf(child), child]));
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const id = idOf(next);
    const here = id !== null ? kept.get(id) : alike(at, next) ? at : null;
    if (here) {
      // What is moved loses the focus: rather goes what stands between and has no name.
      while (at !== null && at !== here && idOf(at) === null && follows(here, at)) at = removed(at);
      if (here === at) at = at.nextSibling;
      else old.insertBefore(here, at);
      if (here.nodeType === Node.ELEMENT_NODE) patch(here, next);
      else if (here.data !== next.data) here.data = next.data;
    } else {
      old.insertBefore(next, at);
    }
  }
  while (at !== null) at = removed(at);
}

/** Remove a node, and return the one behind it. */
function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function follows(node, before) {
  return Boolean(before.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING);
}

function isOfThePage(old, fresh) {
  const same = (name) => old.hasAttribute(name) && old.getAttribute(name) === fresh.getAttribute(name);
  const busy = old.nodeName === "FORM" && old.hasAttribute("aria-busy");
  return busy || old.hasAttribute("data-filled") || same("data-log") || same("data-view");
}

/** Return the id of an element, null for none. A field of a form that is called `id` hides that of the form. */
function idOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("id") : null;
}

function alike(one, other) {
  return one !== null && idOf(one) === null && idOf(other) === null && one.nodeName === other.nodeName;
}
