// The session: the token of the address is exchanged for a cookie and for what this origin alone can read.
const KEPT = "devkeel-page";

/** Sign in with the token of the address, if there is one; return whether the page may ask for anything.
 *
 * The token stays in the address until the server has said something about it. busy: called where that takes longer.
 */
export async function signIn(busy) {
  const found = /^#open=([\w-]*)(?:&(.*))?$/.exec(location.hash);
  if (found === null) return sessionStorage.getItem(KEPT) !== null;
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

/** Fetch something of the page's own, as one who is signed in. */
export function ask(path, options = {}) {
  const headers = { "X-Devkeel-Page": sessionStorage.getItem(KEPT) ?? "", ...options.headers };
  if (options.method === "POST") headers["Content-Type"] = "application/json";
  return fetch(path, { ...options, headers });
}
