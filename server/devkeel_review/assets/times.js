// Times: what the server says in UTC, in the reader's zone and way of writing.
const SHOWN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Write each time below an element in the reader's zone. */
export function localise(element) {
  for (const time of element.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.title = time.dateTime;
      time.textContent = SHOWN.format(at);
    }
  }
}
