//! What the steps say.

use chrono::Datelike;

use super::super::*;
use super::{date, supplement, terms, vn, vn_at};
use crate::calendar::rules;

#[test]
fn the_explanation_reads_like_a_clerk_counts() {
    let pauses = [supplement("2022-06-10T09:00:00", "2022-06-11T09:00:00")];
    let terms = terms(3, LimitUnit::WorkingDay);
    let (_, steps) = explain(&vn(), vn_at("2022-06-08T17:00:00"), &terms, &pauses, None).unwrap();
    let told: Vec<_> = steps.iter().map(|step| (step.code, step.text.vi.as_str())).collect();
    assert_eq!(
        told,
        [
            ("received", "Hồ sơ được tiếp nhận lúc 17:00 thứ Tư 08/06/2022."),
            (
                "effective_day",
                "Ngày tiếp nhận để tính thời hạn là thứ Năm 09/06/2022, vì hồ sơ đến từ giờ đóng cửa (17:00) trở đi \
                 nên tính sang ngày làm việc tiếp theo; ngày này không tính vào thời hạn."
            ),
            ("limit", "Thời hạn giải quyết: 3 ngày làm việc."),
            ("counted_day", "Thứ Sáu 10/06/2022: ngày làm việc thứ 1."),
            ("skipped_day", "Bỏ qua thứ Bảy 11/06/2022: ngày nghỉ cuối tuần."),
            ("skipped_day", "Bỏ qua Chủ nhật 12/06/2022: ngày nghỉ cuối tuần."),
            ("counted_day", "Thứ Hai 13/06/2022: ngày làm việc thứ 2."),
            ("counted_day", "Thứ Ba 14/06/2022: ngày làm việc thứ 3."),
            ("first_due", "Ngày hẹn trả ban đầu: thứ Ba 14/06/2022."),
            ("pause_began", "Yêu cầu bổ sung hồ sơ lúc 09:00 thứ Sáu 10/06/2022; thời hạn tạm dừng."),
            ("fulfilled", "Hồ sơ được bổ sung lúc 09:00 thứ Bảy 11/06/2022."),
            ("skipped_day", "Bỏ qua thứ Bảy 11/06/2022: ngày nghỉ cuối tuần."),
            ("skipped_day", "Bỏ qua Chủ nhật 12/06/2022: ngày nghỉ cuối tuần."),
            ("fulfilled_day", "Vì vào ngày nghỉ nên tính là thứ Hai 13/06/2022."),
            ("waited", "Thời gian chờ, tính sau thứ Sáu 10/06/2022 đến hết thứ Hai 13/06/2022: 1 ngày làm việc."),
            ("moved_day", "Thứ Tư 15/06/2022: ngày làm việc thứ 1 được cộng thêm."),
            ("due_moved", "Ngày hẹn trả chuyển từ thứ Ba 14/06/2022 sang thứ Tư 15/06/2022."),
        ]
    );
    assert_eq!(steps[1].on, Some(date("2022-06-09")));
    assert_eq!(steps[3].text.en, "Friday 10 June 2022: working day 1.");
}

#[test]
fn the_explanation_names_holidays_and_make_up_days() {
    let (_, steps) = explain(&vn(), vn_at("2024-04-26T09:00:00"), &terms(3, LimitUnit::WorkingDay), &[], None).unwrap();
    let said = |text: &str| steps.iter().any(|step| step.text.en.contains(text));
    assert!(said("Tuesday 30 April 2024 is skipped: a day off (Ngày Chiến thắng 30/4)."), "{steps:#?}");
    assert!(said("Saturday 4 May 2024: working day 3 (a make-up day: Làm bù cho ngày 29/04)."), "{steps:#?}");
}

#[test]
fn every_step_has_words() {
    let at = vn_at("2022-02-01T09:00:00");
    for unit in [LimitUnit::WorkingDay, LimitUnit::CalendarDay, LimitUnit::WorkingHour] {
        for policy in [SupplementPolicy::Pause, SupplementPolicy::Restart] {
            let terms = Terms { policy, ..terms(9, unit) };
            let pauses =
                [supplement("2022-02-08T09:00:00", "2022-02-12T09:00:00"), supplement("2022-04-08T09:00:00", "2022-04-12T09:00:00")];
            let (_, steps) = explain(&vn(), at, &terms, &pauses, None).unwrap();
            for step in &steps {
                assert!(step.text.vi.ends_with('.') && step.text.en.ends_with('.'), "{step:?}");
                assert!(step.at.is_none_or(|at| step.on == Some(rules::vn_date(at))), "{step:?}");
                assert!(step.on.is_none_or(|on| on.year() == 2022), "{step:?}");
            }
        }
    }
}
