// Drafts: a form with data-draft="address" sends its state there two seconds after the last key, and when the
// page is left. What comes back with an offer (data-draft-offer) waits until one has chosen.
(() => {
  const REST_MS = 2000;
  const LEFT_OUT = ["csrfmiddlewaretoken", "once"];
  let waiting = null; // {form, timer}

  function state(form) {
    const told = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && !LEFT_OUT.includes(name)) told.append(name, value);
    }
    told.append("form_once", form.elements.once?.value || "");
    return told;
  }

  async function send(form) {
    const said = form.querySelector("[data-draft-said]");
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST",
        body: state(form),
        keepalive: true,
        headers: { "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"], "HX-Request": "true" },
      });
      if (said) said.textContent = answer.status === 204 && !answer.headers.get("HX-Redirect") ? said.dataset.draftSaid : said.dataset.draftFailed;
    } catch {
      if (said) said.textContent = said.dataset.draftFailed;
    }
  }

  function flush() {
    if (!waiting) return;
    const { form, timer } = waiting;
    clearTimeout(timer);
    waiting = null;
    if (form.isConnected) send(form);
  }
  function forget() {
    if (waiting) clearTimeout(waiting.timer);
    waiting = null;
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-draft]");
    if (!form || form.querySelector("[data-draft-offer]")) return;
    forget();
    waiting = { form, timer: setTimeout(flush, REST_MS) };
  });
  document.addEventListener("submit", (event) => { if (event.target.matches("form[data-draft]")) forget(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) flush(); });
  window.addEventListener("pagehide", flush);
  document.getElementById("drawer")?.addEventListener("close", flush);
})();
