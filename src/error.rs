//! One closed table of what can go wrong, and the one error type that handlers return.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use serde_json::{Map, Value};

use crate::text::Text;

macro_rules! codes {
    ($($variant:ident $name:literal $status:literal $vi:literal $en:literal;)+) => {
        /// Every code a problem document may carry. Codes never change and are never translated.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $en] $variant),+ }

        impl Code {
            pub const ALL: &[Code] = &[$(Code::$variant),+];

            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name),+ }
            }

            pub fn status(self) -> StatusCode {
                let status = match self { $(Code::$variant => $status),+ };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            pub fn title(self) -> Text {
                match self { $(Code::$variant => Text::new($vi, $en)),+ }
            }
        }
    };
}

codes! {
    // The request itself
    MalformedBody "malformed_body" 400 "Nội dung gửi lên không đọc được" "The body cannot be read";
    InvalidBody "invalid_body" 400 "Nội dung gửi lên không đúng cấu trúc" "The body does not have the documented shape";
    InvalidParameter "invalid_parameter" 400 "Tham số không hợp lệ" "A parameter is not valid";
    UnknownParameter "unknown_parameter" 400 "Tham số không tồn tại" "There is no such parameter";
    InvalidHeader "invalid_header" 400 "Tiêu đề HTTP không hợp lệ" "A header is not valid";
    CursorMismatch "cursor_mismatch" 400 "Con trỏ trang không thuộc danh sách này" "The cursor does not belong to this list";
    Unauthenticated "unauthenticated" 401 "Chưa đăng nhập" "Not signed in";
    InvalidToken "invalid_token" 401 "Phiên đăng nhập không hợp lệ hoặc đã hết hạn" "The token is not valid or has expired";
    InvalidCredentials "invalid_credentials" 401 "Sai tên đăng nhập hoặc mật khẩu" "Wrong user name or password";
    Forbidden "forbidden" 403 "Không có quyền thực hiện" "Not permitted";
    NotFound "not_found" 404 "Không tìm thấy" "Not found";
    MethodNotAllowed "method_not_allowed" 405 "Phương thức không được hỗ trợ" "The method is not supported here";
    NotAcceptable "not_acceptable" 406 "Không trả được định dạng yêu cầu" "The requested format is not offered";
    RequestTimeout "request_timeout" 408 "Gửi dữ liệu quá chậm" "The body did not arrive in time";
    TransitionNotAllowed "transition_not_allowed" 409 "Trạng thái hiện tại không cho phép việc này" "The state does not allow this act";
    SlipNotApplicable "slip_not_applicable" 409 "Hồ sơ chưa có nội dung để in phiếu này" "The dossier has nothing to print on this slip";
    NoRuleSet "no_rule_set" 409 "Không có bộ quy định nào áp dụng cho hồ sơ" "No rule set applies to the dossier";
    CodeTaken "code_taken" 409 "Mã đã được dùng" "The code is already in use";
    ReservationOver "reservation_over" 409 "Đợt giữ số đã hết hạn hoặc đã trả lại" "The reservation has expired or was released";
    PeriodLocked "period_locked" 409 "Số liệu của kỳ đã nộp hoặc đã chốt" "The figures of the period were submitted or are locked";
    ConcurrentChange "concurrent_change" 409 "Dữ liệu vừa bị thay đổi bởi yêu cầu khác" "Another request changed this at the same time";
    IdempotencyInProgress "idempotency_in_progress" 409 "Yêu cầu trùng khóa đang được xử lý" "The same key is still being processed";
    VersionMismatch "version_mismatch" 412 "Phiên bản đã cũ" "The version is stale";
    AlreadyExists "already_exists" 412 "Đã tồn tại" "It exists already";
    BodyTooLarge "body_too_large" 413 "Nội dung gửi lên quá lớn" "The body is too large";
    UnsupportedMediaType "unsupported_media_type" 415 "Kiểu nội dung không được hỗ trợ" "The media type is not supported";
    RuleBroken "rule_broken" 422 "Dữ liệu vi phạm quy tắc nghiệp vụ" "A business rule is broken";
    TooManyRows "too_many_rows" 422 "Quá nhiều dòng cho một bảng tính" "Too many rows for a spreadsheet";
    RowsRejected "rows_rejected" 422 "Có dòng bị từ chối, không ghi gì" "Rows were refused, nothing was written";
    IdempotencyKeyReused "idempotency_key_reused" 422 "Khóa chống lặp đã dùng cho nội dung khác" "The idempotency key was used with another body";
    PreconditionRequired "precondition_required" 428 "Thiếu If-Match" "If-Match is missing";
    TooManyRequests "too_many_requests" 429 "Gửi yêu cầu quá dày" "Too many requests";
    SignInLocked "sign_in_locked" 429 "Tạm khóa đăng nhập" "Signing in is locked for a while";
    Internal "internal" 500 "Lỗi hệ thống" "Internal error";
    Unavailable "unavailable" 503 "Hệ thống đang bận" "The service is busy";
    Overloaded "overloaded" 503 "Hệ thống đang quá tải" "The service is overloaded";
    // A single field: shape
    Required "required" 400 "Thiếu trường bắt buộc" "A required field is missing";
    WrongType "wrong_type" 400 "Sai kiểu dữ liệu" "Wrong type";
    WrongFormat "wrong_format" 400 "Sai định dạng" "Wrong format";
    NotInList "not_in_list" 400 "Giá trị ngoài danh mục" "Not one of the allowed values";
    TooLong "too_long" 400 "Quá dài" "Too long";
    TooShort "too_short" 400 "Quá ngắn" "Too short";
    OutOfRange "out_of_range" 400 "Ngoài khoảng cho phép" "Out of range";
    UnknownField "unknown_field" 400 "Trường không tồn tại" "There is no such field";
    // A single field: rules
    Missing "missing" 422 "Còn thiếu" "Missing";
    UnknownCode "unknown_code" 422 "Mã không tồn tại" "There is no such code";
    NotPermitted "not_permitted" 422 "Không có quyền với đơn vị này" "Not permitted for this department";
    NotValidThen "not_valid_then" 422 "Không có hiệu lực vào ngày đó" "Not in force on that day";
    DatesBackwards "dates_backwards" 422 "Ngày giờ ngược thứ tự" "Dates run backwards";
    DateInFuture "date_in_future" 422 "Ngày giờ ở tương lai" "The date is in the future";
    OverlappingPauses "overlapping_pauses" 422 "Các lần tạm dừng chồng lên nhau" "Pauses overlap";
    CalendarMissing "calendar_missing" 422 "Chưa có lịch làm việc của năm" "There is no calendar for the year";
    LimitOutOfRange "limit_out_of_range" 422 "Thời hạn giải quyết không hợp lệ" "The time limit is out of range";
    DuplicateInPayload "duplicate_in_payload" 422 "Trùng khóa trong cùng nội dung gửi" "The same key occurs twice in one payload";
    DoesNotExist "does_not_exist" 422 "Chưa tồn tại để cập nhật" "It does not exist yet";
    Exists "exists" 422 "Đã tồn tại, không tạo mới" "It exists already";
    InconsistentDecision "inconsistent_decision" 422 "Kết quả giải quyết không nhất quán" "The decision does not fit the other facts";
    CircularParent "circular_parent" 422 "Đơn vị cấp trên tạo thành vòng" "The parent would make a circle";
    NotLaterThanDue "not_later_than_due" 422 "Ngày hẹn lại phải sau hạn cũ" "The new date must be later than the due date";
    InUse "in_use" 422 "Đang được sử dụng" "It is in use";
    BadDocument "bad_document" 422 "Thông tin văn bản không nhất quán" "The document does not hold together";
    NumberTaken "number_taken" 422 "Số văn bản đã được dùng trong sổ" "The number is taken in the book";
    BadMeasurement "bad_measurement" 422 "Số đo không hợp lệ" "The measurement does not fit its indicator";
    BadIndicator "bad_indicator" 422 "Định nghĩa chỉ tiêu không hợp lệ" "The definition of the indicator does not hold together";
    BadCriterion "bad_criterion" 422 "Tiêu chí hoặc điểm không nhất quán" "The criterion or its score does not hold together";
    AboveMaximum "above_maximum" 422 "Vượt điểm tối đa" "Above the maximum";
    BadOfficeHours "bad_office_hours" 422 "Giờ làm việc không hợp lệ" "The office hours do not hold together";
    BadSchedule "bad_schedule" 422 "Tiến độ không hợp lệ" "The schedule does not hold together";
    NotOneStop "not_one_stop" 422 "Đơn vị không phải Bộ phận Một cửa" "The department is not a one-stop counter";
    NumberNotReserved "number_not_reserved" 422 "Số hồ sơ chưa được cấp hoặc giữ" "The number was neither allotted nor reserved";
    NumberReservedElsewhere "number_reserved_elsewhere" 422 "Số hồ sơ được giữ cho Bộ phận Một cửa khác" "The number is reserved for another counter";
    NumbersExhausted "numbers_exhausted" 422 "Hết số hồ sơ trong ngày" "The day has no more numbers";
    ValidityNotContiguous "validity_not_contiguous" 422 "Hiệu lực các bộ quy định phải liền nhau" "Rule sets must follow each other without gap or overlap";
    LaterThanParent "later_than_parent" 422 "Sau hạn của cấp trên" "Later than what it is a part of";
    NotOwed "not_owed" 422 "Không phải giải trình nội dung này" "No explanation is owed for this";
    NoPart "no_part" 422 "Đơn vị không tham gia nhiệm vụ" "The department has no part in this task";
    BadSurvey "bad_survey" 422 "Thông tin khảo sát không nhất quán" "The survey does not hold together";
    AnswersExceedSample "answers_exceed_sample" 422 "Số câu trả lời vượt số phiếu" "There are more answers than people who were asked";
    // A warning on a bulk row
    SourceDueOnDiffers "source_due_on_differs" 422 "Hạn do hệ thống nguồn gửi khác hạn tính được" "The due date sent differs from the computed one";
}

