// Forms: the summary takes focus, a pressed button says it waits and keeps its width, the eye shows a password.
(() => {
  function focusSummary(root) {
    root.querySelector(".alert-summary")?.focus();
  }
  focusSummary(document);
  document.addEventListener("htmx:afterSettle", (event) => focusSummary(event.target));

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || !button.dataset.busy || event.defaultPrevented) return;
    button.style.minWidth = `${button.offsetWidth}px`;
    // after the browser has read the button's own name and value
    setTimeout(() => {
      button.dataset.rest = button.textContent;
      button.textContent = button.dataset.busy;
      button.setAttribute("aria-busy", "true");
      button.disabled = true;
    });
  });
  function rest(root) {
    root.querySelectorAll("[aria-busy=true][data-rest]").forEach((button) => {
      button.textContent = button.dataset.rest;
      button.removeAttribute("aria-busy");
      button.disabled = false;
    });
  }
  window.addEventListener("pageshow", () => rest(document));
  document.addEventListener("htmx:afterRequest", () => rest(document));

  document.addEventListener("click", (event) => {
    const eye = event.target.closest("[data-show-password]");
    if (!eye) return;
    const field = document.getElementById(eye.dataset.showPassword);
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    eye.setAttribute("aria-pressed", String(!shown));
  });

  // A filter form sends itself when a choice changes.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto]");
    if (form) form.requestSubmit();
  });
})();
