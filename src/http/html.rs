//! HTML that cannot be injected: markup is what stands in this source, everything else is escaped.

use qrcode::{Color, EcLevel, QrCode};

#[derive(Default)]
pub struct Html(String);

impl Html {
    /// Markup from the source.
    pub fn tag(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text from anywhere.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
        self
    }

    pub fn number(&mut self, n: impl Into<u64>) -> &mut Self {
        self.0.push_str(&n.into().to_string());
        self
    }

    /// A length or a place in a drawing, to a tenth; what is no number is 0.
    pub fn length(&mut self, x: f64) -> &mut Self {
        let tenths = if x.is_finite() { (x * 10.0).round() / 10.0 } else { 0.0 };
        // No minus before a zero.
        self.0.push_str(&(tenths + 0.0).to_string());
        self
    }

    /// A QR code of a text, drawn as one path; nothing where the text is too long for one.
    pub fn qr(&mut self, text: &str) -> &mut Self {
        let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return self };
        let (width, colors) = (code.width(), code.to_colors());
        // Four modules of quiet around it, as readers need.
        let side = width as u64 + 8;
        self.tag("<svg class=\"qr\" role=\"img\" aria-label=\"QR\" viewBox=\"0 0 ").number(side).tag(" ").number(side);
        self.tag("\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h").number(side).tag("v").number(side).tag("H0z\"/>");
        self.tag("<path fill=\"#000\" d=\"");
        for (place, _) in colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
            let (x, y) = (place % width + 4, place / width + 4);
            self.tag("M").number(x as u64).tag(" ").number(y as u64).tag("h1v1h-1z");
        }
        self.tag("\"/></svg>")
    }

    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let mut html = Html::default();
        html.tag("<p>").text("<script>alert('\"&')</script>").tag("</p>");
        assert_eq!(html.finish(), "<p>&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;</p>");
    }

    #[test]
    fn a_length_is_always_a_number() {
        let mut html = Html::default();
        for x in [1.0, 2.25, -0.01, 100.0 / 3.0, f64::NAN, f64::INFINITY] {
            html.length(x).tag(" ");
        }
        assert_eq!(html.finish(), "1 2.3 0 33.3 0 0 ");
    }

    #[test]
    fn a_code_is_drawn_with_its_corners_and_too_long_a_one_is_not() {
        let mut html = Html::default();
        html.qr("H32.05-220419-0001");
        let svg = html.finish();
        // Version 1 has 21 modules a side; three corners hold a finder pattern, the fourth does not.
        let dark = |x: u8, y: u8| svg.contains(&format!("M{x} {y}h1v1h-1z"));
        assert!(svg.contains("viewBox=\"0 0 29 29\""), "{svg}");
        assert!([(4, 4), (24, 4), (4, 24)].into_iter().all(|(x, y)| dark(x, y) && dark(x, y.min(18) + 6)), "{svg}");
        assert!(!dark(5, 5) && !dark(28, 4), "{svg}");
        let mut none = Html::default();
        none.qr(&"ă".repeat(3000));
        assert_eq!(none.finish(), "");
    }
}