/// One fault of a request: where it is (`/supplements/0/reason`, or a parameter's name) and what mends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub code: Code,
    pub pointer: Cow<'static, str>,
    pub detail: Text,
}

impl Fault {
    pub fn new(code: Code, pointer: impl Into<Cow<'static, str>>, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Fault { code, pointer: pointer.into(), detail: Text::new(vi, en) }
    }

    /// A fault whose code says all there is to say.
    pub fn plain(code: Code, pointer: impl Into<Cow<'static, str>>) -> Self {
        Fault { code, pointer: pointer.into(), detail: code.title() }
    }

    pub fn missing(pointer: impl Into<Cow<'static, str>>) -> Self {
        Fault::new(Code::Missing, pointer, "Phải nhập thông tin này.", "This must be given.")
    }

    pub fn unknown(pointer: impl Into<Cow<'static, str>>, code: &str) -> Self {
        Fault::new(
            Code::UnknownCode,
            pointer,
            format!("Không có mã “{code}”, hoặc mã đó không thuộc phạm vi của bạn."),
            format!("There is no “{code}”, or it is outside your sight."),
        )
    }
}

/// What a handler answers instead of a result. Rendered as `application/problem+json` at the boundary, in the
/// caller's language; `source` is for the log and never leaves the server.
#[derive(Debug)]
pub struct ApiError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    detail: Option<Text>,
    faults: Vec<Fault>,
    members: Map<String, Value>,
    source: Option<String>,
    retryable: bool,
    retry_after_s: Option<u64>,
    subject: Option<uuid::Uuid>,
}

