"use strict";
const $ = id => document.getElementById(id);
const API = "/api/v1";

// Elements by name, attributes and children; text stays text.
function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") node.addEventListener("click", value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return node;
}

// The session: tokens are kept until the window is closed, and given back when one signs out.
const session = {
  get kept() { return JSON.parse(sessionStorage.getItem("dunghen.session") ?? "null"); },
  set kept(tokens) { tokens ? sessionStorage.setItem("dunghen.session", JSON.stringify(tokens)) : sessionStorage.removeItem("dunghen.session"); },
  keep(answer) { this.kept = { access: answer.access_token, refresh: answer.refresh_token }; },
};

class Fault extends Error {
  constructor(status, problem) {
    const details = (problem?.errors ?? []).map(e => e.detail).filter(Boolean);
    super([problem?.detail || problem?.title || say("failed", { status }), ...details].join(" "));
    this.status = status;
  }
}

async function send(method, path, body, token) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      cache: "no-store",
      headers: { "Accept": "application/json", "Accept-Language": lang, ...(body ? { "Content-Type": "application/json" } : {}), ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch {
    throw new Fault(0, { detail: say("noConnection") });
  }
  const read = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Fault(answer.status, read);
  return read;
}

let refreshing = null;

// A token that has run out is renewed once for all who wait.
async function get(path) {
  try {
    return await send("GET", path, null, session.kept?.access);
  } catch (fault) {
    if (fault.status !== 401 || !session.kept) throw fault;
    refreshing ??= send("POST", `${API}/auth/sessions/refresh`, { refresh_token: session.kept.refresh }).then(tokens => session.keep(tokens)).finally(() => { refreshing = null; });
    try {
      await refreshing;
    } catch (failed) {
      if (failed.status === 0) throw failed;
      leave(say("signedOut"));
      throw failed;
    }
    return send("GET", path, null, session.kept.access);
  }
}

function leave(why = "") {
  session.kept = null;
  if ($("drawer").open) $("drawer").close();
  $("board").hidden = true;
  $("sign-out").hidden = true;
  $("user").textContent = "";
  $("sign-in").hidden = false;
  $("sign-in-fault").textContent = why;
  $("username").focus();
}

$("sign-in").addEventListener("submit", async event => {
  event.preventDefault();
  const [username, password] = [$("username").value.trim(), $("password").value];
  $("sign-in-fault").textContent = "";
  if (!username || !password) {
    $("sign-in-fault").textContent = say("needBoth");
    $(username ? "password" : "username").focus();
    return;
  }
  const button = $("sign-in").querySelector("button");
  button.disabled = true;
  try {
    session.keep(await send("POST", `${API}/auth/sessions`, { username, password }));
    $("password").value = "";
    await begin();
  } catch (fault) {
    $("sign-in-fault").textContent = fault.message;
    $("password").focus();
  } finally {
    button.disabled = false;
  }
});

$("sign-out").addEventListener("click", () => {
  const token = session.kept?.access;
  leave();
  if (token) send("DELETE", `${API}/auth/sessions/current`, null, token).catch(() => {});
});

// What is asked for stands in the address, so that it can be kept and sent on.
const PARTS = ["", "H1", "H2", "-9M", "Q1", "Q2", "Q3", "Q4", ...Array.from({ length: 12 }, (_, i) => `-${String(i + 1).padStart(2, "0")}`)];
let departments = [];
let board = null;

function asked() {
  const query = new URLSearchParams(location.search);
  const period = query.get("period") ?? "";
  const set = query.get("period_set") === "administrative" ? "administrative" : "calendar";
  return { period: /^\d{4}(H[12]|Q[1-4]|-9M|-\d\d)?$/.test(period) ? period : "", set, department: query.get("department") ?? "" };
}

function ask(change) {
  const now = { ...asked(), ...change };
  const query = new URLSearchParams();
  if (now.period) query.set("period", now.period);
  if (now.set !== "calendar") query.set("period_set", now.set);
  if (now.department) query.set("department", now.department);
  history.pushState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
  load();
}

