// The sheet on a phone and the keyboard: what the server need not know.
(() => {
  const desk = () => document.getElementById("desk").classList;
  const narrow = () => window.matchMedia("(max-width: 860px)").matches;
  const open = () => {
    if (!narrow()) return;
    desk().add("easel-open");
    document.getElementById("easel-close")?.focus();
  };
  const close = () => {
    if (!desk().contains("easel-open")) return;
    desk().remove("easel-open");
    document.querySelector("#box textarea")?.focus();
  };
  const isPicture = (target) => target instanceof Element && target.closest("#chat .message")?.querySelector("img");

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest("#easel-close")) close();
    else if (event.target.closest("#more")) desk().toggle("choices-open");
    else if (isPicture(event.target)) open();
    else if (event.target.closest("#redraw, #reseed")) close();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && isPicture(event.target)) open();
  }, true);

  // Names for what Gradio leaves nameless, and the words themselves, not their Markdown, for who listens to a message.
  const name = (selector, label) => document.querySelectorAll(selector).forEach((found) => {
    if (found.getAttribute("aria-label") !== label) found.setAttribute("aria-label", label);
  });
  const tidy = () => {
    name("#box .submit-button", "Send");
    name("#box .stop-button", "Stop");
    name("#line textarea", "The line that makes it again");
    document.querySelectorAll("#chat .thought-group .icon-button:not([aria-hidden])").forEach((found) => {
      found.setAttribute("aria-hidden", "true");
      found.tabIndex = -1;
    });
    document.querySelectorAll("#chat [data-testid][aria-label]").forEach((found) => found.removeAttribute("aria-label"));
  };
  let due = 0;
  new MutationObserver(() => {
    if (!due) due = setTimeout(() => { due = 0; tidy(); }, 200);
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });
})();
