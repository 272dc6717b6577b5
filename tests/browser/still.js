// Resolves once the page has held still for a moment: nothing of it changes, its pictures are there, no transition runs; and,
// if so `wanted`, nothing is owed to it: all events it has asked the app for are over (ears.js counts them).
([patience, wanted]) => new Promise((done, failed) => {
  const MOMENT = 100; // milliseconds
  const until = performance.now() + patience;
  const ends = (animation) => animation.effect.getComputedTiming().endTime < 2000; // a spinner or a toast moves for longer
  const reason = () => {
    if (wanted && window.owed.open.size) return "an event is not over";
    const picture = [...document.images].find((found) => found.loading !== "lazy" && found.checkVisibility() && !found.complete);
    if (picture) return `a picture is not there: ${picture.src}`;
    const moving = document.getAnimations().find((found) => found.playState === "running" && ends(found));
    return moving && `something moves: ${moving.effect.target?.outerHTML.slice(0, 200)}`;
  };
  let due = 0, asked = 0;
  const end = (how, why) => {
    clearTimeout(due);
    watcher.disconnect();
    how(why);
  };
  const again = (because) => {
    if (performance.now() > until) {
      const found = reason() || because.outerHTML?.slice(0, 200) || because;
      return end(failed, new Error(`The page does not hold still: ${found}`));
    }
    asked = window.owed.asked;
    clearTimeout(due);
    due = setTimeout(look, MOMENT);
  };
  const look = () => {
    const because = reason() || (wanted && window.owed.asked !== asked && "it asks anew");
    if (because) again(because);
    else end(done);
  };
  const watcher = new MutationObserver(([{ target }]) => again(target));
  watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  again("");
})
