// The drawer: <a data-drawer href="…"> opens that address inside it; Esc asks only if something was edited;
// focus returns to the opener (the dialog element sees to it). Without JavaScript the link is a page.
(() => {
  const drawer = document.getElementById("drawer");
  if (!drawer) return;
  const body = document.getElementById("drawer-body");
  const waiting = body.innerHTML;
  let edited = false;

  function open(url) {
    edited = false;
    body.innerHTML = waiting;
    if (!drawer.open) drawer.showModal();
    window.htmx.ajax("GET", url, { target: body, swap: "innerHTML" });
  }

  function close() {
    if (edited && !window.confirm(drawer.dataset.ask)) return;
    edited = false;
    drawer.close();
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("a[data-drawer]");
    if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      open(opener.href);
    } else if (event.target.closest("[data-log-contact]") && document.body.dataset.contactUrl) {
      event.preventDefault();
      open(document.body.dataset.contactUrl);
    } else if (event.target.closest("[data-drawer-close]") && drawer.open) {
      event.preventDefault();
      close();
    } else if (event.target === drawer) {
      close();
    }
  });
  drawer.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  drawer.addEventListener("input", () => { edited = true; });
  document.addEventListener("drawer:close", () => { edited = false; drawer.close(); });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== body) return;
    const heading = body.querySelector("h2");
    if (heading) drawer.setAttribute("aria-labelledby", (heading.id ||= "drawer-title"));
    const first = body.querySelector("[autofocus], .alert-summary, input:not([type=hidden]), textarea, select");
    (first || heading)?.focus();
  });

  // A text to begin a note with: put where one writes, with the purpose it is for.
  document.addEventListener("click", (event) => {
    const text = event.target.closest("[data-text]");
    const note = text?.closest("form")?.querySelector("textarea[name=note]");
    if (!note) return;
    const at = note.selectionStart ?? note.value.length;
    note.setRangeText(text.dataset.text, at, note.selectionEnd ?? at, "end");
    if (text.dataset.purpose) {
      const purpose = text.form.querySelector(`[name=purpose][value="${CSS.escape(text.dataset.purpose)}"]`);
      if (purpose) purpose.checked = true;
    }
    text.closest("details").open = false;
    note.focus();
    note.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // Inside, or on the form's own page: number keys choose a channel when one is not writing; Ctrl+Enter saves.
  document.addEventListener("keydown", (event) => {
    const place = drawer.open ? drawer : document.querySelector(".contact-page");
    if (!place) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest("form") || place.querySelector("form");
      event.preventDefault();
      form?.requestSubmit(form.querySelector("[data-save]") || undefined);
    }
    const writes = event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
    if (/^[1-8]$/.test(event.key) && !writes && !event.ctrlKey && !event.altKey) {
      const key = place.querySelectorAll(".keys input[type=radio]")[Number(event.key) - 1];
      if (key) {
        event.preventDefault();
        key.click();
        key.focus();
      }
    }
  });

  // C: log a contact, for the focused row's customer or the page's.
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "c" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (window.crm.isTyping(event.target)) return;
    const row = document.querySelector(".is-focused[data-contact-url]");
    const url = row?.dataset.contactUrl || document.body.dataset.contactUrl;
    if (url) {
      event.preventDefault();
      open(url);
    }
  });
})();

// Dialogs: <button data-dialog="id"> asks; the browser keeps focus inside and gives it back.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog").close();
});