impl ApiError {
    pub fn new(code: Code) -> Self {
        ApiError(Box::new(Inner {
            code,
            detail: None,
            faults: Vec::new(),
            members: Map::new(),
            source: None,
            retryable: false,
            retry_after_s: None,
            subject: None,
        }))
    }

    pub fn say(mut self, vi: impl Into<String>, en: impl Into<String>) -> Self {
        self.0.detail = Some(Text::new(vi, en));
        self
    }

    pub fn faults(mut self, faults: Vec<Fault>) -> Self {
        self.0.faults = faults;
        self
    }

    /// A further member of the problem document, such as `allowed` beside a refused transition.
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    pub fn because(mut self, source: impl std::fmt::Display) -> Self {
        self.0.source = Some(source.to_string());
        self
    }

    /// When to ask again, in seconds.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// The resource that this is about.
    pub fn about(mut self, subject: uuid::Uuid) -> Self {
        self.0.subject = Some(subject);
        self
    }

    pub fn subject(&self) -> Option<uuid::Uuid> {
        self.0.subject
    }

    /// A business rule is broken: 422 with every fault.
    pub fn broken(faults: Vec<Fault>) -> Self {
        ApiError::new(Code::RuleBroken).faults(faults)
    }

    pub fn not_found() -> Self {
        ApiError::new(Code::NotFound)
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    pub fn detail(&self) -> Text {
        self.0.detail.clone().unwrap_or_else(|| self.0.code.title())
    }

    pub fn fault_list(&self) -> &[Fault] {
        &self.0.faults
    }

    pub fn members(&self) -> &Map<String, Value> {
        &self.0.members
    }

    pub fn source_text(&self) -> Option<&str> {
        self.0.source.as_deref()
    }

    pub fn retry_after_s(&self) -> Option<u64> {
        self.0.retry_after_s
    }

    /// Whether the same transaction may succeed when it is run once more (serialization failure, deadlock).
    pub fn retryable(&self) -> bool {
        self.0.retryable
    }
}

impl std::error::Error for ApiError {}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.0.code.name(), self.detail().en)
    }
}

