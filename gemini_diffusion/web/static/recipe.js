// The recipe in a picture that is brought, ours or AUTOMATIC1111's: read here, before the picture is made small, and offered below
// it. Nothing else that the file says of itself is read, and none of it is sent.
window.recipe = (() => {
  const OURS = "gemini-diffusion", THEIRS = "parameters";
  const text = (bytes, as = "utf-8") => new TextDecoder(as).decode(bytes).replace(/\0+$/, "");

  const inPng = (bytes, view) => {
    const found = {};
    for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
      const kind = text(bytes.subarray(at + 4, at + 8)), data = bytes.subarray(at + 8, at + 8 + view.getUint32(at));
      const end = data.indexOf(0), key = text(data.subarray(0, Math.max(0, end)), "latin1");
      if (![OURS, THEIRS].includes(key)) continue;
      if (kind === "tEXt") found[key] = text(data.subarray(end + 1), "latin1");
      if (kind === "iTXt" && !data[end + 1]) found[key] = text(data.subarray(data.indexOf(0, data.indexOf(0, end + 3) + 1) + 1));
    }
    return found;
  };
  const inTiff = (bytes) => { // EXIF: a description that is ours, a comment in the field's own way
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), little = bytes[0] === 0x49;
    const found = {};
    const read = (directory) => {
      for (let entry = 0; entry < view.getUint16(directory, little); entry++) {
        const at = directory + 2 + 12 * entry, size = view.getUint32(at + 4, little), place = view.getUint32(at + 8, little);
        const tag = view.getUint16(at, little), data = bytes.subarray(place, place + size);
        if (tag === 0x010e) found[OURS] = text(data);
        if (tag === 0x8769) read(place);
        if (tag !== 0x9286) continue;
        const wide = text(data.subarray(0, 7)) === "UNICODE", words = data.subarray(8);
        found[THEIRS] = text(words, !wide ? "utf-8" : words[0] ? "utf-16le" : "utf-16be");
      }
    };
    read(view.getUint32(4, little));
    return found;
  };
  const exif = (bytes, view) => {
    if (view.getUint16(0) === 0xffd8) {
      for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; at += 2 + view.getUint16(at + 2)) {
        if (bytes[at + 1] === 0xe1 && text(bytes.subarray(at + 4, at + 8)) === "Exif") return bytes.subarray(at + 10);
      }
    }
    if (text(bytes.subarray(8, 12)) !== "WEBP") return null;
    for (let at = 12, size; at + 8 <= bytes.length; at += 8 + size + (size % 2)) {
      size = view.getUint32(at + 4, true);
      const data = bytes.subarray(at + 8, at + 8 + size);
      if (text(bytes.subarray(at, at + 4)) === "EXIF") return text(data.subarray(0, 4)) === "Exif" ? data.subarray(6) : data;
    }
    return null;
  };
  const found = async (file) => {
    const bytes = new Uint8Array(await file.arrayBuffer()), view = new DataView(bytes.buffer);
    if (view.getUint32(0) === 0x89504e47) return inPng(bytes, view);
    const tiff = exif(bytes, view);
    return tiff ? inTiff(tiff) : {};
  };

  // What each button types
  const uses = (texts) => {
    const ours = JSON.parse(texts[OURS] ?? "{}");
    if (ours.line) return { from: "Gemini Diffusion", all: ours.line, prompt: ours.prompt, seed: ours.seed };
    const theirs = texts[THEIRS] ?? "", seed = theirs.match(/[\s,]Seed: (\d+)[^\n]*$/)?.[1];
    return seed && { from: "AUTOMATIC1111", all: theirs, prompt: theirs.split(/\n(?:Negative prompt|Steps): /)[0], seed };
  };
  const show = ({ from, all, prompt, seed }) => {
    const line = document.createElement("div");
    line.id = "attached-recipe";
    line.append(`Recipe of ${from}:`);
    const offer = (label, press) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
      button.addEventListener("click", press);
      line.append(button);
    };
    const instead = (words) => () => {
      document.getElementById("attached-remove").click(); // what the recipe draws begins from nothing
      window.pictures.write(words);
    };
    offer("use all", instead(all));
    offer("only the prompt", instead(`/imagine ${prompt.replace(/\s+/g, " ")} --raw`));
    offer("only the seed", () => window.pictures.useSeed({ seed }));
    document.getElementById("attached").after(line);
  };

  return {
    offer: async (file) => {
      document.getElementById("attached-recipe")?.remove();
      const known = await found(file).then(uses).catch(() => null); // what cannot be read is a picture without a recipe
      if (!known) return;
      while (!document.getElementById("attached")) await new Promise(requestAnimationFrame);
      show(known);
    },
  };
})();
