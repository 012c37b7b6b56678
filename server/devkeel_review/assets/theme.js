// Light, dark, or as the system. It is loaded before the first paint, so that no page flashes in the other one.
(() => {
  const KEY = "devkeel-theme";
  const NAMES = { system: "System", light: "Light", dark: "Dark" };
  let chosen = "system";
  try {
    chosen = localStorage.getItem(KEY) ?? "system";
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }

  function show() {
    if (!(chosen in NAMES)) chosen = "system";
    if (chosen === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    const button = document.getElementById("theme");
    if (!button) return;
    button.setAttribute("aria-label", `Theme: ${NAMES[chosen]}`);
    const words = button.querySelector("span");
    if (words) words.textContent = NAMES[chosen];
  }

  show();
  document.addEventListener("DOMContentLoaded", () => {
    show();
    document.getElementById("theme")?.addEventListener("click", () => {
      const names = Object.keys(NAMES);
      chosen = names[(names.indexOf(chosen) + 1) % names.length];
      try {
        localStorage.setItem(KEY, chosen);
      } catch {
        // as above
      }
      show();
    });
  });
})();
