//! The pages that `type` of every problem points to: for people, in their language, with nothing from elsewhere.

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::advice;
use crate::error::{ApiError, Code, Fault};
use crate::http::{Answer, Lang, problem};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#222}\
    code,pre{font-family:ui-monospace,monospace}pre{background:#f4f4f4;padding:1rem;overflow-x:auto}\
    table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0}";

/// What problems there are
///
/// Every code with its status and meaning, each with a page of its own; Vietnamese, or English by `Accept-Language`.
#[utoipa::path(tag = "system", operation_id = "list_problem_pages", security(()),
    responses((status = 200, description = "A page for people", content_type = "text/html", body = String, example = "<h1>Các mã lỗi</h1>")))]
#[get("/docs/problems")]
pub async fn list_problem_pages(req: HttpRequest) -> HttpResponse {
    let lang = Lang::of(req.headers());
    let row = |code: &Code| {
        let (name, status) = (code.name(), code.status().as_u16());
        format!(
            "<tr><td>{status}</td><td><a href=\"/docs/problems/{name}\"><code>{name}</code></a></td><td>{}</td></tr>",
            text(lang, code.title())
        )
    };
    let title = say(lang, "Các mã lỗi", "Codes of problems");
    let rows: String = Code::ALL.iter().map(row).collect();
    page(lang, title, &format!("<h1>{title}</h1><table>{rows}</table>"))
}

/// What a problem code means
///
/// For people: what it means, when it comes, what to do, and an example; Vietnamese, or English by `Accept-Language`. `type` of every problem
/// document points here.
#[utoipa::path(tag = "system", operation_id = "get_problem_page", security(()),
    params(("code" = String, Path, description = "The code of a problem", example = "rule_broken")),
    responses((status = 200, description = "A page for people", content_type = "text/html", body = String, example = "<h1>rule_broken</h1>"),
        (status = 404, description = "There is no such code", body = crate::http::Problem, content_type = "application/problem+json")))]
#[get("/docs/problems/{code}")]
pub async fn get_problem_page(code: web::Path<String>, req: HttpRequest) -> Answer {
    let code = *Code::ALL.iter().find(|c| c.name() == code.as_str()).ok_or_else(ApiError::not_found)?;
    let lang = Lang::of(req.headers());
    let (name, advice) = (code.name(), advice::of(code));
    let example =
        serde_json::to_string_pretty(&problem::body(&example(code), lang, "/api/v1/dossiers", "0198c5a0-0000-7000-8000-000000000000"));
    let example = example.map_err(|e| ApiError::new(Code::Internal).because(e))?;
    let body = format!(
        "<h1>{title}</h1><p><code>{name}</code> · HTTP {status}</p><h2>{means_title}</h2><p>{means}</p><h2>{mend_title}</h2><p>{mend}</p>\
         <h2>{example_title}</h2><pre>{example}</pre><p lang=\"{other_tag}\">{other}.</p><p><a href=\"/docs/problems\">{all}</a></p>",
        title = text(lang, code.title()),
        status = code.status().as_u16(),
        means_title = say(lang, "Nghĩa là gì, khi nào gặp", "What it means and when it comes"),
        means = text(lang, advice.means),
        mend_title = say(lang, "Cần làm gì", "What to do"),
        mend = text(lang, advice.mend),
        example_title = say(lang, "Ví dụ", "Example"),
        example = escape(&example),
        other_tag = other(lang).tag(),
        other = text(other(lang), code.title()),
        all = say(lang, "Tất cả các mã lỗi", "All codes"),
    );
    Ok(page(lang, name, &body))
}

/// A problem that carries the code: as its own, or as one of its faults.
fn example(code: Code) -> ApiError {
    use Code::*;
    let all = Code::ALL;
    let place = |wanted: Code| all.iter().position(|c| *c == wanted).unwrap_or_default();
    // The table tells problems first, then the faults in their bodies: of shape, of rules, and the warnings.
    let (shape, rules) = (place(Required), place(Missing));
    match place(code) {
        at if at >= rules => ApiError::broken(vec![Fault::plain(code, "/procedure")]),
        at if at >= shape => ApiError::new(InvalidBody).faults(vec![Fault::plain(code, "/procedure")]),
        _ => ApiError::new(code),
    }
}

fn say(lang: Lang, vi: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

fn other(lang: Lang) -> Lang {
    match lang {
        Lang::Vi => Lang::En,
        Lang::En => Lang::Vi,
    }
}

fn text(lang: Lang, text: crate::text::Text) -> String {
    escape(&lang.pick(text))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn page(lang: Lang, title: &str, body: &str) -> HttpResponse {
    let tag = lang.tag();
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Language", tag))
        .insert_header(("Vary", "Accept-Language"))
        .body(format!(
            "<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><style>{STYLE}</style>{body}</html>"
        ))
}
