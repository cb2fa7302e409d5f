// The end of a session, told in time. A minute before the idle limit the page asks; then it leaves for the
// login page, so that nobody reads on. What was being written waits in this tab (sessionStorage) until the same
// person signs in again; a plain sign-out, another person or half an hour forgets it. Passwords are never kept.
(() => {
  const KEY = "draft";
  const KEPT_MS = 30 * 60 * 1000;
  const body = document.body;
  const here = () => location.pathname;

  function read() {
    try {
      const draft = JSON.parse(sessionStorage.getItem(KEY));
      if (draft && Date.now() - draft.at < KEPT_MS) return draft;
    } catch { /* unreadable: as if there were none */ }
    forget();
    return null;
  }
  function forget() {
    try { sessionStorage.removeItem(KEY); } catch { /* nothing is kept then */ }
  }

  // --- The login page: keep the draft only if the session ended by itself.
  const kept = document.querySelector("[data-draft-kept]");
  if (!body.dataset.user) {
    if (kept && read()) kept.hidden = false;
    else if (document.getElementById("id_username") && !document.querySelector(".alert-summary")) forget();
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-print]")) window.print();
    });
    return;
  }

  // --- A signed-in page: remember what is being written, while it is not sent.
  const writes = "textarea, input:not([type=hidden], [type=password], [type=file], [type=search])";
  let written = null;
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[method=post], form[hx-post]");
    if (form) written = form;
  });

  function fieldsOf(form) {
    return [...form.querySelectorAll(`${writes}, select`)].filter((field) => field.name).map((field) => ({
      name: field.name, value: field.value, type: field.type, checked: field.checked,
    }));
  }
  function addressOf(form) {
    return form.getAttribute("hx-post") || form.getAttribute("action") || here();
  }
  function keep() {
    if (!written || !written.isConnected) return;
    const draft = { user: body.dataset.user, form: addressOf(written), fields: fieldsOf(written), at: Date.now() };
    try { sessionStorage.setItem(KEY, JSON.stringify(draft)); } catch { /* the browser keeps nothing */ }
  }
  function putBack(root) {
    const draft = read();
    if (!draft) return;
    if (draft.user !== body.dataset.user) { forget(); return; }
    for (const form of root.querySelectorAll("form")) {
      if (addressOf(form) !== draft.form) continue;
      // the server kept it too, and offers it: one of the two is enough
      if (form.querySelector("[data-draft-offer]")) { forget(); return; }
      for (const { name, value, type, checked } of draft.fields) {
        for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
          if (type !== "radio" && type !== "checkbox") field.value = value;
          else if (field.value === value) field.checked = checked;
        }
      }
      form.prepend(document.getElementById("draft-back").content.cloneNode(true));
      written = form;
      forget();
      return;
    }
  }
  putBack(document);
  document.addEventListener("htmx:afterSettle", (event) => putBack(event.target));
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const target = event.detail.xhr.getResponseHeader("HX-Redirect") || "";
    if (target.startsWith(body.dataset.login)) keep();
    else if (event.detail.xhr.status < 400 && event.detail.requestConfig.verb === "post") written = null;
  });
  // A plain form: kept on its way out; the next page tells whether it arrived.
  document.addEventListener("submit", (event) => {
    if (event.target === written && !event.target.hasAttribute("hx-post")) keep();
  });

  // --- The idle limit, as the server counts it: from the last request, not from the last key press.
  const limit = Number(body.dataset.idle) * 1000;
  const dialog = document.getElementById("leaving");
  let since = Date.now();
  let active = false;
  function asked() { since = Date.now(); }
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status !== 0 && !event.detail.requestConfig.headers["X-Poll"]) asked();
  });
  for (const name of ["keydown", "pointerdown"]) document.addEventListener(name, () => { active = true; });

  async function stay() {
    const answer = await fetch(body.dataset.stay, {
      method: "POST",
      headers: { "X-CSRFToken": JSON.parse(body.getAttribute("hx-headers"))["X-CSRFToken"], "HX-Request": "true" },
    });
    if (answer.headers.get("HX-Redirect")) leave();
    else asked();
  }
  function leave() {
    keep();
    const next = encodeURIComponent(here() + location.search);
    location.replace(`${body.dataset.login}?next=${next}&ended=idle`);
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-stay]")) { dialog.close(); stay(); }
    if (event.target.closest("[data-print]")) window.print();
  });
  if (limit) {
    setInterval(() => {
      const idle = Date.now() - since;
      // somebody who types a long note asks the server nothing, yet is there
      if (active && idle > limit / 4) { active = false; stay(); return; }
      if (idle >= limit) leave();
      else if (idle >= limit - 60000 && !dialog.open) dialog.showModal();
      else if (idle < limit - 60000 && dialog.open) dialog.close();
    }, 1000);
  }
})();