function controls() {
  const { set, department } = asked();
  const code = asked().period || board?.period.code || String(new Date().getFullYear());
  const [year, part] = [Number(code.slice(0, 4)), code.slice(4)];
  const thisYear = new Date().getFullYear();
  const years = new Set([year]);
  for (let y = thisYear + 1; y >= Math.min(thisYear - 6, year - 1); y--) years.add(y);
  $("year").replaceChildren(...[...years].sort((a, b) => b - a).map(y => el("option", { value: y, selected: y === year }, String(y))));
  const named = part => {
    if (!part) return say("wholeYear");
    if (part === "-9M") return say("nineMonths");
    if (part[0] === "H") return say(part === "H1" ? "firstHalf" : "secondHalf");
    return part[0] === "Q" ? `${say("quarter")} ${part[1]}` : `${say("month")} ${Number(part.slice(1))}`;
  };
  $("part").replaceChildren(...PARTS.map(p => el("option", { value: p, selected: p === part }, named(p))));
  $("set").value = set;
  const all = el("option", { value: "" }, say("everything"));
  $("department").replaceChildren(all, ...departments.map(d => el("option", { value: d.code, selected: d.code === department }, `${"\u00a0\u00a0\u00a0".repeat(d.depth)}${d.name} (${d.code})`)));
  if (department && departments.every(d => d.code !== department)) $("department").append(el("option", { value: department, selected: true }, department));
}

for (const id of ["year", "part"]) $(id).addEventListener("change", () => ask({ period: $("year").value + $("part").value }));
$("set").addEventListener("change", () => ask({ set: $("set").value }));
$("department").addEventListener("change", () => ask({ department: $("department").value }));
$("asked").addEventListener("submit", event => event.preventDefault());
$("print").addEventListener("click", () => window.print());
addEventListener("popstate", () => { if (session.kept) load(); });

// Units of the organisation, those below another after it.
function inOrder(found) {
  const below = new Map();
  const codes = new Set(found.map(d => d.code));
  for (const d of found) {
    const parent = codes.has(d.parent) ? d.parent : "";
    below.set(parent, [...(below.get(parent) ?? []), d]);
  }
  const walk = (code, depth) => (below.get(code) ?? []).flatMap(d => [{ ...d, depth }, ...walk(d.code, depth + 1)]);
  return walk("", 0);
}

