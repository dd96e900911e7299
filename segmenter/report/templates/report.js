"use strict";
(() => {
  const { charts, themes, names } = JSON.parse(document.getElementById("report-data").textContent);
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const chips = [...document.querySelectorAll(".filter button")];
  const wanted = window.matchMedia("(prefers-color-scheme: dark)");
  const views = new Map();
  let shown = new Set(names);
  let drawing = Promise.resolve();

  async function draw() {
    const theme = root.dataset.theme;
    for (const [key, spec] of Object.entries(charts)) {
      const options = {
        actions: false, ast: true, renderer: "svg", config: themes[theme],
        tooltip: { theme },
      };
      views.get(key)?.finalize();
      const { view } = await vegaEmbed(document.getElementById(key), spec, options);
      views.set(key, view);
      await tell(view);
    }
    root.dataset.drawn = theme;
  }

  async function tell(view) {
    if ("shown" in view.getState().signals) {
      await view.signal("shown", names.filter((name) => shown.has(name))).runAsync();
    }
  }

  function turn(theme) {
    root.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    delete root.dataset.drawn;
    drawing = drawing.then(draw);
  }

  async function choose(segment) {
    if (segment === undefined) {
      shown = new Set(names);
    } else if (shown.size === names.length) {
      shown = new Set([segment]);
    } else if (shown.has(segment) && shown.size > 1) {
      shown.delete(segment);
    } else if (shown.has(segment)) {
      shown = new Set(names);
    } else {
      shown.add(segment);
    }
    for (const chip of chips) {
      const name = chip.dataset.segment;
      const pressed = name === undefined ? shown.size === names.length : shown.has(name);
      chip.setAttribute("aria-pressed", String(pressed));
    }
    for (const row of document.querySelectorAll("tr[data-segment]")) {
      row.classList.toggle("dimmed", !shown.has(row.dataset.segment));
    }
    await drawing;
    await Promise.all([...views.values()].map(tell));
  }

  for (const picker of document.querySelectorAll(".groups")) {
    const select = picker.querySelector("select");
    picker.hidden = false;
    const pick = () => {
      const bodies = picker.parentElement.querySelectorAll("tbody");
      bodies.forEach((body, place) => { body.hidden = place !== select.selectedIndex; });
    };
    select.addEventListener("change", pick);
    pick();
  }

  // On paper nothing can be opened.
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
  });

  for (const chip of chips) {
    chip.addEventListener("click", () => choose(chip.dataset.segment));
  }
  button.addEventListener("click", () => turn(root.dataset.theme === "dark" ? "light" : "dark"));
  wanted.addEventListener("change", () => turn(wanted.matches ? "dark" : "light"));
  turn(wanted.matches ? "dark" : "light");
})();
