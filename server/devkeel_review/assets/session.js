// The session: the token of the address is exchanged for a cookie and for what this origin alone can read.
const KEPT = "devkeel-page";
const TAB = 300; // milliseconds in which other tabs of this browser answer

// Tabs of one browser have one cookie; what stands beside it goes from tab to tab, which no other origin hears.
const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("devkeel-session") : null;
tabs?.addEventListener("message", ({ data }) => {
  const kept = sessionStorage.getItem(KEPT);
  if (data.ask && kept !== null) tabs.postMessage({ page: kept });
});

/** Sign in with the token of the address, if there is one; return whether the page may ask for anything.
 *
 * The token stays in the address until the server has said something about it. busy: called where that takes longer.
 */
export async function signIn(busy) {
  const found = /^#open=([\w-]*)(?:&(.*))?$/.exec(location.hash);
  if (found === null) return sessionStorage.getItem(KEPT) !== null || joins();
  for (;;) {
    try {
      const answer = await ask("/session", { method: "POST", body: JSON.stringify({ token: found[1] }) });
      if (answer.ok) sessionStorage.setItem(KEPT, (await answer.json()).page);
      if (answer.ok || answer.status === 401) {
        history.replaceState(null, "", `${location.pathname}#${found[2] ?? ""}`); // not in the history, nor on the screen
        return sessionStorage.getItem(KEPT) !== null; // a wrong token takes nothing from who is signed in
      }
    } catch {
      // the line was lost: tried again below
    }
    busy();
    await new Promise((resume) => setTimeout(resume, 1_000));
  }
}

/** Ask the other tabs of this browser; return whether one of them is signed in here. */
async function joins() {
  if (tabs === null) return false;
  const heard = new Set();
  const listen = ({ data }) => data.page && heard.add(data.page);
  tabs.addEventListener("message", listen);
  tabs.postMessage({ ask: true });
  await new Promise((resume) => setTimeout(resume, TAB));
  tabs.removeEventListener("message", listen);
  for (const page of heard) {
    sessionStorage.setItem(KEPT, page);
    const answer = await ask("/view/waiting").catch(() => null);
    if (answer?.ok) return true;
    sessionStorage.removeItem(KEPT); // of a server that has ended
  }
  return false;
}

/** Fetch something of the page's own, as one who is signed in. */
export function ask(path, options = {}) {
  const headers = { "X-Devkeel-Page": sessionStorage.getItem(KEPT) ?? "", ...options.headers };
  if (options.method === "POST") headers["Content-Type"] = "application/json";
  return fetch(path, { ...options, headers });
}