async function begin() {
  const me = await get(`${API}/me`);
  $("user").textContent = me.display_name;
  $("sign-out").hidden = false;
  $("sign-in").hidden = true;
  $("board").hidden = false;
  if (!me.permissions.includes("report:read")) {
    $("fault").textContent = say("notAllowed");
    $("asked").hidden = true;
    $("figures").hidden = true;
    return;
  }
  const own = new Set(me.grants.map(g => g.department));
  const wide = me.grants.some(g => !["officer", "clerk", "head"].includes(g.role));
  let found = [];
  for (let cursor = ""; cursor !== null;) {
    const page = await get(`${API}/departments?limit=200&fields=code,name,parent,kind${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    found = found.concat(page.items);
    cursor = page.page.next_cursor;
  }
  const inside = found.filter(d => !["external", "collective"].includes(d.kind));
  const under = d => d && (own.has(d.code) || under(inside.find(p => p.code === d.parent)));
  departments = inOrder(wide ? inside : inside.filter(under));
  $("main").focus({ preventScroll: true });
  await load();
}

let turn = 0;

async function load() {
  const mine = ++turn;
  controls();
  $("fault").textContent = "";
  $("figures").hidden = false;
  $("figures").setAttribute("aria-busy", "true");
  $("busy").textContent = say("loading");
  const { period, set, department } = asked();
  const query = new URLSearchParams({ period_set: set });
  if (period) query.set("period", period);
  if (department) query.set("department", department);
  try {
    const answer = await get(`${API}/dashboard?${query}`);
    if (mine !== turn) return;
    board = answer;
    show();
    $("busy").textContent = say("loaded");
  } catch (fault) {
    if (mine !== turn) return;
    $("busy").textContent = "";
    $("fault").textContent = fault.message;
    // Old figures under a new heading would be wrong.
    $("figures").hidden = true;
    $("heading").textContent = "";
    $("as-of").textContent = "";
  } finally {
    if (mine === turn) $("figures").setAttribute("aria-busy", "false");
  }
}

function show() {
  const { period, department, dossiers } = board;
  controls();
  const name = periodName(period.code);
  $("heading").textContent = `${department ? department.name : say("title")} · ${name}`;
  $("as-of").textContent = say("asOf", { from: day(period.from), to: day(period.to), asOf: day(period.as_of), at: instant(board.computed_at) });
  document.title = `${say("title")} · ${name} · Đúng Hẹn`;

  $("attention").replaceChildren(...(board.attention.length
    ? board.attention.map(a => el("li", {}, el("button", { type: "button", class: /overdue|owed|decision/.test(a.kind) ? "urgent" : null, onclick: () => drawer(a.name, [list(a.href)]) }, el("b", {}, a.count === null ? "…" : count(a.count)), a.name)))
    : [el("li", { class: "soft" }, say("nothingWaits"))]));

  board.attention.forEach((a, i) => { if (a.count === null) countOwed(a.href, $("attention").children[i]); });
  const aimed = board.kpis.filter(k => k.target !== null);
  $("kpis").replaceChildren(...aimed.map(tile));
  const others = board.kpis.filter(k => k.target === null);
  $("kpis-other").replaceChildren(...others.map(tile));
  $("others").hidden = others.length === 0;
  if (aimed.length === 0 && others.length) $("others").open = true;
  const by = status => aimed.filter(k => k.status === status).length;
  $("kpi-sum").textContent = aimed.length ? say("kpiSum", { met: by("met"), not: by("not_met"), none: by("no_data"), all: aimed.length }) : "";

  const numbers = [["received_total"], ["resolved_total"], ["resolved_late", "resolved_late"], ["open_total"], ["open_overdue", "open_overdue"]];
  $("numbers").replaceChildren(...numbers.map(([member, alarm]) => el("li", { class: alarm && dossiers.results[member] ? "alarm" : null },
    el("button", { type: "button", onclick: () => drawer(say("byDepartment"), [list(dossiers.results_href)]) },
      el("span", {}, member === "resolved_late" ? `${say("resolved_total")}: ${say("resolved_late").toLowerCase()}` : say(member)), el("b", {}, count(dossiers.results[member]))))));

  const any = dossiers.months.some(m => m.dossiers);
  $("months").replaceChildren(any ? stackedBars(dossiers.months, m => drawer(`${say("dossiers")} · ${periodName(m.key)}`, [outcomeTable(m.outcomes, m.dossiers), list(m.href)])) : el("p", { class: "soft" }, say("noDossiers")));
  $("months-key").replaceChildren(...(any ? GROUPS.map(([color, word]) => el("li", {}, el("i", { class: color }), say(word))) : []));
  const rate = board.kpis.find(k => k.kpi === "on_time_rate");
  const openRow = row => drawer(`${row.name} · ${name}`, [outcomeTable(row.outcomes), list(row.href)]);
  const rated = dossiers.departments.filter(d => d.finished > 0);
  $("compare").replaceChildren(rated.length ? comparedBars(rated, rate?.target ?? null, openRow) : el("p", { class: "soft" }, say("noDossiers")));
  resultsTable(dossiers, openRow);

  const most = Math.max(1, ...dossiers.findings.map(f => f.count));
  $("findings").replaceChildren(...(dossiers.findings.length
    ? [el("p", { class: "soft" }, `${count(dossiers.with_findings)} ${say("withFindings")}`),
      table([say("kind"), [say("count")], ""], dossiers.findings.map(f => [button(f.name, () => drawer(f.name, [list(f.href)])), [count(f.count)], bar(f.count / most)]))]
    : [el("p", { class: "soft" }, say("noFindings"))]));

  $("tasks-part").classList.toggle("no-tasks", board.tasks === null);
  const tasks = board.tasks;
  $("h-tasks").hidden = $("tasks").hidden = tasks === null;
  if (tasks) {
    $("tasks").replaceChildren(...(tasks.states.length
      ? [el("p", { class: "soft" }, `${count(tasks.total)} ${say("taskLine", { due: count(tasks.due), onTime: count(tasks.due_on_time), late: count(tasks.late_or_extended) })}`),
        table([say("state"), [say("count")]], tasks.states.map(s => [button(told(s.state), () => drawer(`${say("tasks")} · ${told(s.state)}`, [list(s.href)])), [count(s.count)]]))]
      : [el("p", { class: "soft" }, say("noTasks"))]));
  }
  const documents = board.documents;
  const share = (n, of) => (of ? `${count(n)} / ${count(of)}` : "0");
  $("documents").replaceChildren(table([say("documents"), [say("count")]], [
    [button(say("outgoing"), () => drawer(say("outgoing"), [list(documents.href)])), [count(documents.outgoing)]],
    [say("sent_electronically"), [share(documents.sent_electronically, documents.sendable)]],
    [say("drafted_in_e_office"), [share(documents.drafted_in_e_office, documents.outgoing)]]]));
}

// How much is owed, which its own list works out.
async function countOwed(href, place) {
  const answer = await get(href).catch(() => null);
  const n = (answer?.items ?? []).filter(o => o.still_owed && ["owed", "returned"].includes(o.state)).length;
  place.querySelector("b").textContent = count(n);
  place.hidden = n === 0;
}

const button = (text, onclick) => el("button", { type: "button", class: "link", onclick }, text);

function bar(share) {
  const node = el("span", { class: "bar-cell", "aria-hidden": "true" });
  node.style.width = `${Math.round(share * 100)}%`;
  return node;
}

// A cell in brackets is a number.
function table(heads, rows, foot = null) {
  const cell = (name, content, i) => {
    const number = Array.isArray(content);
    return el(name, { class: number ? "n" : null, scope: name === "th" ? (i === undefined ? "row" : "col") : null }, number ? content[0] : content);
  };
  return el("table", {},
    el("thead", {}, el("tr", {}, heads.map((head, i) => cell("th", head, i)))),
    el("tbody", {}, rows.map(row => el("tr", {}, row.map((content, i) => cell(i ? "td" : "th", content))))),
    foot && el("tfoot", {}, el("tr", {}, foot.map((content, i) => cell(i ? "td" : "th", content)))));
}

function resultsTable(dossiers, openRow) {
  const members = ["received_total", "received_online", "carried_over", "resolved_total", "resolved_early", "resolved_on_time", "resolved_late", "open_in_time", "open_overdue"];
  const line = results => members.map(m => [count(results[m])]);
  const rows = dossiers.departments.map(d => [button(d.name, () => openRow(d)), ...line(d.results), [d.on_time_rate === null ? "—" : exact(d.on_time_rate)]]);
  const [good, all] = dossiers.departments.reduce(([a, b], d) => [a + d.on_time, b + d.finished], [0, 0]);
  const total = [button(say("total"), () => drawer(say("byDepartment"), [list(dossiers.results_href)])), ...line(dossiers.results), [all ? exact(Math.floor((good * 20000 + all) / (2 * all)) / 100) : "—"]];
  const made = table([say("department"), ...members.map(m => [say(m)]), [say("rate")]], rows, total);
  made.id = "departments";
  $("departments").replaceWith(made);
}

function outcomeTable(outcomes, all = null) {
  const rows = Object.entries(outcomes).map(([name, n]) => [told(name), [count(n)]]);
  return rows.length ? table([COLUMNS.outcome[lang === "en" ? 1 : 0], [say("count")]], rows, all === null ? null : [say("total"), [count(all)]]) : el("p", { class: "soft" }, say("noDossiers"));
}

function trendText(trend, unit) {
  if (!trend) return null;
  const { change, direction, period } = trend;
  const than = periodName(period);
  if (direction === "same") return el("span", {}, `${say("unchanged")} ${than}`);
  const arrow = change > 0 ? "▲" : "▼";
  const size = unit === "percent" ? exact(Math.abs(change)) : count(Math.abs(change));
  return el("span", {}, el("span", { class: direction }, `${arrow} ${size}`), ` ${say("than")} ${than}`);
}

const targetFigure = kpi => `${compared[kpi.comparator]} ${count(kpi.target)}${kpi.unit === "percent" ? " %" : ""}`;
const targetText = kpi => (kpi.target === null ? say("noTarget") : `${say("target")} ${targetFigure(kpi)}`);
const valueText = kpi => (kpi.value === null ? "—" : figure(kpi.value, kpi.unit));

function tile(kpi) {
  const trends = [kpi.previous, kpi.year_before && kpi.year_before.period !== kpi.previous?.period ? kpi.year_before : null].map(t => trendText(t, kpi.unit)).filter(Boolean);
  const drawn = sparkline(kpi.course, kpi.target, kpi.unit);
  return el("li", {}, el("button", { type: "button", class: kpi.status, "data-kpi": kpi.kpi, onclick: () => openKpi(kpi) },
    el("span", { class: "tile-name" }, kpi.name),
    el("span", { class: "tile-value" }, el("b", {}, valueText(kpi)), kpi.status === "no_target" ? null : el("span", { class: `badge ${kpi.status}` }, { met: "✓ ", not_met: "✗ " }[kpi.status] ?? "", say(kpi.status))),
    el("span", { class: "tile-target" }, targetText(kpi), kpi.denominator !== null ? ` · ${say("parts", { n: count(kpi.numerator), d: count(kpi.denominator) })}` : ""),
    el("span", { class: "tile-trend" }, trends.length ? trends.flatMap((t, i) => (i ? [el("br"), t] : [t])) : kpi.reason ? say(kpi.reason) : ""),
    drawn ?? el("span", { class: "no-spark" }, kpi.value === null ? "" : say("noCourse"))));
}

function openKpi(kpi) {
  const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
  const facts = el("dl", { class: "facts" }, fact(say("value"), valueText(kpi)), fact(say("target"), kpi.target === null ? "—" : targetFigure(kpi)),
    fact(say("state"), say(kpi.status)), kpi.numerator !== null && fact(say("numerator"), count(kpi.numerator)), kpi.denominator !== null && fact(say("denominator"), count(kpi.denominator)));
  const known = kpi.course.filter(p => p.value !== null);
  const course = known.length ? [el("h3", {}, say("course")), table([say("period"), [say("value")]], known.map(p => [periodName(p.period), [figure(p.value, kpi.unit)]]))] : [];
  drawer(kpi.name, [facts, el("h3", {}, say("madeOf")), list(kpi.href, kpi.results_href), ...course]);
}

// The drawer: what a figure is made of.
function drawer(name, parts) {
  $("drawer-name").textContent = name;
  $("drawer-body").replaceChildren(...parts);
  if (!$("drawer").open) $("drawer").showModal();
  $("drawer-body").parentElement.scrollTop = 0;
  $("drawer-name").focus();
}

$("drawer-close").addEventListener("click", () => $("drawer").close());
$("drawer").addEventListener("click", event => { if (event.target === $("drawer")) $("drawer").close(); });

// Columns of rows: what is known to be worth reading, in this order; of unknown rows whatever is plain.
const ORDER = ["at", "act", "code", "number", "symbol", "key", "name", "title", "text", "what", "summary", "duty", "kpi", "period", "procedure", "resolving_department", "department_name", "department", "lead",
  "occurrence", "on", "in_numerator", "kind", "cause", "channel", "issued_on", "raised_on", "day", "accepted_at", "due_on", "internal_due_on", "finished_on", "completed_on", "days_late", "status", "state", "outcome", "timeliness", "missing",
  "numerator", "denominator", "value", "comparator", "target", "met", "reason", "document_no", "recorded_by", "note", "drafted_in_e_office", "sent_electronically", "received_total", "received_online", "carried_over", "resolved_total",
  "resolved_early", "resolved_on_time", "resolved_late", "open_in_time", "open_overdue", "total", "dossiers"];

function columnsOf(rows) {
  const has = name => rows.some(row => row[name] !== null && row[name] !== undefined && (typeof row[name] !== "object" || (Array.isArray(row[name]) && row[name].every(x => typeof x === "string"))));
  const found = ORDER.filter(has);
  // A dossier with its outcome needs no status beside it; a named department no code.
  if (found.includes("outcome")) return found.filter(name => name !== "status");
  return found.filter(name => !(name === "department" && found.includes("department_name")));
}

function shown(name, value) {
  if (value === null || value === undefined) return "—";
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  if (typeof value === "number") return [count(value)];
  if (Array.isArray(value)) return value.join(", ") || "—";
  if (/_on$|^day$|^on$/.test(name)) return day(value);
  if (/_at$|^at$/.test(name)) return instant(value);
  if (/^code$|^number$/.test(name)) return el("span", { class: "code" }, value);
  return ["status", "state", "outcome", "timeliness", "channel", "kind", "act"].includes(name) ? told(value) : name === "comparator" ? compared[value] : value;
}

const heading = name => (COLUMNS[name] ? pick(COLUMNS[name]) : say(name));

// Rows of a report have their counts beside the key, or under a name.
const flat = row => ({ ...row, ...(row.counts ?? {}), ...(row.outcomes ?? {}) });

// A list of the API, page by page; where the first address is not known, the second.
function list(href, instead = null) {
  const box = el("div", {}, el("p", { class: "soft", role: "status" }, say("loading")));
  let rows = [];
  const page = async (address, other) => {
    let answer;
    try {
      answer = await get(address);
    } catch (fault) {
      if (fault.status === 404 && other) return page(other, null);
      box.querySelectorAll(".fault, .soft[role=status]").forEach(node => node.remove());
      box.append(el("p", { class: "fault", role: "alert" }, fault.message));
      return;
    }
    rows = rows.concat((answer.items ?? answer.rows ?? []).map(flat));
    const names = columnsOf(rows);
    const next = answer.page?.next_cursor;
    const more = next && el("button", { type: "button", class: "quiet", onclick: () => { more.disabled = true; page(`${address.replace(/[?&]cursor=[^&]*/, "")}${address.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(next)}`, null); } }, say("more"));
    const foot = answer.total && typeof answer.total === "object" && names.length > 1 ? names.map((name, i) => (i ? (flat(answer.total)[name] === undefined ? "" : shown(name, flat(answer.total)[name])) : say("total"))) : null;
    const body = rows.length
      ? el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": $("drawer-name").textContent }, table(names.map(name => (typeof rows.find(r => r[name] !== null && r[name] !== undefined)?.[name] === "number" ? [heading(name)] : heading(name))), rows.map(row => names.map(name => (name === "code" && row.id && row.code && (row.resolving_department || row.kind === "dossier") ? button(row.code, () => openDossier(row)) : shown(name, row[name])))), foot))
      : el("p", { class: "soft" }, say("empty"));
    box.replaceChildren(body, el("p", { class: "soft", role: "status" }, rows.length ? say("shown", { n: count(rows.length) }) : ""), ...(more ? [more] : []), el("p", { class: "source" }, `${say("source")}: `, el("code", {}, address.replace(/[?&]cursor=[^&]*/, ""))));
  };
  page(href, instead);
  return box;
}

// A dossier, in place of the list that it was in.
async function openDossier(found) {
  const row = found.resolving_department ? found : await get(`${API}/dossiers/${found.id}`).catch(() => found);
  const [name, before] = [$("drawer-name").textContent, [...$("drawer-body").childNodes]];
  const back = el("button", { type: "button", class: "quiet", onclick: () => { drawer(name, before); } }, say("back"));
  const facts = ["procedure", "resolving_department", "channel", "status", "outcome", "timeliness", "accepted_at", "first_due_on", "due_on", "finished_on"];
  const fact = member => el("div", {}, el("dt", {}, heading(member)), el("dd", {}, [shown(member, row[member])].flat()));
  drawer(row.code, [back, el("dl", { class: "facts" }, facts.filter(member => row[member] !== undefined).map(fact)), el("h3", {}, say("history")), list(`${API}/dossiers/${row.id}/timeline`)]);
}

function translate() {
  document.documentElement.lang = lang;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = say(node.dataset.word);
  $("language").textContent = lang === "en" ? "Tiếng Việt" : "English";
  $("language").lang = lang === "en" ? "vi" : "en";
}

$("language").addEventListener("click", () => {
  lang = lang === "en" ? "vi" : "en";
  sessionStorage.setItem("dunghen.lang", lang);
  translate();
  // Names of findings and of what waits come in the language asked for.
  if (session.kept && !$("board").hidden && !$("asked").hidden) load();
});

translate();
if (session.kept) begin().catch(fault => { if (session.kept) leave(fault.message); });
else leave();
