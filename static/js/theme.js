// Runs before the first paint: the theme chosen, or the system's. Not deferred, so that nothing flashes.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("theme") || "";
    } catch {
      return root.dataset.theme || "";
    }
  }

  function apply() {
    setTheme(chosen() || (system.matches ? "dark" : "light"));
    for (const button of document.querySelectorAll("[data-set-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setTheme === chosen()));
    }
  }

  function choose(theme) {
    const year = 365 * 24 * 3600;
    try {
      theme ? localStorage.setItem("theme", theme) : localStorage.removeItem("theme");
    } catch {
      root.dataset.theme = theme;
    }
    document.cookie = `theme=${theme}; path=/; max-age=${theme ? year : 0}; samesite=lax`;
    apply();
  }

  // Paper is light: charts are redrawn with the light tokens, and back afterwards.
  function setTheme(theme) {
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("theme:changed"));
  }
  window.addEventListener("beforeprint", () => setTheme("light"));
  window.addEventListener("afterprint", apply);

  apply();
  system.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-set-theme]");
    if (button) choose(button.dataset.setTheme);
  });
})();
