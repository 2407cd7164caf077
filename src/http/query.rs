//! Query parameters: read one by one, all faults at once, unknown names refused.

use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};
use utoipa::IntoParams;

use crate::app::Shared;
use crate::error::{ApiError, Code, Fault};
use crate::http::values::nfc;

/// Characters of a parameter.
pub const LONGEST: usize = 2000;
/// Words of a list in a parameter.
pub const MOST_WORDS: usize = 50;

/// The documented parameters of an operation.
pub struct Query<T>(pub T);

pub trait FromQuery: Sized + IntoParams {
    /// Takes its parameters from the reader; faults are collected there.
    fn read(query: &mut QueryReader) -> Self;
}

impl<T: FromQuery + 'static> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut reader = QueryReader::new(req.query_string());
        if let Some(shared) = req.app_data::<web::Data<Shared>>() {
            reader.seal = Some(Seal { key: shared.keys.seal.clone(), path: req.path().to_owned() });
        }
        ready(reader.finish_with(T::read).map(Query))
    }
}

/// An operation without parameters: any parameter is unknown.
pub struct NoQuery;

impl IntoParams for NoQuery {
    fn into_params(_: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        Vec::new()
    }
}

impl FromQuery for NoQuery {
    fn read(_: &mut QueryReader) -> Self {
        NoQuery
    }
}

pub struct QueryReader {
    /// The query as sent.
    pub raw: String,
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
    pub seal: Option<Seal>,
}

/// What cursors are signed with, and the list they belong to.
#[derive(Clone, Debug)]
pub struct Seal {
    pub key: aws_lc_rs::hmac::Key,
    pub path: String,
}

impl QueryReader {
    pub fn new(query: &str) -> Self {
        let pairs = url_pairs(query).map(|(k, v)| (k, nfc(&v))).collect();
        QueryReader { raw: query.to_owned(), pairs, known: Vec::new(), faults: Vec::new(), seal: None }
    }

    pub fn finish_with<T>(mut self, read: impl FnOnce(&mut Self) -> T) -> Result<T, ApiError> {
        let value = read(&mut self);
        let mut code = Code::InvalidParameter;
        for (name, _) in &self.pairs {
            if !self.known.contains(&name.as_str()) {
                code = Code::UnknownParameter;
                let near = nearest(name, &self.known);
                let (vi, en) = match near {
                    Some(n) => (
                        format!("Không có tham số “{name}”. Có phải “{n}”?"),
                        format!("There is no parameter “{name}”. Did you mean “{n}”?"),
                    ),
                    None => (format!("Không có tham số “{name}”."), format!("There is no parameter “{name}”.")),
                };
                self.faults.push(Fault::new(Code::UnknownParameter, name.clone(), vi, en));
            }
        }
        if self.faults.is_empty() { Ok(value) } else { Err(ApiError::new(code).faults(self.faults)) }
    }

    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// The raw text of a parameter; given twice or with a NUL it is a fault.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let mut values = self.pairs.iter().filter(|(k, _)| k == name).map(|(_, v)| v.clone());
        let first = values.next()?;
        if values.next().is_some() {
            self.faults.push(Fault::new(Code::InvalidParameter, name, "Chỉ được gửi một lần.", "May be given only once."));
            return None;
        }
        if first.contains('\0') || first.chars().count() > LONGEST {
            self.faults.push(Fault::new(Code::InvalidParameter, name, "Giá trị không hợp lệ.", "Not a valid value."));
            return None;
        }
        Some(first)
    }

    pub fn parse<T: FromStr>(&mut self, name: &'static str, vi: &str, en: &str) -> Option<T> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(_) => {
                self.faults.push(Fault::new(Code::InvalidParameter, name, vi, en));
                None
            }
        }
    }

    pub fn day(&mut self, name: &'static str) -> Option<chrono::NaiveDate> {
        self.parse::<crate::http::Day>(name, "Phải là ngày dạng 2022-04-19.", "Must be a date like 2022-04-19.").map(|d| d.0)
    }

    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.parse(name, "Phải là true hoặc false.", "Must be true or false.")
    }

    /// A comma-separated list, each of the allowed values.
    pub fn list(&mut self, name: &'static str, allowed: &[&'static str]) -> Vec<&'static str> {
        let Some(text) = self.text(name) else { return Vec::new() };
        let mut values = Vec::new();
        if text.split(',').count() > MOST_WORDS {
            let (vi, en) = (format!("Nhiều nhất {MOST_WORDS} giá trị."), format!("At most {MOST_WORDS} values."));
            self.faults.push(Fault::new(Code::InvalidParameter, name, vi, en));
            return values;
        }
        for part in text.split(',').map(str::trim) {
            match allowed.iter().find(|a| **a == part) {
                Some(value) => values.push(*value),
                None => {
                    let list = allowed.join(", ");
                    self.faults.push(Fault::new(
                        Code::InvalidParameter,
                        name,
                        format!("“{part}” không thuộc: {list}."),
                        format!("“{part}” is not one of: {list}."),
                    ));
                }
            }
        }
        values
    }

    pub fn choice(&mut self, name: &'static str, allowed: &[&'static str]) -> Option<&'static str> {
        let values = self.list(name, allowed);
        if values.len() > 1 {
            self.faults.push(Fault::new(Code::InvalidParameter, name, "Chỉ chọn một giá trị.", "Choose one value only."));
        }
        values.into_iter().next()
    }

    /// A comma-separated list of names from a closed list, each once. Told of a wrong one: the nearest, and all there are. Which those are
    /// is only asked where names are given.
    pub fn names(&mut self, name: &'static str, allowed: impl FnOnce() -> Vec<String>) -> Option<Vec<String>> {
        let text = self.text(name)?;
        let allowed = allowed();
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
        let mut names: Vec<String> = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (vi, en) = if !allowed.contains(&part) {
                let list = allowed.join(", ");
                let near = nearest(part, &allowed);
                let (vi, en) = (near.map(|n| format!(" Có phải “{n}”?")), near.map(|n| format!(" Did you mean “{n}”?")));
                let (vi, en) = (vi.unwrap_or_default(), en.unwrap_or_default());
                (format!("Không có “{part}”.{vi} Hãy chọn trong: {list}."), format!("There is no “{part}”.{en} Choose from: {list}."))
            } else if names.iter().any(|n| n == part) {
                (format!("“{part}” được nêu hai lần."), format!("“{part}” is named twice."))
            } else {
                names.push(part.to_owned());
                continue;
            };
            self.faults.push(Fault::new(Code::InvalidParameter, name, vi, en));
        }
        Some(names)
    }

    /// A comma-separated list of codes.
    pub fn codes(&mut self, name: &'static str) -> Vec<String> {
        self.text(name).map(|t| t.split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()).unwrap_or_default()
    }
}

