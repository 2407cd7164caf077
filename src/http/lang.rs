//! The caller's language: Vietnamese unless `Accept-Language` prefers English.

use actix_web::http::header::HeaderMap;

use crate::text::Text;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    Vi,
    En,
}

impl Lang {
    pub fn of(headers: &HeaderMap) -> Lang {
        let Some(accept) = headers.get("accept-language").and_then(|v| v.to_str().ok()) else { return Lang::Vi };
        let weight = |wanted: &str| {
            accept
                .split(',')
                .filter_map(|part| {
                    let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
                    let q = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.parse::<f32>().ok())?;
                    let primary = tag.trim().split('-').next()?;
                    primary.eq_ignore_ascii_case(wanted).then_some(q)
                })
                .fold(0.0, f32::max)
        };
        if weight("en") > weight("vi") { Lang::En } else { Lang::Vi }
    }

    pub fn pick(self, text: Text) -> String {
        match self {
            Lang::Vi => text.vi,
            Lang::En => text.en,
        }
    }

    pub fn tag(self) -> &'static str {
        match self {
            Lang::Vi => "vi",
            Lang::En => "en",
        }
    }
}
