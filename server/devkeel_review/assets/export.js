// The file that is only read: times in the reader's zone, and what a link names is opened.
localise(document);

const parts = [...document.querySelectorAll("details.exported")];
const all = document.getElementById("open-all");

function reveal() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) {
    named.open = true;
    named.scrollIntoView();
  }
}

function openAll(open) {
  for (const part of parts) part.open = open;
  all.setAttribute("aria-pressed", String(open));
  all.textContent = open ? "Close all" : "Open all";
}

addEventListener("hashchange", reveal);
all.hidden = parts.length === 0;
all.addEventListener("click", () => openAll(all.getAttribute("aria-pressed") !== "true"));
addEventListener("beforeprint", () => openAll(true));
reveal();
