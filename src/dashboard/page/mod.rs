//! The page for people without a frontend of their own: three files, inside the binary, that speak to this server like any script. It knows nothing
//! that the API does not tell, and asks nobody else for anything.

use std::sync::OnceLock;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::json::digest;

/// Nothing but what this server sends, and no page around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; \
    base-uri 'none'; frame-ancestors 'none'";

struct File {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

const FILES: [File; 5] = [
    File { path: "/dashboard", kind: "text/html; charset=utf-8", text: include_str!("index.html") },
    File { path: "/dashboard/style.css", kind: "text/css; charset=utf-8", text: include_str!("style.css") },
    File { path: "/dashboard/words.js", kind: "text/javascript; charset=utf-8", text: include_str!("words.js") },
    File { path: "/dashboard/charts.js", kind: "text/javascript; charset=utf-8", text: include_str!("charts.js") },
    File { path: "/dashboard/page.js", kind: "text/javascript; charset=utf-8", text: include_str!("page.js") },
];

/// The routes of the page, which need no token: there is nothing in it.
pub fn serve(config: &mut web::ServiceConfig) {
    for file in &FILES {
        let read = web::get().to(move |req: HttpRequest| async move { answer(&req, file) });
        config.service(web::resource(file.path).route(read));
    }
    config.service(web::resource("/dashboard/").route(web::get().to(door)));
}

async fn door() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("Location", "/dashboard")).finish()
}

/// A file with its checksum as its version, which is asked for each time.
fn answer(req: &HttpRequest, file: &File) -> HttpResponse {
    static VERSIONS: OnceLock<Vec<String>> = OnceLock::new();
    let version =
        |f: &File| format!("\"{:x}\"", digest(f.text.as_bytes()).iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)));
    let versions = VERSIONS.get_or_init(|| FILES.iter().map(version).collect());
    let version = FILES.iter().zip(versions).find(|(f, _)| f.path == file.path).map_or("", |(_, version)| version.as_str());
    let known = req.headers().get("if-none-match").and_then(|v| v.to_str().ok());
    let same = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == version));
    let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header(("Content-Security-Policy", POLICY))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("X-Frame-Options", "DENY"))
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header(("ETag", version));
    if same { response.finish() } else { response.content_type(file.kind).body(file.text) }
}
