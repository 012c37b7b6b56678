// The session: the token of the address is exchanged for a cookie and for what this origin alone can read.
const KEPT = "devkeel-page";

/** Sign in with the token of the address, if there is one; return whether the page may ask for anything. */
export async function signIn() {
  const found = /^#open=([\w-]+)(?:&(.*))?$/.exec(location.hash);
  if (found === null) return sessionStorage.getItem(KEPT) !== null;
  history.replaceState(null, "", `${location.pathname}#${found[2] ?? ""}`); // not in the history, nor on the screen
  const answer = await ask("/session", { method: "POST", body: JSON.stringify({ token: found[1] }) });
  if (!answer.ok) return false;
  sessionStorage.setItem(KEPT, (await answer.json()).page);
  return true;
}

/** Fetch something of the page's own, as one who is signed in. */
export function ask(path, options = {}) {
  const headers = { "X-Devkeel-Page": sessionStorage.getItem(KEPT) ?? "", ...options.headers };
  if (options.method === "POST") headers["Content-Type"] = "application/json";
  return fetch(path, { ...options, headers });
}
