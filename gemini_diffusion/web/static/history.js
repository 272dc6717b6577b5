// Arrow up in an empty message box brings back what was asked before, newest first; arrow down goes the other way.
(() => {
  let asked = [], place = -1;
  const box = () => document.querySelector("#box textarea");
  const show = (text) => { // as if it were typed, so that Ctrl+Z takes it back
    box().select();
    document.execCommand(text ? "insertText" : "delete", false, text);
  };
  const walk = async (step) => {
    if (place < 0) ({ asked } = await window.pictures.ask("asked_before", {}));
    const next = Math.max(-1, Math.min(asked.length - 1, place + step));
    if (next === place || !asked.length) return;
    place = next;
    show(place < 0 ? "" : asked[place]);
  };
  document.addEventListener("keydown", (event) => {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step || event.target !== box() || event.shiftKey || event.ctrlKey || event.altKey || event.isComposing) return;
    const untouched = place >= 0 && box().value === asked[place];
    if (!untouched) place = -1;
    if (!untouched && (box().value || step < 0)) return; // a draft keeps its arrow keys
    event.preventDefault();
    walk(step).catch(() => {});
  });
})();
