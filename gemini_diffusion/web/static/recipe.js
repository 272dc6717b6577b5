// The recipe in a picture that is brought: its texts are read here, before the picture is made small; the app reads them as it reads
// files, and what they offer stands below the picture. Only texts in which programs write recipes are sent, nothing of where or when
// a photo was taken.
window.recipe = (() => {
  const LONGEST = 400000, ROOM = 600000; // characters of one text and of all, which go as one request
  const KEYS = new Set(["parameters", "prompt", "Prompt", "invokeai_metadata", "sd-metadata", "Dream", "gemini-diffusion", "fooocus_scheme"]);
  const LIKE_A_RECIPE = /^\W*\{|^prompt:|Steps: \d|Job ID: /i; // of a text whose name says nothing
  const SMALL = /^(seed|steps|width|height|sampler|clip|num_inf|guidance|negative|use_|lora|prompt_st|stable diff|source|software)/i;
  const TAGS = [0x010e, 0x010f, 0x0110, 0x0131, 0x9286]; // EXIF: description, maker, model, software, comment
  const text = (bytes, as = "utf-8") => new TextDecoder(as).decode(bytes);
  const raw = (bytes) => { // each byte as one character
    let made = "";
    for (let at = 0; at < bytes.length; at += 8192) made += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return made;
  };
  const latin = (bytes) => { // Latin-1, as PNG says, or the UTF-8 that several programs write all the same
    try { return new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { return raw(bytes); }
  };
  const unpacked = async (bytes, kind) => { // no more than is read: a small text could fill the memory
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(kind)).getReader(), parts = [];
    for (let size = 0; ;) {
      const { done, value } = await reader.read();
      if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
      parts.push(value);
      size += value.length;
      if (size > LONGEST) return reader.cancel().then(() => new Uint8Array());
    }
  };

  const inPng = async (bytes, view) => {
    const found = {};
    for (let at = 8, count = 0; at + 12 <= bytes.length && count < 20000; at += 12 + view.getUint32(at), count++) {
      const kind = text(bytes.subarray(at + 4, at + 8)), data = bytes.subarray(at + 8, at + 8 + view.getUint32(at));
      if (!["tEXt", "zTXt", "iTXt"].includes(kind)) continue;
      const end = data.indexOf(0), key = raw(data.subarray(0, Math.min(end, 79)));
      let value = data.subarray(end + 1);
      if (kind === "iTXt") value = data.subarray(data.indexOf(0, data.indexOf(0, end + 3) + 1) + 1);
      if (kind === "zTXt" || (kind === "iTXt" && data[end + 1])) value = await unpacked(kind === "zTXt" ? value.subarray(1) : value, "deflate").catch(() => new Uint8Array());
      found[key] ??= kind === "iTXt" ? text(value) : latin(value);
    }
    return found;
  };
  const inTiff = (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), little = bytes[0] === 0x49;
    const found = {};
    const read = (directory, nested) => {
      for (let entry = 0; entry < Math.min(200, view.getUint16(directory, little)); entry++) {
        const at = directory + 2 + 12 * entry, size = view.getUint32(at + 4, little), place = view.getUint32(at + 8, little);
        const tag = view.getUint16(at, little);
        if (tag === 0x8769 && !nested) read(place, true);
        else if (TAGS.includes(tag) && size > 4) found[`exif:${tag.toString(16).padStart(4, "0")}`] = raw(bytes.subarray(place, place + size));
      }
    };
    read(view.getUint32(4, little), false);
    return found;
  };
  const comment = (packet) => { // the one field of XMP that holds a recipe, without what else stands there
    const found = packet.match(/<exif:UserComment>[^]*?<\/exif:UserComment>|\sgd:recipe="[^"]*"/);
    return found ? { xmp: found[0] } : {};
  };
  const inJpeg = (bytes, view) => {
    let found = {}, packet = "";
    for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; at += 2 + view.getUint16(at + 2)) {
      const data = bytes.subarray(at + 4, at + 2 + view.getUint16(at + 2));
      if (bytes[at + 1] !== 0xe1) continue;
      const head = raw(data.subarray(0, 29));
      if (head.startsWith("Exif\0\0")) found = { ...found, ...inTiff(data.subarray(6)) };
      if (head.startsWith("http://ns.adobe.com/xap/1.0/\0")) packet += text(data.subarray(29));
      if (head.startsWith("http://ns.adobe.com/xmp/exten")) packet += text(data.subarray(75)); // what one segment does not hold
    }
    return { ...found, ...comment(packet) };
  };
  const inWebp = (bytes, view) => {
    let found = {};
    for (let at = 12, size, count = 0; at + 8 <= bytes.length && count < 20000; at += 8 + size + (size % 2), count++) {
      size = view.getUint32(at + 4, true);
      const kind = raw(bytes.subarray(at, at + 4)), data = bytes.subarray(at + 8, at + 8 + size);
      if (kind === "EXIF") found = { ...found, ...inTiff(raw(data.subarray(0, 4)) === "Exif" ? data.subarray(6) : data) };
      if (kind === "XMP ") found = { ...found, ...comment(text(data)) };
    }
    return found;
  };

  // A text in the lowest bits of the transparency, column by column: a signature, the number of its bits, then the text
  const hidden = async (file, bytes) => {
    if (raw(bytes.subarray(0, 4)) !== "RIFF" && bytes[25] !== 6) return {};
    const bitmap = await createImageBitmap(file), { width, height } = bitmap;
    const read = (count) => {
      const wide = Math.min(width, Math.ceil((8 * count) / height)), canvas = new OffscreenCanvas(wide, height);
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      pen.drawImage(bitmap, 0, 0);
      const { data } = pen.getImageData(0, 0, wide, height), made = new Uint8Array(count);
      for (let bit = 0; bit < Math.min(8 * count, wide * height); bit++) {
        made[bit >> 3] |= (data[4 * ((bit % height) * wide + Math.floor(bit / height)) + 3] & 1) << (7 - (bit & 7));
      }
      return made;
    };
    const head = read(19), signature = raw(head.subarray(0, 15)), size = new DataView(head.buffer).getUint32(15) >> 3;
    if (!["stealth_pngcomp", "stealth_pnginfo"].includes(signature) || size > Math.min(LONGEST, (width * height) >> 3)) return {};
    const body = read(19 + size).subarray(19);
    return { stealth: text(signature.endsWith("comp") ? await unpacked(body, "gzip") : body) };
  };

  const isRecipe = (name, value) => {
    if (value.length > LONGEST || name === "workflow") return false; // ComfyUI's other graph, for its own window
    if (name === "xmp" || name === "stealth" || KEYS.has(name)) return true;
    const plain = value.replace(/^(UNICODE|ASCII)/, "").replaceAll("\0", "");
    return LIKE_A_RECIPE.test(plain) || (value.length < 200 && SMALL.test(name) && !name.startsWith("exif:"));
  };
  const found = async (file) => {
    const bytes = new Uint8Array(await file.arrayBuffer()), view = new DataView(bytes.buffer);
    const isPng = view.getUint32(0) === 0x89504e47, isJpeg = view.getUint16(0) === 0xffd8;
    const all = isPng ? await inPng(bytes, view) : isJpeg ? inJpeg(bytes, view) : text(bytes.subarray(8, 12)) === "WEBP" ? inWebp(bytes, view) : {};
    let room = ROOM;
    const texts = Object.fromEntries(Object.entries(all).filter(([name, value]) => isRecipe(name, value) && (room -= value.length) > 0));
    return Object.keys(texts).length || isJpeg ? texts : hidden(file, bytes);
  };

  // What each button types
  const show = ({ program, line: all, prompt, seed, notices }) => {
    const line = document.createElement("div");
    line.id = "attached-recipe";
    line.append(`Recipe of ${program}:`);
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
    offer("only the prompt", instead(prompt));
    if (seed !== null) offer("only the seed", () => window.pictures.useSeed({ seed }));
    for (const notice of notices) line.append(Object.assign(document.createElement("p"), { textContent: notice }));
    document.getElementById("attach-file").parentElement.before(line); // right after #attached it would go when that goes
  };

  document.addEventListener("click", (event) => { // another picture, or none, takes the place of the one it is of
    const another = event.target instanceof Element && event.target.closest("#attached-remove, #attach");
    if (another) document.getElementById("attached-recipe")?.remove();
  });

  let latest = 0;
  return {
    texts: (file) => found(file).catch(() => ({})), // what cannot be read is a picture without a recipe
    offer: async (texts) => {
      const turn = ++latest;
      document.getElementById("attached-recipe")?.remove();
      if (!Object.keys(texts).length) return;
      const known = await window.pictures.ask("recipe", texts).catch(() => ({}));
      while (known.line && !document.getElementById("attached")) await new Promise(requestAnimationFrame);
      if (known.line && turn === latest) show(known);
    },
  };
})();