/// The pairs of a query or a form, decoded.
pub fn url_pairs(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    query.split('&').filter(|p| !p.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (form_decode(name), form_decode(value))
    })
}

pub fn form_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = |at: usize| bytes.get(at).and_then(|b| (*b as char).to_digit(16));
        match bytes[i] {
            b'+' => out.push(b' '),
            b'%' => match (hex(i + 1), hex(i + 2)) {
                (Some(high), Some(low)) => {
                    out.push((high * 16 + low) as u8);
                    i += 2;
                }
                _ => out.push(b'%'),
            },
            other => out.push(other),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A name or value as it stands in a query.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// The known name that differs least, if it is near at all.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known.iter().map(|k| (distance(name, k), *k)).filter(|(d, k)| *d <= 1 + k.len() / 4).min().map(|(_, k)| k)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_come_at_once_and_unknown_names_are_named() {
        let error = QueryReader::new("acepted_from=2022-01-01&limit=x&limit2=1")
            .finish_with(|q| (q.day("accepted_from"), q.parse::<u32>("limit", "", "")))
            .unwrap_err();
        let pointers: Vec<_> = error.fault_list().iter().map(|f| f.pointer.as_ref()).collect();
        assert_eq!(pointers, ["limit", "acepted_from", "limit2"]);
        assert!(error.fault_list()[1].detail.en.contains("accepted_from"));
    }

    #[test]
    fn values_are_decoded() {
        let text = QueryReader::new("q=Bi%E1%BB%83n+Xanh&x=%zz").finish_with(|q| (q.text("q"), q.text("x"))).unwrap();
        assert_eq!(text, (Some("Biển Xanh".into()), Some("%zz".into())));
        assert_eq!(encode("Biển Xanh&=~"), "Bi%E1%BB%83n%20Xanh%26%3D~");
        assert_eq!(form_decode(&encode("50 % của “Đ” + 1")), "50 % của “Đ” + 1");
    }
}
