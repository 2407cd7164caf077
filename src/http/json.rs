//! JSON bodies: read with a limit and a time-out, checked against the published schema.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::BytesMut;
use jsonschema::JsonType;
use jsonschema::Validator;
use jsonschema::error::{TypeKind, ValidationError, ValidationErrorKind};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::error::{ApiError, Code, Fault};
use crate::http::body::Body;
use crate::http::gate::take_turn;
use crate::http::nesting::{misplaced, misplaced_in};
use crate::http::values::is_about_years;

/// A JSON body of the documented shape. On a fault the answer lists all of them, found with the schema of the contract.
pub struct Json<T> {
    pub value: T,
    /// SHA-256 of the body as sent, for safe retries.
    pub hash: [u8; 32],
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let payload = payload.take();
        Box::pin(async move {
            check_media_type(&req, &["application/json"])?;
            let (bytes, hash) = read_body(&req, payload).await?;
            Ok(Json { value: parse(&bytes)?, hash })
        })
    }
}

pub fn digest(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}

/// 415 unless the body's media type is one of those given.
pub fn check_media_type(req: &HttpRequest, offered: &[&str]) -> Result<(), ApiError> {
    let sent = req.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("");
    let essence = sent.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if offered.contains(&essence.as_str()) {
        Ok(())
    } else {
        let list = offered.join(", ");
        Err(ApiError::new(Code::UnsupportedMediaType).say(format!("Hãy gửi một trong các kiểu: {list}."), format!("Send one of: {list}.")))
    }
}

/// All of a body, and its hash; then it is the request's turn.
pub async fn read_body(req: &HttpRequest, payload: Payload) -> Result<(BytesMut, [u8; 32]), ApiError> {
    let Some(shared) = req.app_data::<web::Data<Shared>>() else { return Err(ApiError::new(Code::Internal)) };
    let mut body = Body::whole(req, payload, &shared.settings.http)?;
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next().await? {
        bytes.extend_from_slice(&chunk);
    }
    take_turn(req).await?;
    Ok((bytes, body.hash()))
}

fn parse<T: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<T, ApiError> {
    let read = match serde_json::from_slice(bytes) {
        Ok(value) => in_place(value, misplaced::<T>(bytes)),
        Err(error) => match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => read_again(value, &error),
            Err(syntax) => return Err(not_json(&syntax)),
        },
    };
    read.map_err(|faults| ApiError::new(Code::InvalidBody).faults(faults))
}

/// What was read, unless something in it was misplaced.
pub fn in_place<T>(value: T, misplaced: Vec<Fault>) -> Result<T, Vec<Fault>> {
    if misplaced.is_empty() { Ok(value) } else { Err(misplaced) }
}

/// A value that could not be read as a `T`: read with `2.0` for the whole number that it is to JSON Schema, or all its faults.
///
/// # Errors
/// Every way in which it misses the published schema.
pub fn read_again<T: DeserializeOwned + ToSchema>(mut value: Value, error: &serde_json::Error) -> Result<T, Vec<Fault>> {
    if spell_whole(&mut value)
        && let Ok(read) = T::deserialize(&value)
    {
        return in_place(read, misplaced_in::<T>(&value));
    }
    Err(shape_faults::<T>(&value, error))
}

/// Spells whole numbers without a point; whether there was any with one.
fn spell_whole(value: &mut Value) -> bool {
    // Beyond this a number with a point is not exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= EXACT);
            whole.is_some_and(|n| {
                *number = (n as i64).into();
                true
            })
        }
        Value::Array(items) => items.iter_mut().fold(false, |any, item| any | spell_whole(item)),
        Value::Object(members) => members.values_mut().fold(false, |any, member| any | spell_whole(member)),
        _ => false,
    }
}

pub fn not_json(syntax: &serde_json::Error) -> ApiError {
    ApiError::new(Code::MalformedBody).say(
        format!("Không phải JSON hợp lệ: dòng {}, cột {}.", syntax.line(), syntax.column()),
        format!("Not valid JSON: line {}, column {}.", syntax.line(), syntax.column()),
    )
}

/// Every way in which `value` misses the published schema of `T`; the reader's own complaint when the schema finds none.
fn shape_faults<T: ToSchema>(value: &Value, error: &serde_json::Error) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(validator) = validator(&T::name()) {
        for error in validator.iter_errors(value) {
            push(&error, &mut faults);
        }
    }
    // A value of the wrong type is not in the list of words either; one word about it is enough.
    let mistyped: Vec<_> = faults.iter().filter(|f| f.code == Code::WrongType).map(|f| f.pointer.clone()).collect();
    faults.retain(|f| f.code == Code::WrongType || !mistyped.contains(&f.pointer));
    // What is no date has no year.
    let formless: Vec<_> = faults.iter().filter(|f| f.code == Code::WrongFormat).map(|f| f.pointer.clone()).collect();
    faults.retain(|f| f.code != Code::OutOfRange || !formless.contains(&f.pointer));
    if faults.is_empty() {
        faults.push(Fault::new(Code::WrongFormat, "", format!("Không đọc được: {error}"), error.to_string()));
    }
    faults
}

