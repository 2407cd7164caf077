//! What the demonstration consists of. The files are part of the program.

use chrono::NaiveDate;
use serde_json::Value;

use crate::client::generate::{HistoryRows, history_rows};

/// The administrator that a database without users gets.
pub const ADMIN: &str = "admin";
pub const ADMIN_NAME: &str = "Quản trị hệ thống";
pub const DEFAULT_PASSWORD: &str = "dunghen-demo-2022";

/// The password of the demo users.
pub fn password() -> String {
    std::env::var("DUNGHEN_DEMO_PASSWORD").ok().filter(|p| !p.is_empty()).unwrap_or_else(|| DEFAULT_PASSWORD.into())
}

macro_rules! file {
    ($name:literal) => {
        serde_json::from_str(include_str!(concat!("../../../data/demo/plan-1186/", $name, ".json"))).unwrap_or_default()
    };
}

pub fn departments() -> Vec<Value> {
    file!("departments")
}

pub fn procedures() -> Vec<Value> {
    file!("procedures")
}

/// Without passwords.
pub fn users() -> Vec<Value> {
    file!("users")
}

pub fn plan() -> Value {
    file!("plan")
}

pub fn kpis() -> Vec<Value> {
    file!("kpis")
}

/// `{kpi, department, period, measurement}`.
pub fn measurements() -> Vec<Value> {
    file!("measurements")
}

/// Outgoing documents of 2022, the same ones every time; most of them drafted, approved and sent in E-Office, and more so towards the end of the year.
pub fn documents() -> Vec<Value> {
    let kinds = [
        ("cong-van", "CV", "SKHĐT", "V/v cung cấp thông tin, số liệu phục vụ báo cáo"),
        ("bao-cao", "BC", "BC-SKHĐT", "Báo cáo tình hình thực hiện nhiệm vụ tháng"),
        ("thong-bao", "TB", "TB-SKHĐT", "Thông báo kết luận cuộc họp giao ban"),
        ("to-trinh", "TTr", "TTr-SKHĐT", "Tờ trình về việc phê duyệt kế hoạch lựa chọn nhà thầu"),
        ("cong-van", "CV", "SKHĐT-DKKD", "V/v hướng dẫn thủ tục đăng ký doanh nghiệp"),
        ("quyet-dinh", "QD", "QĐ-SKHĐT", "Quyết định về việc thành lập tổ công tác"),
    ];
    let drafters = ["VP", "DKKD", "XTDT", "DKKD", "VP"];
    let mut numbers = std::collections::HashMap::new();
    let first = NaiveDate::from_ymd_opt(2022, 1, 4).unwrap_or_default();
    let document = |i: u64| {
        let (kind, book, symbol, summary) = kinds[(i * 7 % 11 % 6) as usize];
        let number = numbers.entry(book).and_modify(|n| *n += 1).or_insert(1_u32);
        let on = first + chrono::Days::new(i * 6 / 5);
        let secret = i % 97 == 40;
        let paper = i * 31 % 100 >= 90 + i / 40;
        let sent = !secret && !paper && i * 17 % 50 != 3;
        serde_json::json!({"direction": "outgoing", "agency": "SKHDT", "book": book, "number": number.to_string(), "symbol": symbol, "kind": kind,
            "issued_on": on, "summary": summary, "signer": if i.is_multiple_of(3) { "Giám đốc" } else { "Phó Giám đốc" }, "department": drafters[(i % 5) as usize],
            "recipients": ["UBND tỉnh", "Các phòng, đơn vị thuộc Sở"], "drafted_in_e_office": !paper, "approved_in_e_office": !paper,
            "sent_electronically": sent, "secrecy": if secret { "confidential" } else { "normal" }, "source_system": "eoffice"})
    };
    (0..300).map(document).collect()
}

/// The dossiers of 2022.
pub fn history() -> HistoryRows {
    let day = |month, day| NaiveDate::from_ymd_opt(2022, month, day).unwrap_or_default();
    history_rows(1186, super::DOSSIERS, day(1, 1), day(12, 31))
}

/// Where things are and who may sign in, in both languages.
pub fn sign_ins(base: &str) -> String {
    let secret = match password() {
        p if p == DEFAULT_PASSWORD => p,
        _ => "DUNGHEN_DEMO_PASSWORD".into(),
    };
    let units: Vec<String> = users().iter().filter_map(|u| u["username"].as_str()?.strip_prefix("head.").map(str::to_owned)).collect();
    let rows = [
        ("admin", "quản trị: người dùng, đơn vị, thủ tục", "administrator: users, departments, procedures"),
        ("director", "Giám đốc: xem tất cả", "director: sees everything"),
        ("office", "Văn phòng: kế hoạch, chỉ tiêu, nạp hồ sơ", "office: plans, indicators, loads of history"),
        ("one_stop", "Một cửa: tiếp nhận, trả kết quả, xin lỗi", "one-stop counter: receives, returns, apologises"),
        ("clerk", "Văn thư", "clerk: documents"),
        ("auditor", "thanh tra: chỉ xem", "auditor: reads only"),
        ("head.<…>", "trưởng đơn vị", "head of a department"),
        ("officer.<…>", "chuyên viên của đơn vị", "officer of a department"),
    ];
    let base = base.trim_end_matches('/');
    let mut text =
        format!("\n  Đúng Hẹn   {base}\n  dashboard  {base}/dashboard\n  docs       {base}/docs/\n  contract   {base}/openapi.json\n\n");
    text += &format!("  Đăng nhập dùng thử, mật khẩu · demo sign-ins, password: {secret}\n\n");
    for (user, vi, en) in rows {
        text += &format!("    {user:<12} {vi:<42} {en}\n");
    }
    text += &format!("\n    <…>: {}\n\n", units.join(", "));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_there() {
        assert_eq!((departments().len(), procedures().len(), kpis().len(), measurements().len()), (24, 12, 19, 14));
        assert_eq!(plan()["code"], "kh-1186-skhdt-2022");
        let admin = users().into_iter().find(|u| u["username"] == ADMIN);
        assert_eq!(admin.map(|u| u["display_name"].clone()), Some(ADMIN_NAME.into()));
        assert_eq!((documents().len(), history().len()), (300, super::super::DOSSIERS));
    }

    #[test]
    fn every_unit_has_a_head_and_an_officer() {
        let departments: Vec<String> = departments().iter().filter_map(|d| d["code"].as_str().map(str::to_owned)).collect();
        for user in users() {
            let name = user["username"].as_str().unwrap_or_default().to_owned();
            if let Some((role, unit)) = name.split_once('.') {
                assert_eq!(user["grants"][0]["role"], role);
                assert_eq!(user["grants"][0]["department"].as_str().map(str::to_lowercase).as_deref(), Some(unit));
            }
            if let Some(code) = user["grants"][0]["department"].as_str() {
                assert!(departments.iter().any(|d| d == code), "{name}");
            }
        }
        assert!(sign_ins("http://x/").contains("dkkd"));
    }
}
