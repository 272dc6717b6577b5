// A picture for the next message: chosen, dropped or pasted; made small here, so that little is sent and nothing of where or
// when it was taken.
(() => {
  const SIDE = 1536; // pixels; no model draws from more
  const LONGEST = 850000; // characters of a picture that one event may carry
  const QUALITIES = [0.92, 0.85, 0.75, 0.6];

  const drawn = (bitmap, scale) => {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return canvas;
  };
  const small = async (file) => {
    const bitmap = await createImageBitmap(file); // upright, as the camera noted it
    const whole = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
    const exact = file.type === "image/png" && whole === 1 ? drawn(bitmap, 1).toDataURL("image/png") : "";
    if (exact && exact.length <= LONGEST) return exact; // what is drawn by its recipe can be the same to the last pixel
    for (let scale = whole; ; scale *= 0.8) {
      const canvas = drawn(bitmap, scale);
      for (const quality of QUALITIES) {
        const text = canvas.toDataURL("image/jpeg", quality);
        if (text.length <= LONGEST) return text;
      }
    }
  };
  const send = async (file) => {
    if (!file) return;
    const picture = await small(file).catch(() => ""); // what this browser cannot read is refused in words by the server
    const texts = await window.recipe.texts(file);
    const recipe = (texts["gemini-diffusion"] ?? texts["exif:010e"] ?? "").replaceAll("\0", "").slice(0, 60000);
    window.broughtPicture = JSON.stringify({ name: file.name.slice(0, 200), picture, recipe });
    document.getElementById("upload")?.click();
    window.recipe.offer(texts);
  };
  const choose = () => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*";
    input.hidden = true;
    input.addEventListener("change", () => { send(input.files[0]); input.remove(); });
    input.addEventListener("cancel", () => input.remove());
    document.body.append(input);
    input.click();
  };
  const pictureIn = (data) => [...(data?.files ?? [])].find((file) => file.type.startsWith("image/"));
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  const receive = (event, data) => { // on any tab: what becomes of it is seen on the first
    const file = pictureIn(data);
    if (!file) return;
    event.preventDefault();
    event.stopPropagation(); // the message box would take it for a file of its own
    const tab = document.querySelector(".tab-container button[role=tab]");
    if (tab?.ariaSelected === "false") tab.click();
    send(file);
  };

  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("#attach-file")) choose();
  });
  document.addEventListener("dragover", (event) => {
    if (holdsFiles(event)) event.preventDefault(); // else the browser would leave the page for the file
  });
  document.addEventListener("drop", (event) => {
    if (holdsFiles(event)) event.preventDefault();
    receive(event, event.dataTransfer);
  }, true);
  document.addEventListener("paste", (event) => receive(event, event.clipboardData), true);
})();
