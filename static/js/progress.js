// A progress bar that is swapped in again and again: say every tenth percent, once.
(() => {
  const said = new Map();

  function say(root) {
    root.querySelectorAll?.("[role=progressbar][data-say]").forEach((bar) => {
      const tenth = Math.floor(Number(bar.getAttribute("aria-valuenow")) / 10);
      if (said.has(bar.id) && said.get(bar.id) !== tenth) window.crm.announce(bar.dataset.say);
      said.set(bar.id, tenth);
    });
  }
  say(document);
  document.addEventListener("htmx:afterSettle", () => say(document));
})();
