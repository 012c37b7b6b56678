// The timeline: older operations as one scrolls, and what is asked of it.
import { fragmentAt } from "./regions.js";

const AHEAD = "1200px";
let watching = null;

/** Read a part that is older, behind the one whose button asks for it; that one keeps where it ends. */
async function readOlder(button) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const part = button.closest(".part");
  try {
    const fragment = await fragmentAt(button.dataset.older);
    if (!button.isConnected) return;
    const older = fragment.querySelector(".part");
    if (older === null) throw new Error("no part");
    const held = document.activeElement === button;
    const [name, query] = part.dataset.view.split("?");
    const asked = new URLSearchParams(query);
    asked.set("down_to", button.dataset.from);
    part.dataset.view = `${name}?${asked}`;
    button.parentElement.remove();
    part.after(older);
    watch(older);
    if (held) older.querySelector(".row-link")?.focus({ preventScroll: true });
  } catch {
    button.removeAttribute("aria-busy"); // it can be pressed
  }
}

function watch(part) {
  const button = part.querySelector("[data-older]");
  if (button !== null) watching?.observe(button);
}

/** Say a row that came while the timeline was there, to who does not see it. */
function announce(row) {
  document.getElementById("said").textContent = row.querySelector(".row-title").textContent.replace(/\s+/g, " ").trim();
}

/** Return the address of the timeline with what a form asks for; a day is one of the reader's zone. */
function addressOf(form) {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value.trim()) asked.set(name, momentOf(name, value.trim()));
  return `#${form.dataset.filter}${asked.size > 0 ? `?${asked}` : ""}`;
}

function momentOf(name, value) {
  if (!["since", "until"].includes(name)) return value;
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
  const now = new Date();
  const days = { today: 0, yesterday: 1 }[value.toLowerCase()];
  const at =
    day !== null
      ? new Date(Number(day[1]), Number(day[2]) - 1, Number(day[3]))
      : days !== undefined
        ? new Date(now.getFullYear(), now.getMonth(), now.getDate() - days)
        : null;
  return at === null || Number.isNaN(at.getTime()) ? value : at.toISOString().replace(".000", "");
}

/** Follow the timeline for as long as the page is there. */
export function followTimeline() {
  const main = document.getElementById("main");
  watching = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!target.isConnected) watching.unobserve(target);
        else if (isIntersecting) readOlder(target);
      }
    },
    { rootMargin: AHEAD },
  );
  // A view that is put in, or a part that is read again, may bring a button of its own.
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        for (const button of node.querySelectorAll("[data-older]")) watching.observe(button);
        if (node.matches("#part-newest > .rows > .row")) announce(node);
        if (node.matches("[data-older]")) watching.observe(node);
      }
    }
  }).observe(main, { childList: true, subtree: true });
  const decision = document.getElementById("decision");
  addEventListener("hashchange", () => decision.close());
  decision.addEventListener("close", () => document.getElementById("decided").replaceChildren());
  main.addEventListener("click", (event) => {
    const button = event.target.closest("[data-older]");
    if (button !== null) readOlder(button);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-filter]");
    if (form === null) return;
    event.preventDefault();
    location.hash = addressOf(form);
  });
}
