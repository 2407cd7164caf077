//! What stands on each form, below its title.

use super::words;
use crate::dossiers::slips::wire::{ApologyPart, ControlPart, Part, ReceiptPart, RefusalPart, Slip, StopPart, SupplementPart};
use crate::http::html::Html;

pub fn body(h: &mut Html, slip: &Slip) {
    match &slip.part {
        Part::Receipt(part) => receipt(h, slip, part),
        Part::Supplement(part) => supplement(h, slip, part),
        Part::Refusal(part) => refusal(h, slip, part),
        Part::Apology(part) => apology(h, slip, part),
        Part::Stop(part) => stop(h, slip, part),
        Part::Control(part) => control(h, slip, part),
    }
}

/// A label with its value, or a dotted line to fill in by hand.
fn line(h: &mut Html, label: &'static str, value: Option<&str>) {
    h.tag("<p class=\"line\"><span class=\"label\">").tag(label).tag(":</span>");
    match value.filter(|v| !v.trim().is_empty()) {
        Some(value) => h.tag("<span class=\"value\">").text(value).tag("</span></p>\n"),
        None => h.tag("<span class=\"blank\"></span></p>\n"),
    };
}

/// Two short fields to fill in by hand, side by side.
fn blanks(h: &mut Html, first: &'static str, second: &'static str) {
    h.tag("<p class=\"line\"><span class=\"label\">").tag(first).tag(":</span><span class=\"blank\"></span><span class=\"label\">");
    h.tag(second).tag(":</span><span class=\"blank\"></span></p>\n");
}

fn applicant(slip: &Slip) -> Option<&str> {
    slip.applicant.as_ref().and_then(|a| a.name.as_deref())
}

fn matter(slip: &Slip) -> String {
    format!("{} ({})", slip.procedure.name, slip.procedure.code)
}

fn signatures(h: &mut Html, left: &'static str, right: &'static str, how: &'static str) {
    h.tag("<div class=\"signatures\"><div>");
    if !left.is_empty() {
        h.tag("<p class=\"who\">").tag(left).tag("</p><p class=\"how\">(Ký và ghi rõ họ tên)</p>");
    }
    h.tag("</div><div><p class=\"who\">").tag(right).tag("</p><p class=\"how\">").tag(how).tag("</p></div></div>\n");
}

const SIGN: &str = "(Ký và ghi rõ họ tên)";
const SEAL: &str = "(Ký tên, đóng dấu)";

/// Address and e-mail, which are not held, and the numbers, when they were given.
fn contact(h: &mut Html, slip: &Slip) {
    let applicant = slip.applicant.as_ref();
    line(h, "Địa chỉ", None);
    if let Some(number) = applicant.and_then(|a| a.identity_no.as_deref()) {
        line(h, "Số giấy tờ", Some(number));
    }
    match applicant.and_then(|a| a.phone.as_deref()) {
        Some(phone) => line(h, "Số điện thoại", Some(phone)),
        None => blanks(h, "Số điện thoại", "Email"),
    }
}

fn reason(h: &mut Html, label: &'static str, reason: Option<&String>) {
    match reason.filter(|r| !r.trim().is_empty()) {
        Some(reason) => h.tag("<p class=\"text\">").tag(label).tag(": ").text(reason).tag("</p>\n"),
        None => {
            line(h, label, None);
            h.tag("<p class=\"line free\"><span class=\"blank\"></span></p>\n")
        }
    };
}

fn ground(h: &mut Html, slip: &Slip) {
    if let Some(ground) = &slip.ground {
        h.tag("<p class=\"text indent\"><i>Căn cứ ").text(ground).tag(";</i></p>\n");
    }
}

