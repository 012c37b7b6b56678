// What a key does. Each one presses what a person could press otherwise; none works in a field, with a modifier, or where the
// reader switched them off (WCAG 2.2, 2.1.4).

const OFF = "devkeel-keys-off";
const GO = { n: "#now", t: "#history", p: "#processes", j: "#jobs", c: "#proposals" };
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

function stored(value) {
  try {
    if (value === undefined) return localStorage.getItem(OFF) === "1";
    localStorage.setItem(OFF, value ? "1" : "");
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
  return value ?? false;
}

/** Return whether a person can see and use it. */
function usable(node) {
  return node.checkVisibility() && !node.disabled && node.getAttribute("aria-disabled") !== "true";
}

/** Focus the row after, or before, the one that has the focus. */
function step(by) {
  const links = [...document.querySelectorAll("main .row-link")].filter((link) => link.checkVisibility());
  if (!links.length) return;
  const row = document.activeElement?.closest(".row");
  const at = links.findIndex((link) => link === document.activeElement || (row && row.contains(link)));
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1);
  links[next].focus({ preventScroll: true });
  links[next].closest(".row")?.scrollIntoView({ block: "nearest" });
}

/** Press what has this key; a field is focused. Returns whether there was something. */
function press(key) {
  const target = [...document.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key && usable(node));
  if (!target) return false;
  if (target.matches(FIELDS)) {
    target.focus();
    target.select?.();
  } else target.click();
  return true;
}

/** Listen for keys. refresh: fetches the view again. */
export function followKeys(refresh) {
  const list = document.getElementById("keys");
  let off = stored();
  let going = 0;

  document.getElementById("show-keys")?.addEventListener("click", () => list.showModal());
  const choice = document.getElementById("single-keys");
  if (choice) {
    choice.checked = !off;
    choice.addEventListener("change", () => {
      off = stored(!choice.checked);
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const typing = event.target instanceof Element && event.target.matches(FIELDS);
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      else press("Escape");
      return;
    }
    if (typing || off) return;
    const asked = going && event.timeStamp - going < 2000;
    going = 0;
    if (asked && GO[event.key]) location.hash = GO[event.key];
    else if (event.key === "g") going = event.timeStamp;
    else if (event.key === "?") list.showModal();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "r") refresh();
    else if (!press(event.key)) return;
    event.preventDefault();
  });
}
