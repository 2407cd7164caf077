//! The sections of the page, in the order in which a meeting goes through them.

use super::charts::{self, Bar, Fill, Part, percent};
use super::{dossiers, words};
use crate::briefing::model::DecisionState;
use crate::briefing::wire::{Briefing, BriefingExplanation, BriefingRow, DecisionView};
use crate::http::Day;
use crate::http::html::Html;

pub fn all(h: &mut Html, b: &Briefing) {
    tiles(h, b);
    tasks(h, b);
    dossiers::dossiers(h, b);
    findings(h, b);
    targets(h, b);
    obstacles(h, b);
    next(h, b);
    decisions(h, b);
}

pub fn head(h: &mut Html, titles: &[&'static str]) {
    h.tag("<table><thead><tr>");
    for title in titles {
        h.tag("<th>").tag(title).tag("</th>");
    }
    h.tag("</tr></thead><tbody>\n");
}

pub fn end(h: &mut Html) {
    h.tag("</tbody></table>\n");
}

pub fn ordinal(h: &mut Html, place: usize) {
    h.tag("<tr><td class=\"n\">").number(place as u64 + 1).tag("</td>");
}

pub fn cell(h: &mut Html, class: &'static str, text: &str) {
    h.tag(class).text(text).tag("</td>");
}

pub const PLAIN: &str = "<td>";
pub const CENTRED: &str = "<td class=\"c\">";
pub const CODE: &str = "<td class=\"k\">";
pub const NAME: &str = "<td class=\"name\">";
const EXPLAINED: &str = "<td class=\"e\">";
pub const STATE: &str = "<td class=\"s\">";
const DATE: &str = "<td class=\"d\">";
const WRONG: &str = "<td class=\"c wrong\">";

/// A title with its code below it.
pub fn titled(h: &mut Html, title: &str, code: &str) {
    h.tag("<td>").text(title).tag("<br><span class=\"code\">").text(code).tag("</span></td>");
}

pub fn count(h: &mut Html, n: i64) {
    cell(h, CENTRED, &n.to_string());
}

/// A number that should be zero.
pub fn bad(h: &mut Html, n: i64) {
    cell(h, if n > 0 { WRONG } else { CENTRED }, &n.to_string());
}

pub fn date(h: &mut Html, day: Option<Day>) {
    cell(h, DATE, &day.map_or_else(|| "–".to_owned(), words::day));
}

pub fn none(h: &mut Html, text: &'static str) {
    h.tag("<p class=\"none\">").tag(text).tag("</p>\n");
}

pub fn explanation(h: &mut Html, told: Option<&BriefingExplanation>) {
    let Some(told) = told else { return cell(h, EXPLAINED, "") };
    h.tag(EXPLAINED);
    match &told.cause {
        Some(cause) => h.text(cause),
        None => h.tag("<i>").tag(words::owed_state(told.state)).tag("</i>"),
    };
    h.tag("</td>");
}

pub fn remedy(h: &mut Html, told: &BriefingExplanation) {
    h.tag(EXPLAINED);
    if let Some(remedy) = &told.remedy {
        h.text(remedy);
    }
    if let Some(on) = told.remedy_due_on {
        h.tag(" <b>Hạn ").text(&words::day(on)).tag("</b>");
    }
    if let Some(who) = &told.responsible {
        h.tag(" (").text(who).tag(")");
    }
    h.tag("</td>");
}

fn tiles(h: &mut Html, b: &Briefing) {
    let rate = b.trend.last().and_then(|m| m.on_time_rate).map_or_else(|| "–".to_owned(), |rate| format!("{}%", percent(rate)));
    let tiles = [
        (format!("{}/{}", b.total.tasks.done_on_time + b.total.tasks.done_late, b.total.tasks.total), "lượt nhiệm vụ đã hoàn thành", false),
        (b.total.tasks.overdue.to_string(), "lượt nhiệm vụ quá hạn", b.total.tasks.overdue > 0),
        (rate, "hồ sơ giải quyết đúng hạn", false),
        (b.total.late_dossiers.to_string(), "hồ sơ quá hạn", b.total.late_dossiers > 0),
        (b.obstacles.len().to_string(), "vướng mắc chờ Giám đốc", !b.obstacles.is_empty()),
    ];
    h.tag("<div class=\"tiles\">");
    for (figure, what, wrong) in tiles {
        h.tag(if wrong { "<div><p class=\"figure wrong\">" } else { "<div><p class=\"figure\">" }).text(&figure);
        h.tag("</p><p class=\"what\">").tag(what).tag("</p></div>");
    }
    h.tag("</div>\n");
}

/// Departments for which a row says something, and all of them together at the end.
pub fn lines<'a>(b: &'a Briefing, says: impl Fn(&BriefingRow) -> bool + 'a) -> Vec<(&'a BriefingRow, &'static str)> {
    let mut lines: Vec<(&BriefingRow, &'static str)> = b.departments.iter().filter(|r| says(r)).map(|r| (r, "<tr>")).collect();
    if lines.len() > 1 {
        lines.push((&b.total, "<tr class=\"total\">"));
    }
    lines
}

fn tasks(h: &mut Html, b: &Briefing) {
    h.tag("<h2>I. Nhiệm vụ</h2>\n");
    let parts = [
        Part { name: "Hoàn thành đúng hạn", fill: Fill::Good },
        Part { name: "Hoàn thành quá hạn", fill: Fill::Fair },
        Part { name: "Đã nộp, chờ xác nhận", fill: Fill::Plain },
        Part { name: "Đang thực hiện, chưa đến hạn", fill: Fill::Pale },
        Part { name: "Sắp đến hạn, bị trả lại", fill: Fill::Warning },
        Part { name: "Quá hạn", fill: Fill::Bad },
    ];
    let bar = |r: &BriefingRow| {
        let t = &r.tasks;
        let parts = vec![t.done_on_time, t.done_late, t.handed_in, t.not_started + t.in_progress, t.due_soon + t.returned, t.overdue];
        Bar { label: r.name.clone(), parts }
    };
    let bars: Vec<Bar> = b.departments.iter().filter(|r| r.tasks.total > 0).map(bar).collect();
    charts::stacked(h, "Nhiệm vụ theo tình trạng", &parts, &bars);
    let rows = lines(b, |r| r.tasks.total > 0);
    if rows.is_empty() {
        return;
    }
    let titles = [
        "Đơn vị chủ trì",
        "Tổng số",
        "Hoàn thành đúng hạn",
        "Hoàn thành quá hạn",
        "Chờ xác nhận",
        "Bị trả lại",
        "Đang thực hiện",
        "Sắp đến hạn",
        "Quá hạn",
        "Được gia hạn",
    ];
    head(h, &titles);
    for (r, open) in rows {
        let t = &r.tasks;
        cell(h.tag(open), NAME, &r.name);
        for n in [t.total, t.done_on_time, t.done_late, t.handed_in, t.returned, t.not_started + t.in_progress, t.due_soon] {
            count(h, n);
        }
        bad(h, t.overdue);
        count(h, t.extended);
        h.tag("</tr>\n");
    }
    end(h);
    h.tag("<p class=\"note\">Nhiệm vụ định kỳ được tính theo từng lượt; một nhiệm vụ có nhiều đơn vị chủ trì được tính cho mỗi đơn vị, và một lần ở dòng tổng cộng.</p>\n");
    h.tag("<h3>Nhiệm vụ quá hạn, hoặc hoàn thành quá hạn trong kỳ</h3>\n");
    if b.late_tasks.is_empty() {
        return none(h, "Không có.");
    }
    head(h, &["STT", "Nhiệm vụ", "Chủ trì", "Hạn", "Tình trạng", "Giải trình của đơn vị"]);
    for (i, t) in b.late_tasks.iter().enumerate() {
        ordinal(h, i);
        titled(h, &t.title, &format!("{} · {}", t.task, t.occurrence));
        cell(h, CODE, &t.lead.join(", "));
        date(h, Some(t.due_on));
        let done = t.completed_on.map(|on| format!(" ngày {}", words::day(on))).unwrap_or_default();
        cell(h, STATE, &format!("{}{done}{}", words::task_state(t.state), if t.extended { "; đã gia hạn" } else { "" }));
        explanation(h, t.explanation.as_ref());
        h.tag("</tr>\n");
    }
    end(h);
}

fn findings(h: &mut Html, b: &Briefing) {
    h.tag("<h2>III. Tồn tại, sai sót phát sinh trong kỳ</h2>\n");
    if b.findings.is_empty() {
        return none(h, "Không có.");
    }
    head(h, &["STT", "Tồn tại", "Đơn vị", "Số hồ sơ", "Nguyên nhân", "Giải pháp"]);
    for (i, f) in b.findings.iter().enumerate() {
        ordinal(h, i);
        cell(h, PLAIN, &f.label);
        cell(h, NAME, &f.name);
        count(h, f.count);
        explanation(h, Some(&f.explanation));
        remedy(h, &f.explanation);
        h.tag("</tr>\n");
    }
    end(h);
}

fn targets(h: &mut Html, b: &Briefing) {
    h.tag("<h2>IV. Chỉ tiêu chưa đạt</h2>\n");
    if b.unmet_targets.is_empty() {
        return none(h, "Không có.");
    }
    head(h, &["STT", "Chỉ tiêu", "Đơn vị", "Kết quả", "Mục tiêu", "Nguyên nhân", "Giải pháp"]);
    for (i, t) in b.unmet_targets.iter().enumerate() {
        ordinal(h, i);
        titled(h, &t.title, t.field.as_deref().unwrap_or(&t.kpi));
        cell(h, NAME, &t.name);
        let figure = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), percent);
        cell(h, CENTRED, &figure(t.value));
        cell(h, CENTRED, &format!("{} {}", t.comparator.map_or("", words::comparator), figure(t.target)));
        explanation(h, Some(&t.explanation));
        remedy(h, &t.explanation);
        h.tag("</tr>\n");
    }
    end(h);
}

