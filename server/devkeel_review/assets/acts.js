// Acts: forms that the server does something for, and where its answer stands.
import { fragmentOf, markupOf } from "./regions.js";
import { ask } from "./session.js";

/** Hear every form of the page. */
export function listenForActs() {
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-act]");
    if (form === null) return;
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form, event.submitter));
    const place = document.querySelector(form.dataset.into);
    form.setAttribute("aria-busy", "true");
    const lost = event.submitter !== null && document.activeElement === event.submitter; // what is disabled loses the focus
    if (event.submitter !== null) event.submitter.disabled = true;
    try {
      const answer = await ask(`/do/${form.dataset.act}`, { method: "POST", body: JSON.stringify(fields) });
      place.replaceChildren(fragmentOf(await markupOf(answer)));
    } catch {
      place.textContent = "The page has lost its server.";
    }
    place.setAttribute("data-filled", ""); // it stays when the view is read again
    form.removeAttribute("aria-busy");
    if (event.submitter !== null) event.submitter.disabled = false;
    if (lost) event.submitter.focus({ preventScroll: true });
    openAround(place);
    (place.querySelector("[data-first]") ?? place).focus({ preventScroll: true });
  });
}

/** Open the dialog that an answer stands in, where it does; what had the focus gets it back when that is closed. */
function openAround(place) {
  const dialog = place.closest("dialog");
  if (dialog !== null && !dialog.open) dialog.showModal();
}
