// What makes a flame graph answer: a click widens a box, the field searches names, resting shows all of one.
"use strict";
(() => {
  const CHARACTER = 7.3;
  const root = document.documentElement;
  const said = document.getElementById("said");
  const boxes = [...root.querySelectorAll("g.box")].map((g) => ({
    g,
    rect: g.querySelector("rect"),
    text: g.querySelector("text"),
    name: g.dataset.n,
    x: Number(g.dataset.x),
    w: Number(g.dataset.w),
    depth: Number(g.dataset.d),
  }));
  let zoomed = boxes[0];

  function shown(name, pixels) {
    const room = Math.floor((pixels - 8) / CHARACTER);
    const at = name.lastIndexOf(" (");
    const label = name.length <= room || at < 0 ? name : name.slice(0, at);
    if (label.length <= room) return label;
    return room >= 3 ? label.slice(0, room - 1) + "…" : "";
  }

  function draw() {
    const width = root.clientWidth || root.getBoundingClientRect().width;
    for (const box of boxes) {
      const begin = Math.max(0, (box.x - zoomed.x) / zoomed.w);
      const end = Math.min(1, (box.x + box.w - zoomed.x) / zoomed.w);
      const pixels = (end - begin) * width;
      box.g.style.display = pixels < 0.3 ? "none" : "";
      box.rect.setAttribute("x", 100 * begin + "%");
      box.rect.setAttribute("width", 100 * Math.max(0, end - begin) + "%");
      box.text.setAttribute("x", 100 * begin + "%");
      box.text.textContent = shown(box.name, pixels);
      box.g.classList.toggle("faded", box.depth < zoomed.depth);
    }
    unzoom.style.display = zoomed === boxes[0] ? "none" : "";
  }

  function zoom(box) {
    zoomed = box;
    draw();
  }

  function search(words) {
    const wanted = words.toLowerCase();
    const found = boxes.filter((box) => wanted && box.depth > 0 && box.name.toLowerCase().includes(wanted));
    for (const box of boxes) box.g.classList.toggle("found", found.includes(box));
    // A box above another one that is found has its samples already.
    const outer = found.filter(
      (box) => !found.some((o) => o.depth < box.depth && o.x <= box.x + 1e-9 && box.x + box.w <= o.x + o.w + 1e-9),
    );
    const share = outer.reduce((sum, box) => sum + box.w, 0);
    said.textContent = wanted ? `“${words}”: ${(100 * share).toFixed(1)} % of the samples` : " ";
  }

  function element(name, attributes, parent) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    return parent.appendChild(made);
  }

  const holder = element("svg", { x: "100%", y: 0, overflow: "visible" }, root);
  const unzoom = element("text", { id: "unzoom", x: -260, y: 46, fill: "#1d2733" }, holder);
  unzoom.textContent = "whole graph";
  const field = document.createElementNS("http://www.w3.org/1999/xhtml", "input");
  field.type = "search";
  field.placeholder = "search";
  field.style.cssText = "width:140px;font:12px monospace;box-sizing:border-box";
  element("foreignObject", { x: -152, y: 31, width: 144, height: 26 }, holder).appendChild(field);

  for (const box of boxes) {
    box.g.addEventListener("click", () => zoom(box));
    box.g.addEventListener("mouseover", () => {
      said.textContent = `${box.name}: ${(100 * box.w).toFixed(1)} % of the samples`;
    });
  }
  unzoom.addEventListener("click", () => zoom(boxes[0]));
  field.addEventListener("input", () => search(field.value));
  root.addEventListener("keydown", (event) => event.key === "Escape" && zoom(boxes[0]));
  root.setAttribute("width", "100%");
  window.addEventListener("resize", draw);
  draw();
})();
