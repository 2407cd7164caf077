//! The section on dossiers.

use super::charts::{self, Bar, Fill, Part, Point};
use super::sections::{
    CENTRED, CODE, NAME, PLAIN, STATE, bad, cell, count, date, end, explanation, head, lines, none, ordinal, remedy, titled,
};
use super::words;
use crate::briefing::wire::{Briefing, BriefingDossier, BriefingRow};
use crate::http::html::Html;
use crate::text::Text;

/// Text in Vietnamese.
fn vi(text: Text) -> String {
    crate::http::Lang::Vi.pick(text)
}

pub fn dossiers(h: &mut Html, b: &Briefing) {
    h.tag("<h2>II. Giải quyết thủ tục hành chính</h2>\n<h3>Hồ sơ tiếp nhận trong kỳ, theo kết quả</h3>\n");
    let parts = [
        Part { name: "Đúng hạn, trước hạn", fill: Fill::Good },
        Part { name: "Đang giải quyết trong hạn", fill: Fill::Pale },
        Part { name: "Chờ bổ sung, tạm dừng", fill: Fill::Plain },
        Part { name: "Rút, từ chối, dừng", fill: Fill::Fair },
        Part { name: "Quá hạn, có xin lỗi", fill: Fill::Warning },
        Part { name: "Quá hạn, không xin lỗi", fill: Fill::Bad },
    ];
    let split = |r: &BriefingRow| {
        let o = &r.outcomes;
        [
            o.on_time,
            o.in_progress,
            o.supplement_requested + o.suspended,
            o.withdrawn + o.refused + o.terminated,
            o.late_with_apology + o.overdue_with_apology,
            o.late_without_apology + o.overdue,
        ]
    };
    let some = b.departments.iter().filter(|r| r.accepted > 0);
    let bars: Vec<Bar> = some.map(|r| Bar { label: r.name.clone(), parts: split(r).to_vec() }).collect();
    charts::stacked(h, "Hồ sơ tiếp nhận trong kỳ", &parts, &bars);
    let rows = lines(b, |r| r.accepted > 0 || r.finished > 0 || r.late_dossiers > 0);
    if !rows.is_empty() {
        let titles = [
            "Đơn vị giải quyết",
            "Tiếp nhận",
            "Đúng hạn, trước hạn",
            "Đang giải quyết",
            "Chờ, tạm dừng",
            "Rút, từ chối, dừng",
            "Quá hạn, có xin lỗi",
            "Quá hạn, không xin lỗi",
            "Xong trong kỳ",
            "Trung vị (ngày)",
            "Bách phân vị 90",
        ];
        head(h, &titles);
        for (r, open) in rows {
            cell(h.tag(open), NAME, &r.name);
            count(h, r.accepted);
            let split = split(r);
            split[..4].iter().for_each(|n| count(h, *n));
            split[4..].iter().for_each(|n| bad(h, *n));
            count(h, r.finished);
            for days in [r.handling_days.median, r.handling_days.p90] {
                cell(h, CENTRED, &days.map_or_else(|| "–".to_owned(), |n| n.to_string()));
            }
            h.tag("</tr>\n");
        }
        end(h);
        h.tag("<p class=\"note\">Số ngày là ngày làm việc để giải quyết xong một hồ sơ, không kể thời gian chờ bổ sung, nghĩa vụ tài chính và tạm dừng.</p>\n");
    }
    h.tag("<h3>Tỷ lệ hồ sơ giải quyết đúng hạn, 12 tháng</h3>\n");
    let label = |period: &str| {
        period.split_once('-').map_or_else(String::new, |(year, month)| format!("{month}/{}", year.get(2..).unwrap_or_default()))
    };
    let points: Vec<Point> = b.trend.iter().map(|m| Point { label: label(&m.period), value: m.on_time_rate }).collect();
    charts::sparkline(h, "Tỷ lệ hồ sơ giải quyết đúng hạn, theo tháng", &points);
    late(h, b);
}

fn late(h: &mut Html, b: &Briefing) {
    let late = &b.late_dossiers;
    h.tag("<h3>Hồ sơ quá hạn và nguyên nhân</h3>\n");
    if late.total == 0 {
        return none(h, "Không có hồ sơ quá hạn.");
    }
    head(h, &["Nguyên nhân", "Đã xong, quá hạn", "Đang giải quyết, quá hạn", "Tổng số"]);
    for cause in &late.causes {
        let label = vi(cause.cause.label());
        let text = cause.reason.as_ref().map_or(label.clone(), |reason| format!("{label}: {reason}"));
        cell(h.tag("<tr>"), PLAIN, &text);
        [cause.counts.late, cause.counts.overdue, cause.counts.total].into_iter().for_each(|n| count(h, n));
        h.tag("</tr>\n");
    }
    end(h);
    if !late.departments.is_empty() {
        head(h, &["Đơn vị", "Hồ sơ quá hạn", "Giải trình của đơn vị", "Giải pháp"]);
        for d in &late.departments {
            cell(h.tag("<tr>"), NAME, &d.name);
            bad(h, d.count);
            explanation(h, Some(&d.explanation));
            remedy(h, &d.explanation);
            h.tag("</tr>\n");
        }
        end(h);
    }
    head(h, &["STT", "Hồ sơ", "Đơn vị", "Hạn", "Xong ngày", "Trễ (ngày)", "Lý do", "Xin lỗi, hẹn lại"]);
    for (i, d) in late.items.iter().enumerate() {
        ordinal(h, i);
        titled(h, &d.procedure_name, &d.code);
        cell(h, CODE, &d.department);
        date(h, Some(d.due_on));
        date(h, d.finished_on);
        count(h, d.days_late);
        cell(h, PLAIN, &d.reason.clone().unwrap_or_else(|| vi(d.cause.label())));
        cell(h, STATE, &apology(d));
        h.tag("</tr>\n");
    }
    end(h);
    if late.total > late.items.len() as i64 {
        h.tag("<p class=\"note\">Còn ").text(&(late.total - late.items.len() as i64).to_string());
        h.tag(" hồ sơ quá hạn ít ngày hơn không in ở đây.</p>\n");
    }
}

fn apology(d: &BriefingDossier) -> String {
    match (d.apologised, d.new_due_on) {
        (true, Some(on)) => format!("Có, hẹn {}", words::day(on)),
        (true, None) => "Có".to_owned(),
        (false, Some(on)) => format!("Muộn, hẹn {}", words::day(on)),
        (false, None) => "Không".to_owned(),
    }
}
