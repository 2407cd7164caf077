//! Departments by what a cell calls them. Pure.

use crate::http::ResourceCode;
use crate::http::values::fold;

/// A department by its code and name.
#[derive(Clone, Debug)]
pub struct Named {
    pub code: String,
    pub name: String,
}

fn key(text: &str) -> String {
    fold(text).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The department with this code, this name, or this name without accents; other names by `aliases`.
fn one(text: &str, known: &[Named], aliases: &[(String, String)]) -> Option<ResourceCode> {
    let text = text.trim().trim_end_matches('.').trim();
    let alias = aliases.iter().find(|(name, _)| key(name) == key(text)).map(|(_, code)| code.as_str());
    let text = alias.unwrap_or(text);
    let found = known
        .iter()
        .find(|d| d.code == text)
        .or_else(|| known.iter().find(|d| d.name == text))
        .or_else(|| known.iter().find(|d| d.code.eq_ignore_ascii_case(text)))
        .or_else(|| {
            let mut same = known.iter().filter(|d| key(&d.name) == key(text));
            same.next().filter(|_| same.next().is_none())
        })?;
    ResourceCode::parse(&found.code)
}

/// The departments that a cell names, and the parts of it that name none. Names themselves may hold commas and "và".
pub fn all(cell: &str, known: &[Named], aliases: &[(String, String)]) -> (Vec<ResourceCode>, Vec<String>) {
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for part in cell.split(['\n', ';']).map(|p| p.trim().trim_start_matches(['-', '+', '•', '*']).trim()).filter(|p| !p.is_empty()) {
        let pieces: Vec<&str> = part.split(',').collect();
        let mut at = 0;
        while at < pieces.len() {
            // The longest run of pieces that is a name.
            let run = (at + 1..=pieces.len()).rev().find_map(|end| {
                let text = pieces.get(at..end)?.join(",");
                Some((end, joined(&text, known, aliases)?))
            });
            match run {
                Some((end, codes)) => {
                    found.extend(codes);
                    at = end;
                }
                None => {
                    let text = pieces.get(at).map_or("", |p| p.trim());
                    if !text.is_empty() {
                        unknown.push(text.to_owned());
                    }
                    at += 1;
                }
            }
        }
    }
    let mut met = std::collections::HashSet::new();
    found.retain(|code| met.insert(code.clone()));
    (found, unknown)
}

/// One name, or two joined by "và".
fn joined(text: &str, known: &[Named], aliases: &[(String, String)]) -> Option<Vec<ResourceCode>> {
    if let Some(code) = one(text, known, aliases) {
        return Some(vec![code]);
    }
    let (first, second) = text.split_once(" và ").filter(|_| one(text, known, aliases).is_none())?;
    let both = |a: &str, b: &str| Some(vec![one(a, known, aliases)?, one(b, known, aliases)?]);
    both(first, second).or_else(|| {
        let (first, second) = text.rsplit_once(" và ")?;
        both(first, second)
    })
}

/// The names most like one that is unknown.
pub fn nearest(text: &str, known: &[Named]) -> Vec<String> {
    let wanted = key(text);
    let mut scored: Vec<(f64, &Named)> = known.iter().map(|d| (strsim::sorensen_dice(&wanted, &key(&d.name)), d)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.code.cmp(&b.1.code)));
    scored.iter().take(3).filter(|(score, _)| *score > 0.3).map(|(_, d)| format!("{} ({})", d.name, d.code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_cells() {
        let known: Vec<Named> = [
            ("VP", "Văn phòng Sở"),
            ("DKKD", "Phòng Đăng ký kinh doanh"),
            ("SKHDT", "Sở Kế hoạch và Đầu tư"),
            ("CPTT", "Các phòng, Trung tâm thuộc Sở"),
        ]
        .map(|(code, name)| Named { code: code.into(), name: name.into() })
        .into();
        let aliases = [("Sở KH&ĐT".to_owned(), "SKHDT".to_owned())];
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("VP", &["VP"], &[]),
            ("van phong so", &["VP"], &[]),
            ("Sở Kế hoạch và Đầu tư và Văn phòng Sở", &["SKHDT", "VP"], &[]),
            ("Các phòng, Trung tâm thuộc Sở, Văn phòng Sở", &["CPTT", "VP"], &[]),
            ("- Phòng Đăng ký kinh doanh;\n- Văn phòng Sở.", &["DKKD", "VP"], &[]),
            ("Sở KH&ĐT, VP, VP", &["SKHDT", "VP"], &[]),
            ("Phòng Đăng kí kinh doanh, VP", &["VP"], &["Phòng Đăng kí kinh doanh"]),
            ("", &[], &[]),
        ];
        for (cell, codes, rest) in cases {
            let (found, unknown) = all(cell, &known, &aliases);
            assert_eq!(found.iter().map(|c| c.as_str()).collect::<Vec<_>>(), *codes, "{cell}");
            assert_eq!(unknown, *rest, "{cell}");
        }
        assert_eq!(nearest("Phòng Đăng kí kinh doanh", &known)[0], "Phòng Đăng ký kinh doanh (DKKD)");
    }
}
