// Logs: what processes and jobs write, as it comes, by one stream for all that the page shows.
//
// An element with data-log is filled while it is to be seen: not in a closed <details>, not in a hidden tab. A browser
// opens six connections to one server (Chromium), so all logs share one, which is begun anew when others are shown.
import { events } from "./live.js";
import { ask } from "./session.js";

const MOST = 200_000; // characters that are kept of a log
const PIECE = 10_000; // and of one element in it
const LONGEST = 10_000;
const logs = new WeakMap(); // element: where its log goes on
let streaming = null;
let shown = "";
let due = false;

/** Fill every log of the page for as long as it is there. */
export function followLogs() {
  const changed = () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      follow();
    });
  };
  new MutationObserver(changed).observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-log", "open"],
  });
  addEventListener("visibilitychange", changed);
  changed();
}

function follow() {
  const elements = document.hidden ? [] : [...document.querySelectorAll("[data-log]")].filter(seen);
  const wanted = elements.filter((element) => !state(element).over);
  const names = wanted.map((element) => element.dataset.log).join(" ");
  if (names === shown) return;
  shown = names;
  if (streaming !== null) streaming.abort();
  streaming = null;
  if (wanted.length > 0) {
    streaming = new AbortController();
    stream(wanted, streaming.signal);
  }
}

function seen(element) {
  const folded = element.closest("details:not([open])");
  return folded === null || folded === element;
}

function state(element) {
  const known = logs.get(element);
  if (known !== undefined && known.of === element.dataset.log) return known;
  element.replaceChildren();
  const fresh = { of: element.dataset.log, cursor: "", over: false };
  logs.set(element, fresh);
  return fresh;
}

async function stream(elements, signal) {
  let pause = 250;
  while (!signal.aborted) {
    const asked = elements.map((element) => {
      const { of, cursor } = state(element);
      return `of=${encodeURIComponent(cursor ? `${of}&cursor=${encodeURIComponent(cursor)}` : of)}`;
    });
    try {
      const answer = await ask(`/log/follow?${asked.join("&")}`, { cache: "no-store", signal });
      if (answer.status === 401) return;
      if (!answer.ok) throw new Error(String(answer.status));
      for await (const event of events(answer.body)) {
        pause = 250;
        for (const element of elements) if (element.dataset.log === event.of) add(element, event);
      }
      if (elements.every((element) => state(element).over)) return;
    } catch {
      if (signal.aborted) return;
    }
    await new Promise((resume) => setTimeout(resume, pause));
    pause = Math.min(pause * 2, LONGEST);
  }
}

/** Add what came to a log; whoever reads its end goes on doing so. */
function add(element, event) {
  const known = state(element);
  known.cursor = event.cursor;
  known.over = event.over;
  element.querySelector(":scope > .unfinished")?.remove();
  const below = element.scrollTop + element.clientHeight >= element.scrollHeight - 4;
  if (event.anew) append(element, "log-gap", "\u2014 begun anew \u2014\n");
  if (event.cut) append(element, "log-gap", "\u2014 what came before is left out \u2014\n");
  for (const [name, text] of event.parts) append(element, name, text);
  if (event.rest.length > 0) append(element, "unfinished", event.rest.map(([, text]) => text).join("\n"));
  element.toggleAttribute("data-ended", event.over);
  if (event.error) append(element, "log-gap", `${event.error}\n`);
  trim(element);
  if (below) element.scrollTop = element.scrollHeight;
}

function append(element, name, text) {
  const last = element.lastElementChild;
  // Each piece is a block of lines, so that one ends only where a line does, or is as long as many.
  const goes = last !== null && last.className === name;
  const length = goes ? last.textContent.length : 0;
  if (goes && (length < PIECE || (!last.textContent.endsWith("\n") && length < 4 * PIECE))) {
    last.append(text);
    return;
  }
  const piece = document.createElement("span");
  piece.className = name;
  piece.textContent = text;
  element.append(piece);
}

function trim(element) {
  let left = element.textContent.length - MOST;
  while (left > 0 && element.firstElementChild !== element.lastElementChild) {
    left -= element.firstElementChild.textContent.length;
    element.firstElementChild.remove();
  }
}