impl From<sea_orm::DbErr> for ApiError {
    fn from(error: sea_orm::DbErr) -> Self {
        use sea_orm::{DbErr, RuntimeErr};
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(e)) | DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => {
                from_sqlx(&e)
            }
            DbErr::ConnectionAcquire(e) => ApiError::new(Code::Unavailable).because(e),
            other => ApiError::new(Code::Internal).because(other),
        }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        from_sqlx(&error)
    }
}

fn from_sqlx(error: &sqlx::Error) -> ApiError {
    let state = error.as_database_error().and_then(|e| e.code());
    match state.as_deref() {
        Some("40001" | "40P01") => {
            let mut answer = ApiError::new(Code::Unavailable).because(error);
            answer.0.retryable = true;
            answer
        }
        // Statement time-out, lock time-out, server shutting down, too many connections.
        Some("57014" | "55P03" | "57P01" | "57P02" | "57P03" | "53300" | "53200") => ApiError::new(Code::Unavailable).because(error),
        // A text with a NUL, or a number or date beyond what a column holds, that reached the database in a path or cursor.
        Some("22021" | "22003" | "22008" | "22P02") => ApiError::new(Code::InvalidParameter).because(error),
        Some(_) => ApiError::new(Code::Internal).because(error),
        None => match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                ApiError::new(Code::Unavailable).because(error)
            }
            other => ApiError::new(Code::Internal).because(other),
        },
    }
}

/// Whether a statement gave up waiting for a lock.
pub fn lock_timed_out(error: &sea_orm::DbErr) -> bool {
    use sea_orm::{DbErr, RuntimeErr};
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => {
            e.as_database_error().and_then(|e| e.code()).as_deref() == Some("55P03")
        }
        _ => false,
    }
}

/// The name of the constraint that refused a statement, for the call sites that turn it into a code.
pub fn constraint(error: &sea_orm::DbErr) -> Option<String> {
    use sea_orm::{DbErr, RuntimeErr};
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => {
            e.as_database_error()?.constraint().map(str::to_owned)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_have_a_status() {
        let mut names: Vec<_> = Code::ALL.iter().map(|c| c.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|c| c.status().as_u16() >= 400));
    }
}
