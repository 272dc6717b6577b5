// The sheet on a phone and the keyboard: what the server need not know.
(() => {
  const desk = () => document.getElementById("chat-layout").classList;
  const narrow = () => window.matchMedia("(max-width: 699px)").matches;
  const open = () => {
    if (!narrow()) return;
    desk().add("panel-open");
    document.getElementById("image-panel-close")?.focus();
  };
  const close = () => {
    if (!desk().contains("panel-open")) return;
    desk().remove("panel-open");
    document.querySelector("#box textarea")?.focus();
  };
  // The blur is lifted by a tap or a key: of this picture, wherever it is shown, for as long as the page is open.
  const lifted = document.head.appendChild(document.createElement("style")).sheet;
  const blurred = (target) => {
    const found = target instanceof Element && target.closest("button, .image-frame")?.querySelector('img[alt^="Blurred picture"]');
    return found && getComputedStyle(found).filter !== "none" ? found : null;
  };
  const lift = (picture) => {
    const id = picture.src.match(/[/]([0-9a-f]{32})[/][^/]*$/)?.[1];
    const of = id ? `.image-frame:has(> img[src*="${id}"])` : "";
    if (!of) return;
    lifted.insertRule(`${of} > img { filter: none !important; }`);
    lifted.insertRule(`${of}::after { content: none !important; }`);
  };

  // Again and More open a menu above the actions; a press on anything but its radio buttons closes it.
  const menu = (pressed) => {
    const actions = document.getElementById("actions"), open = actions?.dataset.menu;
    if (!actions || pressed?.closest("#file-format")) return false;
    const button = pressed?.closest("#again, #more");
    if (button && button.id !== open) actions.dataset.menu = button.id;
    else delete actions.dataset.menu;
    actions.toggleAttribute("data-below", actions.getBoundingClientRect().top < 320); // there is no room above
    for (const id of ["again", "more"]) document.getElementById(id)?.setAttribute("aria-expanded", String(actions.dataset.menu === id));
    if (open && !pressed) document.getElementById(open)?.focus();
    return Boolean(open);
  };

  // Under a picture on a phone: its actions open the sheet on it, at the button that is meant.
  const above = (actions) => actions.closest(".message").previousElementSibling;
  const PATIENCE = 5000; // milliseconds that the sheet may take to show it
  const act = async (button) => {
    const picture = above(button).querySelector("img"), until = performance.now() + PATIENCE;
    picture.click();
    do await new Promise(requestAnimationFrame);
    while (document.querySelector("#picture img")?.src !== picture.src && performance.now() < until);
    const meant = document.getElementById(button.dataset.do);
    if (!meant) return;
    if (button.dataset.do === "edit") meant.click();
    else menu(meant);
    meant.focus();
  };
  // As soon as a picture is there its place has its shape, before it is loaded.
  const shape = () => document.querySelectorAll(".picture-actions:not([data-known])").forEach((actions) => {
    above(actions)?.style.setProperty("--shape", actions.dataset.shape);
    actions.dataset.known = "";
  });
  new MutationObserver(shape).observe(document, { childList: true, subtree: true });

  const isPicture = (target) => target instanceof Element && target.closest("#chat .message")?.querySelector(".image-frame img");

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const hidden = blurred(event.target);
    if (hidden) {
      lift(hidden);
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.target.closest("#image-panel-close")) close();
    else if (event.target.closest("#show-choices")) desk().toggle("choices-open");
    else if (event.target.closest(".picture-actions button")) act(event.target);
    else if (isPicture(event.target)) open();
    if (event.isTrusted) menu(event.target); // the script itself presses hidden buttons
    if (event.target.closest("#redraw, #reseed, #vary, #vary-strong, #enlarge, #check-picture, #attach, #mask-draw, #finish-keep")) close();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.isTrusted && !document.querySelector("dialog[open]") && !menu(null)) close();
    if (event.key === "Enter" && isPicture(event.target) && !blurred(event.target)) open();
  }, true);

  // A list that Tab leaves would stay open over what is below it; Gradio closes it for Escape, once it has heard that it was left.
  const LEFT = 60; // milliseconds
  document.addEventListener("focusout", ({ target }) => {
    if (!target.matches?.("input[role=combobox]")) return;
    setTimeout(() => {
      if (target === document.activeElement || target.getAttribute("aria-expanded") !== "true") return;
      target.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    }, LEFT);
  });

  // A picture is as large as its place allows, in its own shape, so that its corners are round.
  document.addEventListener("load", (event) => {
    const picture = event.target;
    const place = picture instanceof HTMLImageElement && picture.closest("#picture, #preview");
    if (place) place.style.setProperty("--shape", picture.naturalWidth / picture.naturalHeight);
  }, true);

  // The prompt is measured after a pause in typing; Gradio itself does it when the prompt is left.
  let pause = 0;
  document.addEventListener("input", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("#prompt")) return;
    clearTimeout(pause);
    pause = setTimeout(() => document.getElementById("measure")?.click(), 800);
  });

  // The conversation stays at its end as it grows; who reads above stays there, until they send something.
  const talk = () => document.querySelector("#chat .bubble-wrap");
  const NEAR = 60; // pixels from the end that count as there
  const SENDING = "#box .submit-button, #chat .option, .example, #surprise, #redraw, #reseed, #vary, #vary-strong, #enlarge, #check-picture, #mask-draw, #finish-keep";
  let atEnd = true, last = 0;
  const toEnd = () => {
    if (!atEnd || !talk()) return;
    talk().scrollTo(0, talk().scrollHeight);
    last = talk().scrollTop;
  };
  const growth = new ResizeObserver(toEnd);
  // Only who moves up leaves the end: the news of a move down may come when there is already more below.
  document.addEventListener("scroll", ({ target }) => {
    if (target !== talk()) return;
    const up = target.scrollTop < last;
    last = target.scrollTop;
    if (target.scrollHeight - last - target.clientHeight < NEAR) atEnd = true;
    else if (up) atEnd = false;
  }, true);
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest(SENDING)) atEnd = true;
  }, true);
  document.addEventListener("keydown", ({ key, shiftKey, target }) => {
    if (key === "Enter" && !shiftKey && target instanceof Element && target.closest("#box")) atEnd = true;
  }, true);
  const follow = () => {
    document.querySelectorAll("#chat .bubble-wrap, #chat .message-wrap").forEach((part) => growth.observe(part));
    toEnd();
  };

  // Names for what Gradio leaves nameless, and the words themselves, not their Markdown, for who listens to a message.
  const name = (selector, label) => document.querySelectorAll(selector).forEach((found) => {
    if (found.getAttribute("aria-label") !== label) found.setAttribute("aria-label", label);
  });
  const tidy = () => {
    window.explainTerms();
    name("#box .submit-button", "Send");
    name("#box .stop-button", "Stop");
    name("#line textarea", "Command that draws it again");
    document.querySelectorAll("#chat .thought-group .icon-button:not([aria-hidden])").forEach((found) => {
      found.setAttribute("aria-hidden", "true");
      found.disabled = true; // what it does the line around it does too
    });
    document.querySelectorAll("#chat [data-testid][aria-label]").forEach((found) => found.removeAttribute("aria-label"));
  };
  let due = 0;
  new MutationObserver(() => {
    if (!due) due = setTimeout(() => { due = 0; tidy(); follow(); }, 200);
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });
})();
