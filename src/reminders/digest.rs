//! The words of a digest. Pure.

use chrono::NaiveDate;

/// Lines of a kind that a digest spells out; the rest is a number.
const LINES: usize = 20;

/// Subject and body of the digest for one person; `sections` are heading, number of all, and the lines known.
pub fn compose(name: &str, on: NaiveDate, sections: &[(String, i64, Vec<String>)], url: &str) -> (String, String) {
    let all: i64 = sections.iter().map(|(_, count, _)| count).sum();
    let day = on.format("%d/%m/%Y");
    let subject = format!("Đúng Hẹn: {all} việc cần xử lý ngày {day}");
    let mut body = format!("Kính gửi {name},\n\nViệc cần xử lý tính đến ngày {day}:\n");
    for (heading, count, lines) in sections {
        body.push_str(&format!("\n{heading} ({count})\n"));
        for line in lines.iter().take(LINES) {
            body.push_str(&format!("- {line}\n"));
        }
        let told = i64::try_from(lines.len().min(LINES)).unwrap_or(i64::MAX);
        if *count > told {
            body.push_str(&format!("- … và {} việc khác\n", count - told));
        }
    }
    body.push_str(&format!(
        "\nXem đầy đủ tại {url}\nThư này được gửi tự động vào mỗi ngày làm việc; việc đã xong sẽ không được nhắc lại.\n"
    ));
    (subject, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_counts_everything_and_spells_out_the_first() {
        let many: Vec<String> = (1..=25).map(|n| format!("Nhiệm vụ {n}")).collect();
        let sections = [("Nhiệm vụ quá hạn".to_owned(), 30, many), ("Phải giải trình".to_owned(), 1, vec!["Kỳ 2022-06".to_owned()])];
        let on = NaiveDate::from_ymd_opt(2022, 6, 20).unwrap_or_default();
        let (subject, body) = compose("Lan", on, &sections, "http://x");
        assert_eq!(subject, "Đúng Hẹn: 31 việc cần xử lý ngày 20/06/2022");
        assert!(body.contains("Nhiệm vụ quá hạn (30)\n- Nhiệm vụ 1\n") && body.contains("- … và 10 việc khác\n"), "{body}");
        assert!(body.contains("Phải giải trình (1)\n- Kỳ 2022-06\n\nXem"), "{body}");
    }
}