/// The validator of a published schema, compiled once.
fn validator(schema: &str) -> Option<Arc<Validator>> {
    static COMPILED: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(schema) {
        return Some(known.clone());
    }
    let root = crate::openapi::outline().schema(schema);
    let validator = Arc::new(jsonschema::options().should_validate_formats(true).build(&root).ok()?);
    compiled.insert(schema.to_owned(), validator.clone());
    Some(validator)
}

fn push(error: &ValidationError<'_>, faults: &mut Vec<Fault>) {
    let at = error.instance_path().to_string();
    let below = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    let mut say = |code: Code, pointer: String, vi: String, en: String| faults.push(Fault::new(code, pointer, vi, en));
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            say(Code::Required, below(name), format!("Thiếu trường “{name}”."), format!("“{name}” is missing."));
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                say(Code::UnknownField, below(name), format!("Không có trường “{name}”."), format!("There is no field “{name}”."));
            }
        }
        ValidationErrorKind::Enum { options } => {
            let list = options
                .as_array()
                .map(|o| o.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect::<Vec<_>>().join(", "));
            let list = list.unwrap_or_default();
            say(Code::NotInList, at, format!("Phải là một trong: {list}."), format!("Must be one of: {list}."));
        }
        ValidationErrorKind::MaxLength { limit } => {
            say(Code::TooLong, at, format!("Tối đa {limit} ký tự."), format!("At most {limit} characters."))
        }
        ValidationErrorKind::MinLength { limit } => {
            say(Code::TooShort, at, format!("Tối thiểu {limit} ký tự."), format!("At least {limit} characters."))
        }
        ValidationErrorKind::MaxItems { limit } => {
            say(Code::TooLong, at, format!("Tối đa {limit} phần tử."), format!("At most {limit} items."))
        }
        ValidationErrorKind::MinItems { limit } => {
            say(Code::TooShort, at, format!("Tối thiểu {limit} phần tử."), format!("At least {limit} items."))
        }
        ValidationErrorKind::Minimum { limit } => say(Code::OutOfRange, at, format!("Nhỏ nhất là {limit}."), format!("At least {limit}.")),
        ValidationErrorKind::Maximum { limit } => say(Code::OutOfRange, at, format!("Lớn nhất là {limit}."), format!("At most {limit}.")),
        ValidationErrorKind::Pattern { pattern } if is_about_years(pattern) => {
            say(Code::OutOfRange, at, "Năm từ 1900 đến 2200.".into(), "A year from 1900 to 2200.".into());
        }
        ValidationErrorKind::Pattern { .. } => {
            say(Code::WrongFormat, at, "Chứa ký tự không được phép.".into(), "Contains characters that are not allowed.".into());
        }
        ValidationErrorKind::Format { format } => {
            say(Code::WrongFormat, at, format!("Sai định dạng {format}."), format!("Not a valid {format}."))
        }
        ValidationErrorKind::Type { kind } => {
            let (vi, en) = in_words(kind);
            say(Code::WrongType, at, format!("Sai kiểu dữ liệu; phải là {vi}."), format!("Wrong type; expected {en}."));
        }
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            // `Option<T>` is "null or T": what is wrong with T is what the caller wants to know.
            let not_null = |branch: &&Vec<ValidationError<'static>>| {
                !branch.iter().any(|e| format!("{:?}", e.kind()).contains("Null") && e.instance_path() == error.instance_path())
            };
            match context.iter().filter(not_null).min_by_key(|branch| branch.len()) {
                Some(branch) => branch.iter().for_each(|e| push(e, faults)),
                None => say(Code::WrongType, at, "Sai kiểu dữ liệu.".into(), "Wrong type.".into()),
            }
        }
        _ => say(Code::WrongFormat, at, "Không đúng cấu trúc.".into(), "Does not have the documented shape.".into()),
    }
}

/// The types that a value may have, in Vietnamese and English.
fn in_words(kind: &TypeKind) -> (String, String) {
    let types: Vec<JsonType> = match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(several) => several.into_iter().collect(),
    };
    let words = types.iter().map(|one| match one {
        JsonType::Null => ("null", "null"),
        JsonType::Boolean => ("true hoặc false", "true or false"),
        JsonType::Integer => ("số nguyên", "a whole number"),
        JsonType::Number => ("số", "a number"),
        JsonType::String => ("văn bản", "text"),
        JsonType::Array => ("danh sách", "a list"),
        JsonType::Object => ("đối tượng", "an object"),
    });
    let (vi, en): (Vec<_>, Vec<_>) = words.unzip();
    (vi.join(" hoặc "), en.join(" or "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_are_spelled_without_a_point() {
        for (sent, read) in [
            (json!({"n": 2.0, "list": [1, -3.0, "2.0"], "rate": 86.4}), json!({"n": 2, "list": [1, -3, "2.0"], "rate": 86.4})),
            (json!(1e15), json!(1_000_000_000_000_000_i64)),
        ] {
            let mut value = sent;
            assert!(spell_whole(&mut value));
            assert_eq!(value, read);
        }
        for kept in [json!({"n": 2, "rate": 0.5, "none": null}), json!(1e300), json!([])] {
            let mut value = kept.clone();
            assert!(!spell_whole(&mut value));
            assert_eq!(value, kept);
        }
    }
}
