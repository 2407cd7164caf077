//! What each finding says to people: what is wrong, and what mends it. One closed table beside the list of kinds.

use super::model::Finding;
use crate::text::Text;

macro_rules! sentences {
    ($($kind:ident $label_vi:literal $label_en:literal, $wrong_vi:literal $wrong_en:literal, $mend_vi:literal $mend_en:literal;)+) => {
        impl Finding {
            /// A few words, for a heading.
            pub fn label(self) -> Text {
                match self { $(Finding::$kind => Text::new($label_vi, $label_en)),+ }
            }

            /// What is wrong.
            pub fn sentence(self) -> Text {
                match self { $(Finding::$kind => Text::new($wrong_vi, $wrong_en)),+ }
            }

            /// What mends it, or what to do so that it does not happen again.
            pub fn remedy(self) -> Text {
                match self { $(Finding::$kind => Text::new($mend_vi, $mend_en)),+ }
            }
        }
    };
}

sentences! {
    ReceivedOutsideOneStop
        "Tiếp nhận ngoài Một cửa" "Received outside the one-stop counter",
        "Hồ sơ được tiếp nhận ở đơn vị không phải Bộ phận Một cửa." "The dossier was received by a department that is no one-stop counter.",
        "Chỉ tiếp nhận tại Bộ phận Một cửa; nếu đơn vị được giao tiếp nhận thì quản trị viên đánh dấu đơn vị đó là Một cửa."
        "Receive at the one-stop counter only; if the department is entrusted with receipt, the administrator marks it as one.";
    SupplementWithoutNotice
        "Yêu cầu bổ sung không có thông báo" "Supplement without a notice",
        "Yêu cầu bổ sung hồ sơ không có số văn bản thông báo." "Papers were asked for without the number of a written notice.",
        "Ban hành thông báo yêu cầu bổ sung, nêu đủ một lần những gì còn thiếu, và ghi số văn bản vào hồ sơ."
        "Issue the notice, naming everything that is missing at once, and record its number with the dossier.";
    RepeatedSupplement
        "Yêu cầu bổ sung quá một lần" "Supplement asked for again",
        "Hồ sơ bị yêu cầu bổ sung từ hai lần trở lên." "Papers were asked for a second time.",
        "Soát đủ thành phần hồ sơ ngay lần đầu; lãnh đạo phòng giải trình lý do yêu cầu thêm."
        "Check the papers completely the first time; the head of the division explains why more were asked for.";
    RefusalWithoutReason
        "Từ chối không nêu lý do" "Refusal without a reason",
        "Hồ sơ bị từ chối hoặc không được tiếp nhận mà không nêu lý do." "The dossier was refused, or not accepted, without a reason.",
        "Trả lời người nộp bằng văn bản nêu rõ lý do và căn cứ, rồi ghi lý do vào hồ sơ."
        "Answer the applicant in writing with the reason and its basis, and record the reason with the dossier.";
    RefusalWithoutDocument
        "Từ chối không có văn bản" "Refusal without a document",
        "Hồ sơ bị từ chối giải quyết mà không có số văn bản từ chối." "The dossier was refused without the number of a written refusal.",
        "Ban hành văn bản từ chối, gửi người nộp và ghi số văn bản vào hồ sơ."
        "Issue the written refusal, send it to the applicant and record its number with the dossier.";
    LateWithoutApology
        "Trễ hạn không xin lỗi" "Late without an apology",
        "Hồ sơ giải quyết xong quá hạn mà chưa gửi phiếu xin lỗi có ngày hẹn trả lại." "The dossier was finished late, and no apology with a new date had been sent.",
        "Gửi văn bản xin lỗi nêu lý do; hồ sơ sắp trễ thì gửi phiếu xin lỗi và hẹn lại trước ngày hẹn trả."
        "Send a letter of apology with the reason; for a dossier about to be late, send it with a new date before the due date.";
    ApologyAfterDue
        "Xin lỗi sau khi đã quá hạn" "Apology after the due date",
        "Phiếu xin lỗi được gửi sau ngày hẹn trả đang có hiệu lực." "The apology was sent later than the due date in force.",
        "Gửi phiếu xin lỗi và hẹn lại chậm nhất một ngày trước ngày hẹn trả." "Send the apology with the new date at the latest one day before the due date.";
    RepeatedApology
        "Hẹn lại quá một lần" "Apology repeated",
        "Hồ sơ bị hẹn lại ngày trả từ hai lần trở lên." "An apology was sent a second time.",
        "Chỉ hẹn lại một lần, với ngày giữ được; lãnh đạo phòng giải trình và ưu tiên giải quyết hồ sơ."
        "Promise anew only once, a date that can be kept; the head of the division explains and gives the dossier precedence.";
    SuspensionWithoutBasis
        "Tạm dừng không có căn cứ" "Suspension without a basis",
        "Hồ sơ bị tạm dừng giải quyết mà không nêu căn cứ pháp lý." "The dossier was suspended without a legal basis.",
        "Ghi căn cứ pháp lý của việc tạm dừng, hoặc chấm dứt tạm dừng và tiếp tục giải quyết."
        "Record the legal basis of the suspension, or end it and go on.";
    TerminationWithoutNotice
        "Dừng giải quyết không có thông báo" "Termination without a notice",
        "Hồ sơ bị dừng giải quyết mà không có số thông báo dừng." "The dossier was terminated without the number of a stop notice.",
        "Ban hành thông báo dừng giải quyết, gửi người nộp và ghi số thông báo vào hồ sơ."
        "Issue the stop notice, send it to the applicant and record its number with the dossier.";
    MissingDigitalFile
        "Chưa số hóa" "No digital file",
        "Giấy tờ của hồ sơ chưa được số hóa và đính kèm." "The papers of the dossier are not scanned and attached.",
        "Số hóa thành phần hồ sơ ngay khi tiếp nhận và đính kèm vào hồ sơ điện tử." "Scan the papers on receipt and attach them to the electronic dossier.";
    NotAcceptedAfterAcceptance
        "Không tiếp nhận sau khi đã tiếp nhận" "Not accepted after acceptance",
        "Hồ sơ đã tiếp nhận lại bị ghi là không tiếp nhận." "The dossier had been accepted and was then marked as not accepted.",
        "Hồ sơ đã tiếp nhận chỉ kết thúc bằng giải quyết, từ chối có văn bản, dừng hoặc rút; sửa lại trạng thái ở hệ thống nguồn."
        "An accepted dossier ends by resolution, written refusal, termination or withdrawal; correct the status in the source system.";
    ConsultationReminderDue
        "Đến lúc đôn đốc cơ quan được lấy ý kiến" "Reminder to the consulted agency due",
        "Cơ quan được lấy ý kiến quá hạn trả lời mà chưa được đôn đốc đủ hai lần."
        "The agency consulted has not answered in time and has been reminded fewer than two times.",
        "Gửi văn bản đôn đốc và ghi vào hồ sơ; trả lời rồi thì ghi nhận câu trả lời." "Send a reminder and record it; if the answer has come, record the answer.";
    ConsultationEscalationDue
        "Đến lúc báo cáo cấp trên" "Escalation of the consultation due",
        "Cơ quan được lấy ý kiến vẫn chưa trả lời: đã đôn đốc hai lần, hoặc hồ sơ đã quá hạn."
        "The agency consulted has still not answered: it was reminded twice, or the dossier is past due.",
        "Báo cáo Ủy ban nhân dân tỉnh về cơ quan chưa trả lời và ghi vào hồ sơ." "Report the agency to the provincial People's Committee and record it with the dossier.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_finding_says_what_is_wrong_and_what_mends_it() {
        let mut seen = BTreeSet::new();
        for kind in Finding::ALL {
            for text in [kind.label(), kind.sentence(), kind.remedy()] {
                assert!(!text.vi.is_empty() && !text.en.is_empty() && text.vi != text.en, "{kind:?}");
                assert!(seen.insert(text.vi.clone()) && seen.insert(text.en.clone()), "{kind:?} says what another says: {text:?}");
            }
            for text in [kind.sentence(), kind.remedy()] {
                assert!(text.vi.ends_with('.') && text.en.ends_with('.'), "{kind:?}: {text:?}");
            }
        }
    }
}
