// The inbox by keyboard: J and K move between requests, R goes to the reason, A to the approval (Enter decides).
(() => {
  "use strict";
  const rows = () => [...document.querySelectorAll("#s-waiting-list > .request")];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    const all = rows();
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") {
      const next = all[Math.min(Math.max(at + (key === "j" ? 1 : -1), 0), all.length - 1)];
      if (next) next.focus();
    } else if (at >= 0 && key === "r") {
      all[at].querySelector("input[name=reason]").focus();
    } else if (at >= 0 && key === "a") {
      all[at].querySelector("button[value=approve]").focus();
    } else {
      return;
    }
    event.preventDefault();
  });
})();
