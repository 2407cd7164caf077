//! A slip as a page to print: one document that asks nothing of anyone.

mod forms;
mod words;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::wire::{Part, Slip, SlipUnit};
use crate::http::html::Html;
use crate::rule_sets::PageSize;

/// The page, with the policy that lets its own style in and nothing else.
pub struct Page {
    pub html: String,
    pub policy: String,
}

const A4: &str = concat!(include_str!("print.css"), "@page { size: A4 portrait; margin: 20mm 15mm 20mm 25mm; }\n");
const A5: &str = concat!(include_str!("print.css"), "@page { size: A5 portrait; margin: 10mm 12mm; }\n");
const A5_WIDE: &str = concat!(include_str!("print.css"), "@page { size: A5 landscape; margin: 10mm; }\n");

pub fn of(slip: &Slip) -> Page {
    // The control slip is a wide table.
    let (class, style) = match (slip.form.page_size, &slip.part) {
        (PageSize::A4, _) => ("<main class=\"a4\">", A4),
        (PageSize::A5, Part::Control(_)) => ("<main class=\"a5 wide\">", A5_WIDE),
        (PageSize::A5, _) => ("<main class=\"a5\">", A5),
    };
    let mut h = Html::default();
    h.tag(
        "<!doctype html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>",
    );
    h.text(&slip.form.title).tag(" – ").text(&slip.code).tag("</title><style>").tag(style).tag("</style></head>\n<body>").tag(class);
    if let (Some(number), Some(source)) = (&slip.form.number, &slip.form.source) {
        h.tag("<p class=\"form\">Mẫu số ").text(number).tag("<br>(Ban hành kèm theo ").text(source).tag(")</p>");
    }
    heading(&mut h, slip);
    h.tag("\n<div class=\"head\"><div class=\"title\"><h1>").text(&slip.form.title).tag("</h1><p>Mã hồ sơ: <b>").text(&slip.code);
    h.tag("</b></p></div>").qr(&slip.code).tag("</div>\n");
    forms::body(&mut h, slip);
    h.tag("</main></body></html>\n");
    let hash = STANDARD.encode(crate::http::json::digest(style.as_bytes()));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    Page { html: h.finish(), policy }
}

fn heading(h: &mut Html, slip: &Slip) {
    let SlipUnit { name, agency, .. } = &slip.issued_by;
    h.tag("<header><div class=\"issuer rule\">");
    if let Some(agency) = agency {
        h.tag("<p>").text(agency).tag("</p>");
    }
    h.tag("<p class=\"unit\">").text(name).tag("</p></div><div class=\"nation rule\"><p>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</p>");
    h.tag("<p class=\"motto\">Độc lập - Tự do - Hạnh phúc</p></div></header>\n<div class=\"numbers\"><p>Số: ");
    match &slip.document_no {
        Some(number) => h.text(number),
        None => h.tag("……………"),
    };
    h.tag("</p><p class=\"date\">……………, ngày ").text(&words::day(slip.issued_on.0)).tag("</p></div>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_names_nothing_from_elsewhere() {
        for word in ["http", "url(", "@import", "</"] {
            assert!(!A4.contains(word), "{word}");
        }
    }
}
