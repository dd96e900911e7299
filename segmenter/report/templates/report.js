"use strict";
(() => {
  const { charts, config, names, tables } = JSON.parse(document.getElementById("report-data").textContent);
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const chips = [...document.querySelectorAll(".filter button")];
  const wanted = window.matchMedia("(prefers-color-scheme: dark)");
  const views = new Map();
  let shown = new Set(names);

  async function draw() {
    for (const [key, spec] of Object.entries(charts)) {
      const options = { actions: false, ast: true, renderer: "svg", config };
      const { view } = await vegaEmbed(document.getElementById(key), spec, options);
      views.set(key, view);
      await tell(view);
    }
    root.dataset.drawn = "yes";
  }

  async function tell(view) {
    if ("shown" in view.getState().signals) {
      await view.signal("shown", names.filter((name) => shown.has(name))).runAsync();
    }
  }

  // Charts name the page's colours, so nothing is drawn again.
  function turn(theme) {
    root.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
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

  // A table's rows as a file of commas and quotes, which begins as Excel wants UTF-8 to begin.
  function offer(id, { file, columns, rows }) {
    const cell = (value) => {
      const text = value === null ? "" : String(value);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const place = document.createElement("button");
    place.type = "button";
    place.className = "download";
    place.textContent = "Download CSV";
    place.setAttribute("aria-label", `Download ${file}`);
    place.addEventListener("click", () => {
      const lines = [columns, ...rows].map((row) => row.map(cell).join(",") + "\r\n");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff", ...lines], { type: "text/csv" }));
      link.download = file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    });
    document.getElementById(id).closest(".scroll").after(place);
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
  for (const [id, table] of Object.entries(tables)) offer(id, table);
  const drawing = draw();
})();
