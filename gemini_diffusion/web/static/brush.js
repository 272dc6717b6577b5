// Painting over the selected picture: strokes that can be taken back, by mouse, finger, pen or keyboard; what was painted goes
// to the server as a small PNG, white on black.
(() => {
  const LARGEST = 1024; // pixels of a mask's longer side
  const STEP = 0.03; // of the picture's width that an arrow key moves the brush
  const find = (selector) => document.querySelector(selector);
  const panel = () => find("#image-panel");
  const canvas = () => find("#mask-canvas canvas");
  const editing = () => panel()?.classList.contains("editing");
  let source = "", strokes = [], stroke = null, spot = null;

  const size = () => (Number(find("#brush").value) / 100) * canvas().width;
  const paint = (pen, line, colour) => {
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = line.size;
    pen.lineCap = pen.lineJoin = "round";
    const [first, ...rest] = line.points;
    pen.beginPath();
    pen.arc(first.x, first.y, line.size / 2, 0, 7);
    pen.fill();
    pen.beginPath();
    pen.moveTo(first.x, first.y);
    rest.forEach((point) => pen.lineTo(point.x, point.y));
    pen.stroke();
  };
  const layer = (colour, ground) => {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas().width, canvas().height];
    const pen = copy.getContext("2d");
    pen.fillStyle = ground;
    pen.fillRect(0, 0, copy.width, copy.height);
    strokes.forEach((line) => paint(pen, line, colour));
    return copy;
  };
  const show = () => {
    const pen = canvas().getContext("2d");
    pen.clearRect(0, 0, canvas().width, canvas().height);
    pen.globalAlpha = 0.65; // what is below stays to be seen
    pen.drawImage(layer("rgb(139 92 246)", "transparent"), 0, 0);
    pen.globalAlpha = 1;
    if (!spot) return;
    pen.beginPath();
    pen.arc(spot.x, spot.y, size() / 2, 0, 7);
    pen.lineWidth = 3;
    pen.strokeStyle = "white";
    pen.stroke();
  };
  const tell = () => {
    const field = find("#mask textarea");
    const mask = strokes.length ? layer("white", "black").toDataURL("image/png") : "";
    const text = JSON.stringify({ strength: Number(find("#strength").value) / 100, mask });
    if (field.value === text) return;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const open = () => {
    const picture = find("#picture img");
    if (!picture) return;
    panel().classList.add("editing");
    if (picture.src !== source) {
      source = picture.src;
      strokes = [];
      spot = stroke = null;
      const scale = Math.min(1, LARGEST / Math.max(picture.naturalWidth, picture.naturalHeight));
      const whole = Math.max(scale, 512 / Math.max(picture.naturalWidth, picture.naturalHeight)); // a tiny one is painted finely
      [canvas().width, canvas().height] = [picture.naturalWidth * whole, picture.naturalHeight * whole].map(Math.round);
      canvas().parentElement.style.setProperty("--shape", picture.naturalWidth / picture.naturalHeight);
      canvas().style.backgroundImage = `url("${picture.src.replace(/["\\\n]/g, encodeURIComponent)}")`;
      tell();
    }
    show();
    canvas().focus({ preventScroll: true });
    canvas().scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    panel().classList.remove("editing");
    find("#edit")?.focus({ preventScroll: true });
  };

  const at = (event) => {
    const box = canvas().getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * canvas().width, y: ((event.clientY - box.top) / box.height) * canvas().height };
  };
  const begin = (point) => {
    stroke = { size: size(), points: [point] };
    strokes.push(stroke);
  };
  document.addEventListener("pointerdown", (event) => {
    if (event.target !== canvas() || event.button) return;
    event.preventDefault();
    canvas().focus({ preventScroll: true });
    canvas().setPointerCapture(event.pointerId);
    spot = null;
    begin(at(event));
    show();
  });
  document.addEventListener("pointermove", (event) => {
    if (!stroke || spot || event.target !== canvas()) return;
    stroke.points.push(...(event.getCoalescedEvents?.() ?? [event]).map(at));
    show();
  });
  ["pointerup", "pointercancel"].forEach((kind) => document.addEventListener(kind, () => {
    if (!stroke || spot) return;
    stroke = null;
    tell();
  }));

  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const move = ([right, down]) => {
    const paper = canvas(), step = paper.width * STEP;
    const inside = (value, end) => Math.min(end, Math.max(0, value));
    spot = { x: inside(spot.x + right * step, paper.width), y: inside(spot.y + down * step, paper.height) };
    stroke?.points.push(spot);
  };
  document.addEventListener("keydown", (event) => {
    if (!editing()) return;
    if (event.key === "Escape") {
      event.stopImmediatePropagation();
      close();
    }
    if (event.target !== canvas() || !(event.key in MOVES || event.key === " ")) return;
    event.preventDefault();
    spot ??= { x: canvas().width / 2, y: canvas().height / 2 };
    if (event.key !== " ") move(MOVES[event.key]);
    else if (stroke) stroke = null;
    else begin(spot);
    show();
    tell();
  }, true);
  document.addEventListener("focusout", (event) => {
    if (event.target !== canvas() || !spot) return;
    stroke = spot = null;
    show();
  });

  const DO = {
    undo: () => strokes.pop(),
    clear: () => { strokes = []; },
    close,
  };
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest("#edit")) open();
    if (event.target.closest("#mask-draw")) setTimeout(() => panel().classList.remove("editing"), 0);
    const what = event.target.closest("#mask-canvas [data-do]")?.dataset.do;
    if (!what) return;
    DO[what]();
    show();
    tell();
  });
  document.addEventListener("input", (event) => {
    if (event.target !== find("#strength")) return;
    event.target.nextElementSibling.value = `${event.target.value} %`;
    tell();
  });
  // Another picture selected has nothing painted on it.
  new MutationObserver(() => {
    if (editing() && find("#picture img")?.src !== source) panel().classList.remove("editing");
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["src"] });
})();
