//! How the forms write dates and words. Forms are Vietnamese.

use chrono::NaiveDate;

use crate::calendar::vn_local;
use crate::dossiers::model::{Channel, Timeliness};
use crate::http::At;

/// 19/04/2022.
pub fn day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// 08 giờ 30 phút, ngày 19/04/2022.
pub fn moment(at: At) -> String {
    vn_local(at.0).format("%H giờ %M phút, ngày %d/%m/%Y").to_string()
}

pub fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Direct => "Trực tiếp",
        Channel::Online => "Trực tuyến",
        Channel::Postal => "Bưu chính công ích",
    }
}

pub fn result(timeliness: Timeliness) -> &'static str {
    match timeliness {
        Timeliness::Early => "Trước hạn",
        Timeliness::OnTime => "Đúng hạn",
        Timeliness::Late | Timeliness::Overdue => "Quá hạn",
        Timeliness::InTime => "Trong hạn",
        Timeliness::NotApplicable => "",
    }
}

/// What happened at a hand-over.
pub fn act(act: &str) -> &'static str {
    match act {
        "submission" => "Nộp hồ sơ",
        "acceptance" => "Tiếp nhận hồ sơ",
        "completion-request" => "Yêu cầu hoàn thiện hồ sơ",
        "completion" => "Nhận hồ sơ đã hoàn thiện",
        "processing" => "Chuyển giải quyết",
        "supplement-request" => "Yêu cầu bổ sung",
        "fulfilment" => "Nhận hồ sơ bổ sung",
        "fee-request" => "Yêu cầu thực hiện nghĩa vụ tài chính",
        "payment" => "Đã thực hiện nghĩa vụ tài chính",
        "suspension" => "Tạm dừng giải quyết",
        "suspension-end" => "Tiếp tục giải quyết",
        "consultation" => "Lấy ý kiến",
        "consultation-answer" => "Nhận ý kiến trả lời",
        "transfer" => "Chuyển đơn vị giải quyết",
        "resolution" => "Chuyển kết quả giải quyết",
        "refusal" => "Từ chối giải quyết",
        "termination" => "Dừng giải quyết",
        "withdrawal" => "Rút hồ sơ",
        "non-acceptance" => "Từ chối tiếp nhận",
        "return" => "Trả kết quả",
        _ => "",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_written_as_on_forms() {
        let at: At = "2022-04-19T01:05:59Z".parse().unwrap();
        assert_eq!(moment(at), "08 giờ 05 phút, ngày 19/04/2022");
        assert_eq!(day("2022-04-09".parse().unwrap()), "09/04/2022");
    }
}
