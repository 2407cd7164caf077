//! The form of an answer by `Accept`.

use actix_web::HttpRequest;

use crate::error::{ApiError, Code};

/// The place, among the media types offered, of the one that the caller likes best: by weight, then by the order the caller
/// names them in, then by the order of the offer.
///
/// # Errors
/// 406 when none of them is accepted.
pub fn choose(req: &HttpRequest, offered: &[&str]) -> Result<usize, ApiError> {
    let accept = req.headers().get("accept").and_then(|v| v.to_str().ok()).unwrap_or("*/*");
    best(accept, offered).ok_or_else(|| {
        let list = offered.join(", ");
        ApiError::new(Code::NotAcceptable).say(format!("Có các định dạng: {list}."), format!("Offered: {list}."))
    })
}

/// A media range with its weight.
struct Wanted {
    range: String,
    weight: f32,
}

fn best(accept: &str, offered: &[&str]) -> Option<usize> {
    let accept = if accept.trim().is_empty() { "*/*" } else { accept };
    let wanted: Vec<Wanted> = accept
        .split(',')
        .map(|part| {
            let mut pieces = part.split(';').map(|p| p.trim().to_ascii_lowercase());
            let range = pieces.next().unwrap_or_default();
            let weight = pieces.find_map(|p| p.strip_prefix("q=").map(|q| q.trim().parse().unwrap_or(0.0))).unwrap_or(1.0);
            Wanted { range, weight }
        })
        .collect();
    let mut found: Option<(f32, usize, usize)> = None;
    for (place, media) in offered.iter().enumerate() {
        let family = format!("{}/*", media.split('/').next().unwrap_or_default());
        // The most specific range decides: `text/*;q=0.1, text/csv` wants CSV.
        let named = [*media, &family, "*/*"].into_iter().find_map(|r| wanted.iter().position(|w| w.range == r));
        let Some(at) = named.filter(|at| wanted[*at].weight > 0.0) else { continue };
        let better = found.is_none_or(|(weight, earlier, _)| wanted[at].weight > weight || (wanted[at].weight == weight && at < earlier));
        if better {
            found = Some((wanted[at].weight, at, place));
        }
    }
    found.map(|(_, _, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_is_liked_best_is_chosen() {
        let offered = ["application/json", "text/csv", "text/html"];
        for (accept, place) in [
            ("", Some(0)),
            ("*/*", Some(0)),
            ("text/csv", Some(1)),
            ("TEXT/CSV; charset=utf-8", Some(1)),
            ("text/*", Some(1)),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(2)),
            ("application/json;q=0.2, text/html;q=0.5", Some(2)),
            ("text/html, application/json", Some(2)),
            ("application/json, text/html", Some(0)),
            ("application/json;q=0, */*", Some(1)),
            ("application/pdf", None),
            ("application/json;q=0", None),
            ("text", None),
        ] {
            assert_eq!(best(accept, &offered), place, "{accept}");
        }
    }
}
