// The contrast of an element's text with what lies behind it, by WCAG 2: layers and opacities put together as they are painted.
(element) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const read = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((value, i) => value * a + under[i] * (1 - a));
  const layers = [];
  for (let at = element; at; at = at.parentElement) layers.unshift(getComputedStyle(at));
  let ground = [255, 255, 255];
  let opacity = 1;
  for (const style of layers) {
    opacity *= Number(style.opacity);
    const [r, g, b, a] = read(style.backgroundColor);
    ground = over([r, g, b, a * opacity], ground);
  }
  const own = layers.at(-1);
  const [r, g, b, a] = read(own.color);
  const ink = over([r, g, b, a * opacity], ground);
  const light = (colour) => {
    const [x, y, z] = colour.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const [bright, dim] = [light(ink), light(ground)].sort((x, y) => y - x);
  return (bright + 0.05) / (dim + 0.05);
}
