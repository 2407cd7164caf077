#![allow(clippy::unwrap_used)]

use super::*;
use serde_json::json;

fn period() -> PlanPeriod {
    serde_json::from_value(json!({"from": "2022-01-01", "to": "2022-12-31"})).unwrap()
}

/// `kind start..end` with what else is set.
fn shown(text: &str) -> String {
    let Some(s) = parse(text, 2022, &period()) else { return "?".into() };
    let day = |d: Option<Day>| d.map(|d| d.0.to_string()).unwrap_or_default();
    let kind = json!(s.kind).as_str().unwrap().to_owned();
    let mut shown = format!("{kind} {}..{}", day(s.start_on), day(s.end_on));
    if let Some(event) = &s.event {
        shown += &format!(" ({})", event.as_str());
    }
    if let Some(r) = &s.recurrence {
        shown += &format!(" {} {:?}", json!(r.frequency).as_str().unwrap(), r.months.clone().unwrap_or_default());
        shown += &r.occurrences.iter().map(|o| format!(" {}", day(o.end_on))).collect::<String>();
    }
    assert_eq!(s.text.as_str(), text);
    shown
}

#[test]
fn words_mean_what_an_office_means() {
    let cases = [
        // Those of plan 1186.
        ("Từ Quý I", "from 2022-01-01.."),
        ("Quý II", "in 2022-04-01..2022-06-30"),
        ("Trong năm", "in 2022-01-01..2022-12-31"),
        ("Từ Tháng 01", "from 2022-01-01.."),
        ("Thường xuyên", "ongoing .."),
        ("Trong năm 2022", "in 2022-01-01..2022-12-31"),
        ("Trong Quý I/2022", "in 2022-01-01..2022-03-31"),
        ("Trong Quý II/2022", "in 2022-04-01..2022-06-30"),
        ("Sau khi Bộ Kế hoạch và Đầu tư công bố thủ tục hành chính", "after_event .. (Bộ Kế hoạch và Đầu tư công bố thủ tục hành chính)"),
        ("Tháng 6, Tháng 12", "recurring .. half_yearly [6, 12] 2022-06-30 2022-12-31"),
        ("Trước 15/12", "before ..2022-12-14"),
        ("trước ngày 15/12", "before ..2022-12-14"),
        ("tại cuộc họp giao ban định kỳ hàng tháng", "recurring .. monthly []"),
        ("theo định kỳ hoặc theo yêu cầu của cơ quan có thẩm quyền", "recurring .. unspecified []"),
        ("nếu phát sinh vướng mắc", "after_event .. (phát sinh vướng mắc)"),
        // Others.
        ("Quý II/2023", "in 2023-04-01..2023-06-30"),
        ("Quý 3 năm 2022", "in 2022-07-01..2022-09-30"),
        ("QUÝ II - QUÝ IV", "in 2022-04-01..2022-12-31"),
        ("Quý I, II", "in 2022-01-01..2022-06-30"),
        ("Quý II và Quý IV", "recurring .. half_yearly [6, 12] 2022-06-30 2022-12-31"),
        ("Tháng 6, tháng 12", "recurring .. half_yearly [6, 12] 2022-06-30 2022-12-31"),
        ("Tháng 3, 6, 9, 12", "recurring .. quarterly [3, 6, 9, 12] 2022-03-31 2022-06-30 2022-09-30 2022-12-31"),
        ("Tháng 6/2023", "in 2023-06-01..2023-06-30"),
        ("Hoàn thành trong tháng 02", "in 2022-02-01..2022-02-28"),
        ("Trước ngày 15/12/2022", "before ..2022-12-14"),
        ("Trước ngày 15 tháng 12 năm 2022", "before ..2022-12-14"),
        ("Trước 15.12.2022", "before ..2022-12-14"),
        ("Trước tháng 9", "before ..2022-08-31"),
        ("Trước ngày 15/12 hằng năm", "before ..2022-12-14"),
        ("Chậm nhất ngày 30/11/2022", "in 2022-01-01..2022-11-30"),
        ("Đến hết ngày 31/10", "in 2022-01-01..2022-10-31"),
        ("15/6/2022", "in 2022-01-01..2022-06-15"),
        ("Thường xuyên trong năm", "ongoing .."),
        ("Thường xuyên, liên tục", "ongoing .."),
        ("Hàng ngày", "ongoing .."),
        ("Hằng tháng", "recurring .. monthly []"),
        ("hàng quý", "recurring .. quarterly []"),
        ("Định kỳ 6 tháng/lần", "recurring .. half_yearly []"),
        ("Mỗi tuần", "recurring .. weekly []"),
        ("Hàng năm", "recurring .. yearly []"),
        ("Từ tháng 3, hằng tháng", "recurring 2022-03-01.. monthly []"),
        ("6 tháng đầu năm", "in 2022-01-01..2022-06-30"),
        ("6 tháng cuối năm 2023", "in 2023-07-01..2023-12-31"),
        ("Cả năm", "in 2022-01-01..2022-12-31"),
        ("Năm 2023", "in 2023-01-01..2023-12-31"),
        ("Từ tháng 3 đến tháng 9", "in 2022-03-01..2022-09-30"),
        ("Từ tháng 3 đến hết tháng 9/2022", "in 2022-03-01..2022-09-30"),
        ("Từ 01/3/2022 - 30/9/2022", "in 2022-03-01..2022-09-30"),
        ("Từ ngày 01/3", "from 2022-03-01.."),
        ("Khi có hướng dẫn của Trung ương", "after_event .. (có hướng dẫn của Trung ương)"),
        ("Theo yêu cầu của UBND tỉnh", "after_event .. (Theo yêu cầu của UBND tỉnh)"),
        ("Đã ban hành Quyết định số 54/QĐ-SKHĐT ngày 07/12/2021", "already_done .."),
        // What cannot be read whole is not read.
        ("", "?"),
        ("Sớm nhất có thể", "?"),
        ("Quý V", "?"),
        ("Tháng 13", "?"),
        ("Trước 30/02", "?"),
        ("Quý II (trừ các đơn vị sự nghiệp)", "?"),
        ("Từ tháng 9 đến tháng 3", "?"),
        ("Trong", "?"),
        ("Tháng 12, Tháng 6", "?"),
        ("99999999999999999999/1", "?"),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(text, expected)| shown(text) != *expected)
        .map(|(text, e)| format!("{text}: {} not {e}", shown(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_day_of_each_month_is_an_occurrence_of_each_month() {
    let of = |text: &str| parse(text, 2022, &period()).unwrap().recurrence.unwrap();
    let each = of("Ngày 25 hằng tháng");
    assert_eq!((each.frequency, each.occurrences.len()), (Frequency::Monthly, 12));
    assert_eq!(each.occurrences[1].end_on, Some("2022-02-25".parse().unwrap()));
    assert_eq!(of("trước ngày 25 hàng tháng").occurrences[0].end_on, Some("2022-01-24".parse().unwrap()));
    assert_eq!(of("Ngày 31 hằng tháng").occurrences[1].end_on, Some("2022-02-28".parse().unwrap()));
}

#[test]
fn documents_are_found_in_words() {
    let (kind, number, on) = document("Đã ban hành Quyết định số 54/QĐ-SKHĐT ngày 07/12/2021", 2022).unwrap();
    assert_eq!((kind.as_str(), number.as_str(), on), ("Quyết định", "54/QĐ-SKHĐT", Some("2021-12-07".parse().unwrap())));
    let (_, number, on) = document("Công văn 120/SNV-CCHC", 2022).unwrap();
    assert_eq!((number.as_str(), on), ("120/SNV-CCHC", None));
    assert!(document("Đã hoàn thành", 2022).is_none());
    assert_eq!(day("2022-05-06", 2022), NaiveDate::from_ymd_opt(2022, 5, 6));
    assert_eq!((day("6/5", 2022), day("x", 2022)), (NaiveDate::from_ymd_opt(2022, 5, 6), None));
}
