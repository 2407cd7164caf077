//! The briefing as a page to print: one document with its charts that asks nothing of anyone and runs no script.

mod charts;
mod dossiers;
mod sections;
pub mod words;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::wire::Briefing;
use crate::http::html::Html;

pub use sections::standing;

/// The page, with the policy that lets its own style in and nothing else.
pub struct Page {
    pub html: String,
    pub policy: String,
}

const STYLE: &str = include_str!("print.css");

pub fn of(briefing: &Briefing) -> Page {
    let title = format!("Báo cáo giao ban {}", month(&briefing.period));
    let mut h = Html::default();
    h.tag(
        "<!doctype html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>",
    );
    h.text(&title).tag("</title><style>").tag(STYLE).tag("</style></head>\n<body><main>");
    charts::patterns(&mut h);
    heading(&mut h, briefing, &title);
    sections::all(&mut h, briefing);
    h.tag("</main></body></html>\n");
    let hash = STANDARD.encode(crate::http::json::digest(STYLE.as_bytes()));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    Page { html: h.finish(), policy }
}

/// tháng 6 năm 2022, of a code that is a month's.
pub fn month(period: &str) -> String {
    match period.split_once('-') {
        Some((year, month)) => format!("tháng {} năm {year}", month.trim_start_matches('0')),
        None => period.to_owned(),
    }
}

fn heading(h: &mut Html, briefing: &Briefing, title: &str) {
    h.tag("<header><div class=\"issuer rule\">");
    match &briefing.department {
        Some(department) if *department != briefing.agency => {
            h.tag("<p>").text(&briefing.agency).tag("</p><p class=\"unit\">").text(department).tag("</p>");
        }
        _ => drop(h.tag("<p class=\"unit\">").text(&briefing.agency).tag("</p>")),
    }
    h.tag("</div><div class=\"nation rule\"><p>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</p><p>Độc lập - Tự do - Hạnh phúc</p></div></header>\n");
    h.tag("<h1>").text(title).tag("</h1>\n<p class=\"about\">Kỳ số liệu từ ").text(&words::day(briefing.from)).tag(" đến ");
    h.text(&words::day(briefing.to)).tag("; tính đến hết ngày ").text(&words::day(briefing.as_of));
    h.tag(if briefing.running { " (kỳ chưa kết thúc)" } else { "" }).tag(".</p>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_names_nothing_from_elsewhere() {
        for word in ["http", "url(", "@import", "</"] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }

    #[test]
    fn a_month_is_called_by_its_number() {
        assert_eq!(["2022-06", "2022-12"].map(month), ["tháng 6 năm 2022", "tháng 12 năm 2022"]);
    }
}
