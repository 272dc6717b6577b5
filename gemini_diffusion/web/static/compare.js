// Two pictures on top of each other, parted by a slider.
window.compare = (() => {
  let first = null;

  const dialog = () => {
    const made = document.createElement("dialog");
    made.id = "compare";
    made.ariaLabel = "Two pictures compared";
    const frame = document.createElement("div"), slider = document.createElement("input"), close = document.createElement("button");
    frame.className = "frame";
    Object.assign(slider, { type: "range", min: 0, max: 100, step: 0.5, ariaLabel: "How much of the first picture is seen" });
    slider.addEventListener("input", () => frame.style.setProperty("--part", `${slider.value}%`));
    Object.assign(close, { type: "button", className: "close", textContent: "Close" });
    close.addEventListener("click", () => made.close());
    made.addEventListener("click", ({ target }) => target === made && made.close());
    made.append(frame, slider, close);
    document.querySelector(".gradio-container").append(made);
    return made;
  };
  const show = (one, other) => {
    const made = document.getElementById("compare") ?? dialog();
    const [frame, slider] = made.children;
    const images = [one, other].map(({ file, alt, width, height }) => Object.assign(new Image(width, height), { src: file, alt }));
    frame.replaceChildren(...images);
    made.style.setProperty("--shape", one.width / one.height);
    frame.style.setProperty("--part", "50%");
    slider.value = 50;
    made.showModal();
    slider.focus();
  };

  return {
    begin: (picture) => {
      first = picture;
      document.getElementById("pictures").dataset.comparing = "";
      window.pictures.say("Choose the picture to compare it with.", "Cancel", window.compare.end);
    },
    end: () => {
      first = null;
      delete document.getElementById("pictures").dataset.comparing;
    },
    takes: (picture) => {
      const one = first;
      if (!one) return false;
      window.compare.end();
      window.pictures.hush();
      show(one, picture);
      return true;
    },
  };
})();