fn receipt(h: &mut Html, slip: &Slip, part: &ReceiptPart) {
    line(h, "Bộ phận tiếp nhận và trả kết quả", Some(&slip.receiving_department.name));
    line(h, "Tiếp nhận hồ sơ của", applicant(slip));
    contact(h, slip);
    line(h, "Hình thức nộp", Some(words::channel(slip.channel)));
    line(h, "Nội dung yêu cầu giải quyết", Some(&matter(slip)));
    line(h, "Cơ quan giải quyết", Some(&slip.resolving_department.name));
    h.tag("<p class=\"text\">Thành phần hồ sơ nộp gồm:</p>\n<table><thead><tr><th>STT</th><th>Tên giấy tờ</th><th>Bản chính</th>");
    h.tag("<th>Bản sao chứng thực</th><th>Bản chụp</th></tr></thead><tbody>\n");
    for (i, paper) in part.components.iter().enumerate() {
        h.tag("<tr><td class=\"n\">").number(i as u64 + 1).tag("</td><td>").text(paper.name.as_str()).tag("</td>");
        for copies in [paper.originals, paper.certified_copies, paper.photocopies] {
            h.tag("<td class=\"c\">");
            if copies > 0 {
                h.number(copies);
            }
            h.tag("</td>");
        }
        h.tag("</tr>\n");
    }
    for _ in part.components.len()..2 {
        h.tag("<tr><td class=\"n\">&nbsp;</td><td></td><td></td><td></td><td></td></tr>\n");
    }
    h.tag("</tbody></table>\n<p class=\"line\"><span class=\"label\">Số lượng hồ sơ:</span><span class=\"blank short\"></span><span>(bộ)</span></p>\n");
    let limit = part.limit_text.as_deref().unwrap_or("không quy định thời hạn");
    line(h, "Thời gian giải quyết hồ sơ theo quy định là", Some(limit));
    line(h, "Thời gian nhận hồ sơ", Some(&words::moment(part.received_at)));
    let back = part.return_at.map(words::moment).or_else(|| part.return_on.map(|on| format!("ngày {}", words::day(on.0))));
    line(h, "Thời gian trả kết quả giải quyết hồ sơ", back.as_deref());
    line(h, "Đăng ký nhận kết quả tại", None);
    blanks(h, "Vào Sổ theo dõi hồ sơ, quyển số", "Số thứ tự");
    signatures(h, "Người nộp hồ sơ", "Người tiếp nhận hồ sơ", SIGN);
}

fn supplement(h: &mut Html, slip: &Slip, part: &SupplementPart) {
    ground(h, slip);
    line(h, "Hồ sơ của", applicant(slip));
    line(h, "Nội dung yêu cầu giải quyết", Some(&matter(slip)));
    contact(h, slip);
    h.tag("<p class=\"text\">Yêu cầu bổ sung, hoàn thiện hồ sơ gồm những nội dung sau");
    if part.n > 1 {
        h.tag(" (lần ").number(part.n as u64).tag(")");
    }
    h.tag(":</p>\n");
    if part.items.is_empty() {
        for _ in 0..3 {
            h.tag("<p class=\"line free\"><span class=\"blank\"></span></p>\n");
        }
    } else {
        h.tag("<ol>");
        for item in &part.items {
            h.tag("<li>").text(item).tag("</li>");
        }
        h.tag("</ol>\n");
    }
    reason(h, "Lý do", part.reason.as_ref());
    let by = part.respond_by_on.map(|on| format!("trước hết ngày {}", words::day(on.0)));
    line(h, "Thời hạn bổ sung", by.as_deref());
    h.tag("<p class=\"text\">Trong quá trình hoàn thiện hồ sơ, nếu có vướng mắc, ông/bà liên hệ để được hướng dẫn:</p>\n");
    blanks(h, "Người hướng dẫn", "Số điện thoại");
    signatures(h, "", "Người hướng dẫn", SIGN);
}

fn refusal(h: &mut Html, slip: &Slip, part: &RefusalPart) {
    ground(h, slip);
    line(h, "Tiếp nhận hồ sơ của", applicant(slip));
    contact(h, slip);
    line(h, "Nội dung yêu cầu giải quyết", Some(&matter(slip)));
    let filed = slip.accepted_at.or(slip.submitted_at).map(words::moment);
    line(h, "Thời gian nộp hồ sơ", filed.as_deref());
    h.tag("<p class=\"text indent\">Qua xem xét, ").text(&slip.issued_by.name);
    h.tag(if part.before_acceptance {
        " thông báo không tiếp nhận hồ sơ này"
    } else {
        " thông báo từ chối giải quyết hồ sơ này"
    });
    h.tag(", với lý do cụ thể như sau:</p>\n");
    reason(h, "Lý do", part.reason.as_ref());
    h.tag("<p class=\"text indent\">Xin thông báo để ông/bà được biết và thực hiện.</p>\n");
    blanks(h, "Cán bộ hướng dẫn", "Số điện thoại");
    if part.before_acceptance {
        signatures(h, "Người nộp hồ sơ", "Người tiếp nhận hồ sơ", SIGN);
    } else {
        signatures(h, "", "Thủ trưởng cơ quan, đơn vị", SEAL);
    }
}

