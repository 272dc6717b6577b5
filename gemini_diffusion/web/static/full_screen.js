// The large picture over the whole screen: arrows and swipes walk the filmstrip. The files are those the page has already.
window.fullScreen = (() => {
  const SWIPE = 40; // pixels
  let row = [], place = 0, dialog = null;

  const make = (tag, properties = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...inside);
    return made;
  };
  const button = (className, label, press) => {
    const made = make("button", { type: "button", className, title: label, ariaLabel: label });
    made.addEventListener("click", press);
    return made;
  };
  const show = () => {
    const { src, alt } = row[place], [frame, about, before, after] = dialog.children;
    frame.replaceChildren(make("img", { src, alt, draggable: false }));
    about.textContent = [row.length > 1 ? `${place + 1} of ${row.length}` : "", alt.replace(/^[^:]*: /, "")].filter(Boolean).join(" · ");
    before.disabled = place === 0;
    after.disabled = place === row.length - 1;
    before.hidden = after.hidden = row.length < 2;
  };
  const walk = (step) => {
    if (!row[place + step]) return;
    const pressed = document.activeElement;
    place += step;
    show();
    if (pressed?.disabled) dialog.querySelector(".close").focus(); // a disabled button would lose it
  };
  const select = () => { // what was seen last is the one that actions are about
    const seen = window.filmstrip.row()[place];
    if (row.length > 1 && seen && seen !== window.filmstrip.shown()) window.filmstrip.select(seen);
  };
  const build = () => {
    const made = make("dialog", { id: "full-screen", ariaLabel: "The picture over the whole screen" });
    made.append(
      make("div", { className: "image-frame" }), make("p", { role: "status" }),
      button("before", "The picture before", () => walk(-1)), button("after", "The next picture", () => walk(1)),
      button("close", "Close", () => made.close()),
    );
    made.addEventListener("close", select);
    made.addEventListener("click", ({ target }) => (target === made || target === made.firstChild) && made.close());
    made.addEventListener("keydown", ({ key }) => walk({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0));
    let from = null;
    made.addEventListener("touchstart", ({ touches }) => { from = touches.length === 1 ? touches[0] : null; }, { passive: true });
    made.addEventListener("touchend", ({ changedTouches: [to] }) => {
      const [right, down] = from ? [to.clientX - from.clientX, to.clientY - from.clientY] : [0, 0];
      if (Math.abs(right) > Math.max(SWIPE, Math.abs(down))) walk(right > 0 ? -1 : 1);
    });
    document.querySelector(".gradio-container").append(made);
    return made;
  };
  const open = (picture) => {
    dialog ??= build();
    const frames = window.filmstrip.row();
    row = frames.length ? frames.map((frame) => frame.firstChild) : [picture];
    place = Math.max(0, frames.indexOf(window.filmstrip.shown()));
    show();
    dialog.showModal();
    dialog.querySelector(".close").focus();
  };

  document.addEventListener("click", ({ target }) => {
    const picture = target instanceof Element && target.closest("#picture button, #picture .image-frame")?.querySelector("img");
    if (picture) open(picture);
  });
})();
