// A revealed value goes back behind its mask after some seconds, or at once when the page is left for another.
(() => {
  function hide(output) {
    if (!output.dataset.masked) return;
    output.textContent = output.dataset.masked;
    delete output.dataset.masked;
    const live = document.getElementById("live");
    if (live) live.textContent = output.dataset.said;
  }

  function watch(root) {
    for (const output of root.querySelectorAll("output[data-hide-after]")) {
      if (output.dataset.watched) continue;
      output.dataset.watched = "1";
      setTimeout(() => hide(output), Number(output.dataset.hideAfter) * 1000);
    }
  }

  function hideAll() {
    document.querySelectorAll("output[data-hide-after]").forEach(hide);
  }

  document.addEventListener("visibilitychange", () => { if (document.hidden) hideAll(); });
  window.addEventListener("pagehide", hideAll);
  document.getElementById("drawer")?.addEventListener("close", () => {
    document.querySelectorAll("#drawer output[data-hide-after]").forEach((output) => output.closest("form").remove());
  });
  document.addEventListener("htmx:afterSwap", (event) => watch(event.target));
  watch(document);
})();
