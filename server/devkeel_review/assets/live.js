// Live: the marks of the project by server-sent events, and which of them have changed.
//
// A browser has six connections to a server (HTTP/1.1), and each stream keeps one: so one page of a browser follows, and
// tells the others. Which one is decided by a lock that ends with its page.
import { ask } from "./session.js";

const NAME = "devkeel-live";
const LONGEST = 10_000;
const SILENCE = 40_000; // the server says every 15 seconds that it is there
const ANSWER = 2_000; // a page that follows answers at once; one that the browser has frozen does not

const TRIES = 3;

const wait = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

/** Follow for as long as the page is there; resolves when the first marks are known, or are not to be had at once.
 *
 * changed: called with the marks that did, and called again where it failed. tell: called with the state of the line.
 */
export function follow(changed, tell) {
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(NAME) : null;
  let known = null;
  let newest = null;
  let state = null;
  let busy = false;
  let tries = 0;
  let begun;
  const begin = new Promise((resume) => (begun = resume));

  async function take(marks) {
    newest = marks;
    if (busy) return; // what is under way looks again at the newest ones
    busy = true;
    try {
      while (newest !== known) {
        const at = newest;
        const moved = known === null ? [] : Object.keys(at).filter((name) => known[name] !== at[name]);
        if (moved.length > 0) await changed(new Set(moved));
        known = at;
        tries = 0;
        begun();
      }
    } catch {
      // the server was gone meanwhile, or busy: what is known is still compared with these marks
      if (tries++ < TRIES) setTimeout(() => take(newest), 1_000);
    }
    busy = false;
  }

  function say(name, text) {
    state = [name, text];
    tell(name, text);
    if (name !== "closed") channel?.postMessage({ state }); // that is about this page alone
  }

  async function lead() {
    let pause = 250;
    for (;;) {
      try {
        const answer = await ask("/events", { cache: "no-store" });
        if ([401, 421].includes(answer.status)) {
          say("closed", "Signed out");
          return begun();
        }
        if (!answer.ok) throw new Error(String(answer.status));
        for await (const marks of events(answer.body)) {
          pause = 250;
          say("live", "Live");
          channel?.postMessage({ marks });
          take(marks);
        }
      } catch {
        // the server is gone, or the line to it: tried again below
      }
      say("lost", "No connection");
      begun();
      await wait(pause);
      pause = Math.min(pause * 2, LONGEST);
    }
  }

  let leads = false;
  const leading = () => {
    leads = true;
    return lead().finally(() => (leads = false));
  };
  if (channel === null || navigator.locks === undefined) {
    leading();
    return begin;
  }
  let heard = 0;
  channel.addEventListener("message", ({ data }) => {
    if (data.ask) {
      if (leads && state !== null) channel.postMessage({ state });
      if (leads && newest !== null) channel.postMessage({ marks: newest });
      return;
    }
    heard = Date.now();
    if (data.state) {
      tell(...data.state);
      if (data.state[0] !== "live") begun();
    }
    if (data.marks && !leads) take(data.marks);
  });
  const inquire = async () => {
    const asked = Date.now();
    channel.postMessage({ ask: true });
    await wait(ANSWER);
    if (!leads && heard < asked) leading(); // beside a page that is frozen
  };
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !leads && inquire());
  navigator.locks.request(NAME, () => (leads ? undefined : leading()));
  inquire();
  return begin;
}

/** Yield the data of the events of a stream (HTML, 9.2.6: parsing an event stream); throws where it falls silent. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      let timer;
      const silent = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error("silence")), SILENCE)));
      const { done, value } = await Promise.race([reader.read(), silent]).finally(() => clearTimeout(timer));
      if (done) return;
      text += value;
      const whole = text.split("\n\n");
      text = whole.pop();
      for (const event of whole) {
        const data = event.split("\n").filter((line) => line.startsWith("data: "));
        if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(6)).join("\n"));
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
