"use strict";
// Drawings, as SVG of this document.
const SVG = "http://www.w3.org/2000/svg";

function draw(name, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter(child => child !== null));
  return node;
}

// A line over the points that have a value, with the target as a dashed one. What it shows is told in words beside it.
function sparkline(points, target, unit) {
  const known = points.map((p, i) => ({ ...p, i })).filter(p => p.value !== null);
  if (known.length < 2) return null;
  const [wide, high, pad] = [220, 44, 5];
  const values = known.map(p => p.value).concat(target === null ? [] : [target]);
  let [low, top] = [Math.min(...values), Math.max(...values)];
  if (top - low < 1e-9) [low, top] = [low - 1, top + 1];
  const x = i => pad + (i * (wide - 2 * pad)) / (points.length - 1);
  const y = v => high - pad - ((v - low) * (high - 2 * pad)) / (top - low);
  const last = known[known.length - 1];
  const label = known.map(p => `${periodName(p.period)}: ${figure(p.value, unit)}`).join("; ");
  const svg = draw("svg", { viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: "none", class: "spark", role: "img", "aria-label": `${say("course")}: ${label}` });
  svg.append(draw("title", {}, label));
  const fixed = { "vector-effect": "non-scaling-stroke" };
  if (target !== null) svg.append(draw("line", { ...fixed, x1: 0, x2: wide, y1: y(target), y2: y(target), stroke: "#6b7784", "stroke-width": 1, "stroke-dasharray": "4 3" }));
  // A month without a figure breaks the line.
  let path = "";
  known.forEach((p, n) => { path += `${n && known[n - 1].i === p.i - 1 ? "L" : "M"}${x(p.i).toFixed(1)} ${y(p.value).toFixed(1)}`; });
  svg.append(draw("path", { ...fixed, d: path, fill: "none", stroke: "#0b4f8a", "stroke-width": 2, "stroke-linejoin": "round" }));
  for (const p of known) {
    const at = `M${x(p.i).toFixed(1)} ${y(p.value).toFixed(1)}h.01`;
    svg.append(draw("path", { ...fixed, d: at, stroke: "#0b4f8a", "stroke-width": p === last ? 7 : 3.5, "stroke-linecap": "round" }));
  }
  return svg;
}

// A round upper end of an axis, and its steps.
function scale(most) {
  const raw = Math.max(most, 4) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, [1, 2, 2.5, 5, 10].map(s => s * power).find(s => s >= raw) ?? raw);
  const steps = Math.ceil(Math.max(most, 1) / step);
  return { step, top: step * steps, steps };
}

const GROUPS = [
  ["f1", "goodOutcome", ["on_time"]],
  ["f2", "lateSorry", ["late_with_apology", "overdue_with_apology"]],
  ["f3", "lateOutcome", ["late_without_apology", "overdue"]],
  ["f4", "openOutcome", ["in_progress", "supplement_requested", "suspended"]],
  ["f5", "refusedOutcome", ["refused", "terminated"]],
  ["f6", "withdrawnOutcome", ["withdrawn"]],
];
const grouped = outcomes => GROUPS.map(([color, word, names]) => ({ color, word, n: names.reduce((sum, name) => sum + (outcomes[name] ?? 0), 0) }));

// Bars of months, each opening its dossiers.
function stackedBars(months, open) {
  const [wide, high, left, bottom, top] = [560, 260, 46, 26, 14];
  const axis = scale(Math.max(...months.map(m => m.dossiers)));
  const y = n => high - bottom - (n * (high - bottom - top)) / axis.top;
  const slot = (wide - left) / months.length;
  const svg = draw("svg", { viewBox: `0 0 ${wide} ${high}`, role: "group", "aria-label": say("byMonth") });
  for (let k = 0; k <= axis.steps; k++) {
    const at = y(k * axis.step);
    svg.append(draw("line", { x1: left, x2: wide, y1: at, y2: at, stroke: k ? "#e1e6ea" : "#8c97a3" }));
    svg.append(draw("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, count(k * axis.step)));
  }
  months.forEach((month, i) => {
    const parts = grouped(month.outcomes);
    const words = parts.filter(p => p.n).map(p => `${say(p.word)} ${count(p.n)}`).join(", ");
    const label = `${periodName(month.key)}: ${count(month.dossiers)}${words ? ` (${words})` : ""}`;
    const link = draw("a", { href: "#", class: "bar-hit", "aria-label": label }, draw("title", {}, label));
    const [x, w] = [left + i * slot + slot * 0.16, slot * 0.68];
    link.append(draw("rect", { class: "frame", x: left + i * slot + 1, y: top, width: slot - 2, height: high - bottom - top, fill: "transparent", rx: 3 }));
    let sum = 0;
    for (const part of parts) {
      if (part.n) link.append(draw("rect", { class: part.color, x, width: w, y: y(sum + part.n), height: Math.max(y(sum) - y(sum + part.n), 0.75) }));
      sum += part.n;
    }
    link.addEventListener("click", event => { event.preventDefault(); open(month); });
    svg.append(link, draw("text", { x: left + (i + 0.5) * slot, y: high - 8, "text-anchor": "middle" }, `${Number(month.key.slice(5))}/${month.key.slice(2, 4)}`));
  });
  return svg;
}

// Departments side by side, by the share resolved on time; the dashed line is the target.
function comparedBars(rows, target, open) {
  const [wide, line, left, right, top] = [560, 34, 118, 118, 22];
  const high = top + rows.length * line + 4;
  const x = v => left + (v * (wide - left - right)) / 100;
  const svg = draw("svg", { viewBox: `0 0 ${wide} ${high}`, role: "group", "aria-label": say("compared") });
  for (const v of [0, 50, 100]) {
    svg.append(draw("line", { x1: x(v), x2: x(v), y1: top - 4, y2: high, stroke: v ? "#e1e6ea" : "#8c97a3" }), draw("text", { x: x(v), y: 12, "text-anchor": "middle" }, `${v}%`));
  }
  rows.forEach((row, i) => {
    const at = top + i * line;
    const known = row.on_time_rate !== null;
    const text = known ? `${exact(row.on_time_rate)} % (${count(row.on_time)}/${count(row.finished)})` : "—";
    const link = draw("a", { href: "#", class: "bar-hit", "aria-label": `${row.name}: ${text}` }, draw("title", {}, `${row.name}: ${text}`));
    link.append(draw("rect", { class: "frame", x: 1, y: at + 1, width: wide - 2, height: line - 2, fill: "transparent", rx: 3 }));
    link.append(draw("text", { x: 6, y: at + line / 2 + 4 }, row.key.length > 15 ? `${row.key.slice(0, 14)}…` : row.key));
    if (known) {
      const good = target === null || row.on_time_rate >= target;
      link.append(draw("rect", { class: good ? "f1" : "f3", x: left, y: at + 8, width: Math.max(x(row.on_time_rate) - left, 1), height: line - 16, rx: 2 }));
    }
    link.append(draw("text", { x: wide - right + 8, y: at + line / 2 + 4 }, known ? `${exact(row.on_time_rate)} %` : "—"));
    link.addEventListener("click", event => { event.preventDefault(); open(row); });
    svg.append(link);
  });
  if (target !== null) svg.append(draw("line", { x1: x(target), x2: x(target), y1: top - 4, y2: high, stroke: "#1c2733", "stroke-dasharray": "4 3" }));
  return svg;
}