fn obstacles(h: &mut Html, b: &Briefing) {
    h.tag("<h2>V. Vướng mắc chờ Giám đốc quyết định</h2>\n");
    if b.obstacles.is_empty() {
        return none(h, "Không có.");
    }
    head(h, &["STT", "Vướng mắc", "Đơn vị", "Trình ngày", "Đề xuất của đơn vị", "Ý kiến của Văn phòng"]);
    for (i, o) in b.obstacles.iter().enumerate() {
        ordinal(h, i);
        h.tag("<td><b>")
            .text(&o.title)
            .tag("</b><br>")
            .text(&o.description)
            .tag("<br><span class=\"code\">")
            .text(&o.code)
            .tag("</span></td>");
        cell(h, CODE, &o.department);
        date(h, Some(o.escalated_on));
        cell(h, PLAIN, o.proposal.as_deref().unwrap_or_default());
        cell(h, PLAIN, o.remark.as_deref().unwrap_or_default());
        h.tag("</tr>\n");
    }
    end(h);
}

fn next(h: &mut Html, b: &Briefing) {
    h.tag("<h2>VI. Việc đến hạn ").text(&super::month(&b.next.period)).tag(" (").text(&words::day(b.next.from)).tag(" – ");
    h.text(&words::day(b.next.to)).tag(")</h2>\n<h3>Nhiệm vụ</h3>\n");
    if b.next.tasks.is_empty() {
        none(h, "Không có.");
    } else {
        head(h, &["STT", "Nhiệm vụ", "Chủ trì", "Hạn", "Tình trạng"]);
        for (i, t) in b.next.tasks.iter().enumerate() {
            ordinal(h, i);
            titled(h, &t.title, &format!("{} · {}", t.task, t.occurrence));
            cell(h, CODE, &t.lead.join(", "));
            date(h, Some(t.due_on));
            cell(h, STATE, words::task_state(t.state));
            h.tag("</tr>\n");
        }
        end(h);
    }
    h.tag("<h3>Báo cáo</h3>\n");
    if b.next.reports.is_empty() {
        return none(h, "Không có.");
    }
    head(h, &["STT", "Báo cáo", "Kỳ", "Hạn nội bộ", "Hạn gửi", "Chưa nộp", "Nơi nhận"]);
    for (i, r) in b.next.reports.iter().enumerate() {
        ordinal(h, i);
        cell(h, PLAIN, &r.what);
        cell(h, DATE, &r.period);
        date(h, r.internal_due_on);
        date(h, Some(r.due_on));
        cell(h, CODE, &r.missing.join(", "));
        cell(h, CODE, &r.to.join(", "));
        h.tag("</tr>\n");
    }
    end(h);
}

fn decisions(h: &mut Html, b: &Briefing) {
    h.tag("<h2>VII. Kết luận của cuộc họp</h2>\n");
    if b.decisions.is_empty() {
        // To be written by hand at the meeting.
        for _ in 0..4 {
            h.tag("<p class=\"write\"></p>\n");
        }
        return;
    }
    head(h, &["Số", "Nội dung", "Chủ trì", "Phối hợp", "Hạn", "Tình trạng"]);
    for d in &b.decisions {
        cell(h.tag("<tr>"), DATE, &d.code);
        titled(h, &d.text, &d.item_title);
        cell(h, CODE, &d.lead.join(", "));
        cell(h, CODE, &d.coordinate.join(", "));
        date(h, d.task_due_on.or(Some(d.due_on)));
        cell(h, STATE, standing(d));
        h.tag("</tr>\n");
    }
    end(h);
}

pub fn standing(d: &DecisionView) -> &'static str {
    if d.state == DecisionState::Revoked { "Đã thu hồi" } else { words::task_state(d.task_state) }
}
