// The shell: search key, phone sheet, toasts, the live region, faults of a part of the page.
(() => {
  const live = document.getElementById("live");

  function isTyping(target) {
    return target.isContentEditable || target.closest("input, textarea, select, dialog[open]") !== null;
  }
  window.crm = { isTyping, announce };

  // Said by screen readers; emptied first, so that the same sentence is said again.
  function announce(text) {
    if (!live || !text) return;
    live.textContent = "";
    setTimeout(() => { live.textContent = text; }, 50);
  }

  function openSearch() {
    const field = document.querySelector("#search input[name=q]");
    if (!field) return;
    document.getElementById("search").classList.add("is-open");
    field.focus();
    field.select();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
      event.preventDefault();
      openSearch();
    }
    if (event.key === "Escape") {
      document.getElementById("search")?.classList.remove("is-open");
      closeHits();
      document.querySelectorAll("details.chip-menu[open]").forEach((menu) => {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
      closeRail();
    }
  });

  // What is found while one types: up and down move through it, leaving the box closes it.
  function closeHits() {
    document.getElementById("search-hits")?.replaceChildren();
  }
  document.getElementById("search")?.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [...event.currentTarget.querySelectorAll("input[name=q], #search-hits a")];
    const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    stops[Math.min(Math.max(next, 0), stops.length - 1)].focus();
    event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    if (!event.target.closest("#search")) closeHits();
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#search")) closeHits();
    if (event.target.closest("[data-open-search]")) {
      event.preventDefault();
      openSearch();
    }
    const more = event.target.closest("[data-open-rail]");
    if (more) {
      event.preventDefault();
      const open = document.getElementById("rail").classList.toggle("is-open");
      more.setAttribute("aria-expanded", String(open));
    }
    if (event.target.closest("[data-print]")) window.print();
    document.querySelectorAll("details.chip-menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  function closeRail() {
    document.getElementById("rail")?.classList.remove("is-open");
    document.querySelector("[data-open-rail]")?.setAttribute("aria-expanded", "false");
  }

  // Toasts stay six seconds, longer while one looks at them or has focus inside.
  function arm(toast) {
    let timer = setTimeout(() => toast.remove(), 6000);
    const hold = () => clearTimeout(timer);
    const free = () => { hold(); timer = setTimeout(() => toast.remove(), 6000); };
    toast.addEventListener("mouseenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("mouseleave", free);
    toast.addEventListener("focusout", free);
  }
  document.querySelectorAll(".toast-line").forEach(arm);
  // A server answer may carry {"toast": {"text": "…"}} in HX-Trigger.
  document.addEventListener("toast", (event) => {
    const line = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    line.querySelector(".grow").textContent = event.detail.text;
    document.getElementById("toasts").append(line);
    arm(line);
  });

  // A swapped part announces its count: <div data-announce="共 14 户">.
  document.addEventListener("htmx:afterSwap", (event) => {
    const part = event.target;
    announce((part.matches?.("[data-announce]") ? part : part.querySelector?.("[data-announce]"))?.dataset.announce);
  });

  // A part that could not be loaded: an alert that stays, with a way on.
  function fault(which) {
    const template = document.getElementById(`fault-${which}`);
    const place = document.getElementById("faults");
    if (template && place && !place.querySelector(`[data-fault="${which}"]`)) {
      place.append(template.content.cloneNode(true));
      place.firstElementChild?.scrollIntoView({ block: "nearest" });
    }
  }
  document.addEventListener("htmx:responseError", (event) => {
    fault([403, 404].includes(event.detail.xhr.status) ? "gone" : "failed");
  });
  document.addEventListener("htmx:sendError", () => fault("offline"));
})();