fn addressee(h: &mut Html, slip: &Slip) {
    h.tag("<p class=\"to\">Kính gửi: <b>");
    match applicant(slip) {
        Some(name) => h.text(name),
        None => h.tag("………………………………"),
    };
    h.tag("</b></p>\n");
}

/// Day, unit and matter of the receipt, as the beginning of a sentence.
fn accepted(h: &mut Html, slip: &Slip) {
    h.tag("<p class=\"text indent\">");
    if let Some(at) = slip.accepted_at {
        h.tag("Lúc ").text(&words::moment(at)).tag(", ");
    }
    h.text(&slip.receiving_department.name).tag(" đã tiếp nhận hồ sơ đề nghị giải quyết: ").text(&matter(slip));
    h.tag("; mã hồ sơ: ").text(&slip.code).tag(".</p>\n");
}

fn date_or_dots(h: &mut Html, on: Option<crate::http::Day>) {
    match on {
        Some(on) => h.tag("ngày ").text(&words::day(on.0)),
        None => h.tag("ngày …../…../………"),
    };
}

fn apology(h: &mut Html, slip: &Slip, part: &ApologyPart) {
    addressee(h, slip);
    ground(h, slip);
    accepted(h, slip);
    h.tag("<p class=\"text indent\">Thời gian hẹn trả kết quả: ");
    date_or_dots(h, part.old_return_on);
    h.tag(". Tuy nhiên, hồ sơ chưa được trả kết quả đúng thời hạn đã hẹn.</p>\n");
    reason(h, "Lý do", part.reason.as_ref());
    h.tag("<p class=\"text indent\">Sự chậm trễ này đã gây phiền hà cho ông/bà. ").text(&slip.issued_by.name);
    h.tag(" xin lỗi ông/bà và hẹn trả kết quả vào <b>");
    date_or_dots(h, part.new_return_on);
    h.tag("</b>.</p>\n<p class=\"text indent\">Rất mong nhận được sự thông cảm của ông/bà.</p>\n");
    signatures(h, "", "Thủ trưởng cơ quan, đơn vị", SEAL);
}

fn stop(h: &mut Html, slip: &Slip, part: &StopPart) {
    addressee(h, slip);
    ground(h, slip);
    accepted(h, slip);
    h.tag("<p class=\"text indent\">").text(&slip.issued_by.name).tag(" thông báo dừng giải quyết hồ sơ nêu trên kể từ ");
    h.text(&words::moment(part.stopped_at)).tag(".</p>\n");
    reason(h, "Lý do", part.reason.as_ref());
    h.tag("<p class=\"text indent\">Xin thông báo để ông/bà được biết. Mọi vướng mắc xin liên hệ với ")
        .text(&slip.receiving_department.name);
    h.tag(".</p>\n");
    signatures(h, "", "Thủ trưởng cơ quan, đơn vị", SEAL);
}

fn control(h: &mut Html, slip: &Slip, part: &ControlPart) {
    line(h, "Hồ sơ của", applicant(slip));
    line(h, "Nội dung", Some(&matter(slip)));
    line(h, "Cơ quan giải quyết", Some(&slip.resolving_department.name));
    h.tag("<table><thead><tr><th>STT</th><th>Nội dung công việc</th><th>Bên giao</th><th>Bên nhận</th><th>Thời gian giao, nhận hồ sơ</th>");
    h.tag("<th>Kết quả giải quyết</th><th>Ghi chú</th></tr></thead><tbody>\n");
    for step in &part.steps {
        h.tag("<tr><td class=\"n\">").number(step.n as u64).tag("</td><td>").tag(words::act(step.act));
        for party in [&step.from, &step.to] {
            h.tag("</td><td>").text(party.as_deref().unwrap_or("–"));
        }
        h.tag("</td><td>").text(&words::moment(step.at)).tag("</td><td class=\"c\">").tag(step.result.map_or("", words::result));
        h.tag("</td><td>").text(step.note.as_deref().unwrap_or_default()).tag("</td></tr>\n");
    }
    h.tag("</tbody></table>\n");
    signatures(h, "Người giao", "Người nhận", SIGN);
}
