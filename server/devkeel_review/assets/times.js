// Times in the reader's zone and language: each <time datetime> says how long ago it was, or when, and the other in its title.

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UNITS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 14],
];

/** Say how long ago a moment was; after two weeks, which day it was. */
function ago(moment, now) {
  let past = (now - moment) / 1000;
  if (Math.abs(past) < 60) return "just now";
  for (const [unit, many] of UNITS) {
    if (Math.abs(past) < many) return AGO.format(-Math.round(past), unit);
    past /= many;
  }
  return DAY.format(moment);
}

/** Write each time below a node in the reader's zone; what cannot be read as one stays as it is. */
export function localise(root = document, now = Date.now()) {
  for (const node of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(node.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const form = node.dataset.form;
    const words = form === "at" ? WHEN.format(moment) : form === "day" ? DAY.format(moment) : ago(moment, now);
    if (node.textContent !== words) node.textContent = words;
    const title = form === "at" ? ago(moment, now) : EXACT.format(moment);
    if (node.title !== title) node.title = title;
  }
}

/** Keep what was said true while the page is open. */
export function followTimes() {
  setInterval(() => localise(), 30_000);
  document.addEventListener("visibilitychange", () => document.hidden || localise());
}
