// Consent: what has just moved under the pointer is not what the reader meant to agree to. For a moment after something of
// the list has gone, so that the rest moves up, a yes is not sent.
const SETTLE = 500; // milliseconds: longer than a hand that is on its way can be stopped

/** Hold back a yes that comes at once after a change of what waits. */
export function guardConsent() {
  const main = document.getElementById("main");
  let timer;
  const settle = () => {
    clearTimeout(timer);
    main.dataset.settling = "";
    timer = setTimeout(() => delete main.dataset.settling, SETTLE);
  };
  const gone = ({ target, removedNodes }) =>
    target.closest?.("#proposals") && [...removedNodes].some((node) => node.nodeType === Node.ELEMENT_NODE);
  new MutationObserver((seen) => seen.some(gone) && settle()).observe(main, { childList: true, subtree: true });
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target.dataset.act !== "answer" || event.submitter?.value !== "yes") return;
      if (!("settling" in main.dataset)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      document.getElementById("answer").textContent = "What waits has just changed. Look at it, and press again.";
    },
    true,
  );
}
