// J and K move through the rows of the page's main list (data-keys), Enter opens; the tick box opens the bulk bar.
(() => {
  const rows = () => [...document.querySelectorAll("[data-keys] [data-row]")];

  function move(step) {
    const list = rows();
    if (!list.length) return;
    const now = list.findIndex((row) => row.classList.contains("is-focused"));
    const next = list[Math.min(Math.max(now + step, 0), list.length - 1)];
    list[now]?.classList.remove("is-focused");
    next.classList.add("is-focused");
    const link = next.querySelector("a");
    link?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || window.crm.isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "enter" && event.target === document.body) {
      document.querySelector("[data-keys] .is-focused a")?.click();
    } else return;
    if (key !== "enter") event.preventDefault();
  });

  // Focus by Tab or mouse keeps the same row marked.
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-keys] [data-row]");
    if (!row) return;
    rows().forEach((other) => other.classList.toggle("is-focused", other === row));
  });

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-check-all]")) {
      document.querySelectorAll("[data-check]").forEach((each) => { each.checked = box.checked; });
    } else if (!box.matches("[data-check]")) return;
    const count = document.querySelectorAll("[data-check]:checked").length;
    const bar = document.getElementById("bulk-bar");
    if (bar) {
      bar.hidden = count === 0;
      bar.querySelector("[data-count]").textContent = count;
    }
  });
})();
