//! Charts as SVG that reads in grey, on paper and without a script: every number stands beside its bar.

use crate::http::html::Html;

/// How a part of a bar is filled; each differs from its neighbours without colour, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    Good,
    Fair,
    Plain,
    Pale,
    Warning,
    Bad,
}

impl Fill {
    /// The attributes of a shape so filled.
    fn attributes(self) -> &'static str {
        match self {
            Fill::Good => " fill=\"#1f4e79\"",
            Fill::Fair => " fill=\"#7fa8cc\"",
            Fill::Plain => " fill=\"#d3dfea\"",
            Fill::Pale => " fill=\"#fff\" stroke=\"#555\" stroke-width=\".6\"",
            Fill::Warning => " fill=\"url(#dots)\" stroke=\"#8a5a00\" stroke-width=\".6\"",
            Fill::Bad => " fill=\"url(#lines)\" stroke=\"#7d1414\" stroke-width=\".6\"",
        }
    }

    /// Whether a number on it is white.
    fn is_dark(self) -> bool {
        self == Fill::Good
    }
}

/// The patterns that fills name; once on a page, before the first chart.
pub fn patterns(h: &mut Html) {
    h.tag("<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>");
    h.tag("<pattern id=\"lines\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">");
    h.tag("<rect width=\"5\" height=\"5\" fill=\"#f3d5d2\"/><rect width=\"2\" height=\"5\" fill=\"#a32020\"/></pattern>");
    h.tag(
        "<pattern id=\"dots\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\"><rect width=\"5\" height=\"5\" fill=\"#fdf0d0\"/>",
    );
    h.tag("<circle cx=\"2.5\" cy=\"2.5\" r=\"1\" fill=\"#8a5a00\"/></pattern></defs></svg>\n");
}

/// A part of every bar.
pub struct Part {
    pub name: &'static str,
    pub fill: Fill,
}

/// A bar: what it is called, and its parts in their order.
pub struct Bar {
    pub label: String,
    pub parts: Vec<i64>,
}

const WIDTH: f64 = 680.0;
const LABEL: f64 = 218.0;
const TOTAL: f64 = 38.0;
const ROW: f64 = 21.0;
const LEGEND: f64 = 22.0;

/// About how wide a letter is, in the widest of the fonts that a machine may have.
fn letter(c: char) -> f64 {
    match c {
        'i' | 'l' | 'j' | 'f' | 't' | 'r' | ' ' | '.' | ',' | '(' | ')' | '-' => 4.4,
        'm' | 'w' | 'M' | 'W' | '…' => 10.4,
        c if c.is_uppercase() => 8.2,
        c if c.is_ascii() || c.is_alphabetic() => 6.7,
        _ => 10.5,
    }
}

fn wide(text: &str) -> f64 {
    text.chars().map(letter).sum()
}

/// A text that fits beside a bar.
fn cut(label: &str) -> String {
    const ROOM: f64 = LABEL - 12.0;
    if wide(label) <= ROOM {
        return label.to_owned();
    }
    let mut room = ROOM - letter('…');
    let fits = |c: &char| {
        room -= letter(*c);
        room >= 0.0
    };
    let short: String = label.chars().take_while(fits).collect();
    format!("{}…", short.trim_end())
}

/// Bars of one scale, each from its parts, with the sum at its end; the parts that occur are named below. Nothing to show is said so.
pub fn stacked(h: &mut Html, title: &str, parts: &[Part], bars: &[Bar]) {
    let sum = |bar: &Bar| bar.parts.iter().map(|n| (*n).max(0)).sum::<i64>();
    let most = bars.iter().map(sum).max().unwrap_or_default();
    if most == 0 {
        h.tag("<p class=\"none\">").text(title).tag(": không có số liệu.</p>\n");
        return;
    }
    let used: Vec<(usize, &Part)> =
        parts.iter().enumerate().filter(|(i, _)| bars.iter().any(|b| b.parts.get(*i).is_some_and(|n| *n > 0))).collect();
    // The legend breaks into lines where it is too long for one.
    let (mut lines, mut x) = (1.0, 0.0);
    let places: Vec<(f64, f64)> = used
        .iter()
        .map(|(_, part)| {
            let wide = 18.0 + wide(part.name) + 12.0;
            if x + wide > WIDTH && x > 0.0 {
                (lines, x) = (lines + 1.0, 0.0);
            }
            let place = (x, lines - 1.0);
            x += wide;
            place
        })
        .collect();
    let below = bars.len() as f64 * ROW + 6.0;
    let height = below + lines * LEGEND;
    open(h, title, height);
    let scale = (WIDTH - LABEL - TOTAL) / most as f64;
    for (i, bar) in bars.iter().enumerate() {
        let y = i as f64 * ROW;
        h.tag("<text class=\"label\" x=\"")
            .length(LABEL - 8.0)
            .tag("\" y=\"")
            .length(y + 13.5)
            .tag("\">")
            .text(&cut(&bar.label))
            .tag("</text>");
        let mut x = LABEL;
        for (n, part) in bar.parts.iter().zip(parts).filter(|(n, _)| **n > 0) {
            let wide = *n as f64 * scale;
            h.tag("<rect x=\"").length(x).tag("\" y=\"").length(y + 2.0).tag("\" width=\"").length(wide).tag("\" height=\"16\"");
            h.tag(part.fill.attributes()).tag("><title>").text(&format!("{}, {}: {n}", bar.label, part.name)).tag("</title></rect>");
            let text = n.to_string();
            if wide >= 8.0 + text.len() as f64 * 6.0 {
                number(h, x + wide / 2.0, y + 13.5, &text, part.fill);
            }
            x += wide;
        }
        h.tag("<text class=\"sum\" x=\"")
            .length(x + 5.0)
            .tag("\" y=\"")
            .length(y + 13.5)
            .tag("\">")
            .text(&sum(bar).to_string())
            .tag("</text>\n");
    }
    for ((_, part), (x, line)) in used.iter().zip(places) {
        let y = below + line * LEGEND + 6.0;
        h.tag("<rect x=\"")
            .length(x + 1.0)
            .tag("\" y=\"")
            .length(y)
            .tag("\" width=\"12\" height=\"10\"")
            .tag(part.fill.attributes())
            .tag("/>");
        h.tag("<text class=\"legend\" x=\"").length(x + 18.0).tag("\" y=\"").length(y + 9.0).tag("\">").tag(part.name).tag("</text>");
    }
    h.tag("</svg>\n");
}

fn open(h: &mut Html, title: &str, height: f64) {
    h.tag("<svg class=\"chart\" role=\"img\" viewBox=\"0 0 ")
        .length(WIDTH)
        .tag(" ")
        .length(height)
        .tag("\" aria-label=\"")
        .text(title)
        .tag("\">\n");
}

/// A number on a part of a bar, on a ground of its own where the part is patterned.
fn number(h: &mut Html, x: f64, y: f64, text: &str, fill: Fill) {
    if matches!(fill, Fill::Warning | Fill::Bad) {
        let wide = text.len() as f64 * 6.0 + 4.0;
        h.tag("<rect x=\"").length(x - wide / 2.0).tag("\" y=\"").length(y - 9.5).tag("\" width=\"").length(wide);
        h.tag("\" height=\"12\" rx=\"2\" fill=\"#fff\"/>");
    }
    h.tag(if fill.is_dark() { "<text class=\"on dark\" x=\"" } else { "<text class=\"on\" x=\"" });
    h.length(x).tag("\" y=\"").length(y).tag("\">").text(text).tag("</text>");
}

/// A month of a line: what it is called, and its per cent where there is one.
pub struct Point {
    pub label: String,
    pub value: Option<f64>,
}

const HIGH: f64 = 84.0;
const ABOVE: f64 = 20.0;

/// A line of percentages over months, with its numbers; where there is none, the line is broken.
pub fn sparkline(h: &mut Html, title: &str, points: &[Point]) {
    let values: Vec<f64> = points.iter().filter_map(|p| p.value).filter(|v| v.is_finite()).collect();
    if values.is_empty() {
        h.tag("<p class=\"none\">").text(title).tag(": không có số liệu.</p>\n");
        return;
    }
    // From the lowest ten below the worst month up to one hundred: what differs shows, and the axis says where it begins.
    let worst = values.iter().copied().fold(100.0, f64::min);
    let floor = ((worst - 1.0) / 10.0).floor().clamp(0.0, 9.0) * 10.0;
    let step = (WIDTH - 60.0) / points.len().max(1) as f64;
    let x = |i: usize| 44.0 + (i as f64 + 0.5) * step;
    let y = |value: f64| ABOVE + HIGH * (100.0 - value.clamp(floor, 100.0)) / (100.0 - floor);
    open(h, title, ABOVE + HIGH + 24.0);
    for (value, place) in [(100.0, ABOVE), (floor, ABOVE + HIGH)] {
        h.tag("<path class=\"axis\" d=\"M44 ").length(place).tag("H").length(WIDTH - 8.0).tag("\"/>");
        h.tag("<text class=\"label\" x=\"38\" y=\"").length(place + 3.5).tag("\">").text(&format!("{value:.0}%")).tag("</text>\n");
    }
    h.tag("<path class=\"line\" d=\"");
    let mut pen = "M";
    for (i, point) in points.iter().enumerate() {
        match point.value.filter(|v| v.is_finite()) {
            Some(value) => {
                h.tag(pen).length(x(i)).tag(" ").length(y(value));
                pen = "L";
            }
            None => pen = "M",
        }
    }
    h.tag("\"/>\n");
    for (i, point) in points.iter().enumerate() {
        h.tag("<text class=\"month\" x=\"")
            .length(x(i))
            .tag("\" y=\"")
            .length(ABOVE + HIGH + 15.0)
            .tag("\">")
            .text(&point.label)
            .tag("</text>");
        let Some(value) = point.value.filter(|v| v.is_finite()) else { continue };
        let last = i + 1 == points.len();
        h.tag(if last { "<circle class=\"last\" r=\"4\" cx=\"" } else { "<circle class=\"point\" r=\"2.5\" cx=\"" });
        h.length(x(i)).tag("\" cy=\"").length(y(value)).tag("\"/>");
        h.tag(if last { "<text class=\"value last\" x=\"" } else { "<text class=\"value\" x=\"" }).length(x(i)).tag("\" y=\"");
        h.length(y(value) - 7.0).tag("\">").text(&percent(value)).tag("</text>\n");
    }
    h.tag("</svg>\n");
}

/// Per cent as it is written in Vietnam: 94,12.
pub fn percent(value: f64) -> String {
    if value.is_finite() { format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').replace('.', ",") } else { "–".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [Part; 2] = [Part { name: "Đúng hạn", fill: Fill::Good }, Part { name: "Quá hạn", fill: Fill::Bad }];

    fn bars(bars: &[(&str, [i64; 2])]) -> String {
        let bars: Vec<Bar> = bars.iter().map(|(label, parts)| Bar { label: (*label).to_owned(), parts: parts.to_vec() }).collect();
        let mut h = Html::default();
        stacked(&mut h, "Hồ sơ", &PARTS, &bars);
        h.finish()
    }

    fn line(values: &[Option<f64>]) -> String {
        let point = |(i, value): (usize, &Option<f64>)| Point { label: format!("{i}"), value: *value };
        let points: Vec<Point> = values.iter().enumerate().map(point).collect();
        let mut h = Html::default();
        sparkline(&mut h, "Tỷ lệ", &points);
        h.finish()
    }

    fn is_well_drawn(svg: &str) {
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        for tag in ["svg", "text", "title"] {
            assert_eq!(svg.matches(&format!("<{tag}")).count(), svg.matches(&format!("</{tag}>")).count(), "{tag}: {svg}");
        }
        assert!(!svg.contains("=\"-"), "something lies outside: {svg}");
    }

    #[test]
    fn bars_have_one_scale_and_name_what_occurs() {
        let svg = bars(&[("DKKD", [30, 10]), ("DN", [0, 0]), ("VP", [20, 0])]);
        is_well_drawn(&svg);
        let widths: Vec<&str> = svg.split(" width=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
        assert_eq!(widths, ["318", "106", "16", "212", "12", "12"]);
        assert!(svg.contains(">30</text>") && svg.contains(">40</text>") && svg.contains(">0</text>"), "{svg}");
        let good = bars(&[("DKKD", [3, 0])]);
        assert!(good.contains("Đúng hạn") && !good.contains(">Quá hạn<"), "{good}");
    }

    #[test]
    fn a_label_stays_text_and_is_cut() {
        let svg = bars(&[("<script>alert('&')</script> một đơn vị có tên rất dài", [1, 0])]);
        is_well_drawn(&svg);
        assert!(svg.contains("…</text>"), "{svg}");
        assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"), "{svg}");
    }

    #[test]
    fn nothing_is_said_so() {
        for none in [bars(&[]), bars(&[("DKKD", [0, 0])]), line(&[]), line(&[None, None]), line(&[Some(f64::NAN)])] {
            assert!(none.starts_with("<p class=\"none\">") && none.contains("không có số liệu"), "{none}");
        }
    }

    #[test]
    fn a_line_is_broken_where_a_month_has_no_figure() {
        let svg = line(&[Some(100.0), None, Some(90.0), Some(94.12), None]);
        is_well_drawn(&svg);
        let path = svg.split("class=\"line\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        assert_eq!(path.matches('M').count(), 2, "{path}");
        assert_eq!(path.matches('L').count(), 1, "{path}");
        assert!(svg.contains(">94,12</text>") && svg.contains(">80%</text>"), "{svg}");
        // The best and the worst that there can be stay on the drawing.
        for extreme in [line(&[Some(0.0)]), line(&[Some(100.0)]), line(&[Some(0.0), Some(100.0)])] {
            is_well_drawn(&extreme);
        }
    }

    #[test]
    fn numbers_are_written_as_in_vietnam() {
        for (value, told) in [(100.0, "100"), (94.12, "94,12"), (94.1, "94,1"), (0.0, "0"), (f64::NAN, "–")] {
            assert_eq!(percent(value), told);
        }
    }
}
