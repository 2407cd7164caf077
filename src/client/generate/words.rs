//! Names and reasons as they stand in a department's files. All made up.

use super::Chance;

/// Who asks for a procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Households,
    Enterprises,
    Cooperatives,
    Investors,
    Donors,
    Bidders,
}

const SURNAMES: &[&str] = &[
    "Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Trần", "Lê", "Lê", "Phạm", "Huỳnh", "Hoàng", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ",
    "Ngô", "Dương", "Lý", "Đoàn", "Trương", "Mai", "Cao",
];
const WOMEN: (&[&str], &[&str]) = (
    &["Thị", "Thị Thu", "Thị Kim", "Ngọc", "Thị Bích", "Thanh", "Thị Mỹ", "Khánh"],
    &["Lan", "Hương", "Hoa", "Trang", "Thảo", "Yến", "Nga", "Hạnh", "Phượng", "Linh", "Oanh", "Vân", "Quyên", "Tuyết", "Xuân"],
);
const MEN: (&[&str], &[&str]) = (
    &["Văn", "Quốc", "Minh", "Đức", "Hữu", "Thanh", "Xuân", "Ngọc", "Anh", "Công"],
    &["Hùng", "Dũng", "Tuấn", "Long", "Sơn", "Hải", "Phúc", "Bình", "Khoa", "Thành", "Trung", "Quang", "Nam", "Đạt", "Tâm", "Vinh"],
);
const FORMS: &[&str] = &[
    "Công ty TNHH",
    "Công ty TNHH",
    "Công ty TNHH MTV",
    "Công ty TNHH Thương mại và Dịch vụ",
    "Công ty TNHH Xây dựng",
    "Công ty Cổ phần",
    "Công ty Cổ phần Đầu tư",
    "Công ty TNHH Du lịch",
    "Doanh nghiệp tư nhân",
];
const INVESTORS: &[&str] =
    &["Công ty Cổ phần Đầu tư", "Công ty Cổ phần Du lịch", "Công ty TNHH Năng lượng", "Công ty Cổ phần Địa ốc", "Công ty TNHH Thủy sản"];
const NAMES: &[&str] = &[
    "Biển Xanh",
    "Trầm Hương",
    "Nha Trang Xanh",
    "Yến Sào Hòn Nội",
    "Vân Phong",
    "Cam Ranh Bay",
    "Diên Khánh",
    "Ninh Hòa",
    "Vạn Giã",
    "Hòn Chồng",
    "Tháp Bà",
    "Sông Cái",
    "Suối Dầu",
    "Trường Sơn",
    "Đông Á",
    "An Phú",
    "Hoa Sứ",
    "Bình Minh",
    "Minh Phát",
    "Thành Công",
    "Hải Đăng",
    "Phú Quý",
    "Kỷ Nguyên",
    "Ánh Dương",
    "Sao Biển",
    "Đại Lãnh",
    "Dốc Lết",
    "Hòn Tre",
    "Bãi Dài",
    "Phúc Lộc",
];
const COOPERATIVES: &[&str] = &["Liên hiệp Hợp tác xã nông nghiệp", "Liên hiệp Hợp tác xã thủy sản", "Liên hiệp Hợp tác xã dịch vụ"];
const DONORS: &[&str] = &["Hội Chữ thập đỏ tỉnh", "Hội Liên hiệp Phụ nữ tỉnh", "Quỹ Bảo trợ trẻ em tỉnh", "Hội Khuyến học tỉnh"];
const BIDDERS: &[&str] = &[
    "Ban Quản lý dự án Đầu tư xây dựng các công trình dân dụng và công nghiệp",
    "Ban Quản lý dự án Đầu tư xây dựng các công trình giao thông",
    "UBND thành phố Cam Ranh",
    "UBND huyện Diên Khánh",
    "UBND thị xã Ninh Hòa",
    "Sở Giáo dục và Đào tạo",
    "Sở Y tế",
];

