// Live: the marks of the project by server-sent events, and which of them have changed.
import { ask } from "./session.js";

const LONGEST = 10_000;

/** Follow for as long as the page is there. changed: called with the marks that did. tell: called with the state. */
export async function follow(changed, tell) {
  let known = null;
  let pause = 250;
  for (;;) {
    try {
      const answer = await ask("/events", { cache: "no-store" });
      if (answer.status === 401) return tell("closed", "Signed out");
      if (!answer.ok) throw new Error(String(answer.status));
      for await (const marks of events(answer.body)) {
        pause = 250;
        tell("live", "Live");
        const before = known ?? {}; // what changed since the first view was read is not known
        known = marks;
        const moved = Object.keys(marks).filter((name) => before[name] !== marks[name]);
        if (moved.length > 0) await changed(new Set(moved));
      }
    } catch {
      // the server is gone, or the line to it: tried again below
    }
    tell("lost", "No connection");
    await new Promise((resume) => setTimeout(resume, pause));
    pause = Math.min(pause * 2, LONGEST);
  }
}

/** Yield the data of the events of a stream (HTML, 9.2.6: parsing an event stream). */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const whole = text.split("\n\n");
    text = whole.pop();
    for (const event of whole) {
      const data = event.split("\n").filter((line) => line.startsWith("data: "));
      if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(6)).join("\n"));
    }
  }
}
