// The customer's page on the phone: four tabs. Without JavaScript the links jump to the sections instead.
(() => {
  const panes = document.querySelector(".panes");
  if (!panes) return;
  panes.classList.add("is-tabbed");

  panes.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-show-pane]");
    if (!tab) return;
    event.preventDefault();
    panes.dataset.pane = tab.dataset.showPane;
    panes.querySelectorAll("[data-show-pane]").forEach((each) => {
      if (each === tab) each.setAttribute("aria-current", "true");
      else each.removeAttribute("aria-current");
    });
    // a picture drawn while it was hidden has no width
    window.dispatchEvent(new Event("resize"));
  });
})();