pub const AGENCIES: &[&str] = &[
    "Sở Xây dựng",
    "Sở Tài nguyên và Môi trường",
    "Sở Giao thông vận tải",
    "Sở Tài chính",
    "UBND thành phố Nha Trang",
    "UBND huyện Vạn Ninh",
    "Cục Thuế tỉnh",
];
pub const PAPERS: &[&str] = &[
    "Thiếu điều lệ công ty",
    "Thiếu bản sao giấy tờ pháp lý của người đại diện",
    "Địa chỉ trụ sở chưa ghi đủ bốn cấp",
    "Ngành nghề ghi chưa đúng mã ngành kinh tế",
    "Chưa có biên bản họp của hội đồng thành viên",
    "Văn bản ủy quyền hết hiệu lực",
    "Số liệu vốn góp giữa các giấy tờ chưa thống nhất",
    "Thiếu tài liệu chứng minh năng lực tài chính",
];
pub const SUSPENSIONS: &[(&str, &str)] = &[
    ("Theo yêu cầu của cơ quan điều tra", "Văn bản của cơ quan cảnh sát điều tra"),
    ("Chờ kết quả giải quyết tranh chấp về địa điểm", "Quyết định thụ lý của Tòa án nhân dân tỉnh"),
    ("Chờ điều chỉnh quy hoạch sử dụng đất", "Công văn của UBND tỉnh"),
];
pub const APOLOGIES: &[&str] =
    &["Khối lượng hồ sơ lớn", "Chờ ý kiến của cơ quan phối hợp", "Sự cố phần mềm một cửa", "Cán bộ thụ lý nghỉ điều trị"];
pub const REFUSALS: &[&str] = &[
    "Ngành nghề thuộc danh mục cấm đầu tư kinh doanh",
    "Tên doanh nghiệp trùng với tên đã đăng ký",
    "Dự án không phù hợp quy hoạch được duyệt",
    "Chủ hộ kinh doanh đã đứng tên một hộ kinh doanh khác",
    "Nhà đầu tư không chứng minh được năng lực tài chính",
];
pub const NOT_ACCEPTED: &[&str] =
    &["Hồ sơ không thuộc thẩm quyền giải quyết", "Thiếu giấy tờ bắt buộc, đã hướng dẫn bằng phiếu", "Người nộp không có văn bản ủy quyền"];
pub const WITHDRAWALS: &[&str] =
    &["Người nộp đề nghị rút hồ sơ", "Tổ chức thay đổi phương án kinh doanh", "Nộp nhầm thủ tục, xin rút để nộp lại"];
pub const VOIDED: &[&str] = &["Nhập trùng hồ sơ", "Nhập nhầm thủ tục", "Hồ sơ nhập thử khi kiểm tra phần mềm"];

/// Appends a name, and says of what kind its bearer is.
pub fn applicant(chance: &mut Chance, who: Who, out: &mut String) -> &'static str {
    match who {
        Who::Households => {
            person(chance, out);
            "citizen"
        }
        Who::Enterprises if chance.permille(80) => {
            person(chance, out);
            "citizen"
        }
        Who::Enterprises => named(chance, FORMS, out, "enterprise"),
        Who::Investors => named(chance, INVESTORS, out, "enterprise"),
        Who::Cooperatives => named(chance, COOPERATIVES, out, "organisation"),
        Who::Donors => {
            out.push_str(chance.pick(DONORS));
            "organisation"
        }
        Who::Bidders => {
            out.push_str(chance.pick(BIDDERS));
            "state_agency"
        }
    }
}

fn person(chance: &mut Chance, out: &mut String) {
    let (middle, given) = if chance.permille(450) { WOMEN } else { MEN };
    for (i, word) in [chance.pick(SURNAMES), chance.pick(middle), chance.pick(given)].into_iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

fn named(chance: &mut Chance, forms: &[&str], out: &mut String, kind: &'static str) -> &'static str {
    out.push_str(chance.pick(forms));
    out.push(' ');
    out.push_str(chance.pick(NAMES));
    if chance.permille(350) {
        let n = chance.within(2, 68);
        out.push(' ');
        out.push_str(itoa(n, &mut [0; 10]));
    }
    kind
}

/// A number in digits, without an allocation.
pub fn itoa(mut n: u32, buffer: &mut [u8; 10]) -> &str {
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            return std::str::from_utf8(&buffer[at..]).unwrap_or_default();
        }
    }
}
