//! The advice of each code.

use super::Advice;
use crate::error::Code;
use crate::text::Text;

advice! {
    MalformedBody
        "Máy chủ không đọc được nội dung: không phải JSON, NDJSON hoặc CSV hợp lệ, hay nén hỏng."
        "The body is not valid JSON, NDJSON or CSV, or its compression is broken."
        "Xem dòng và cột trong detail, sửa nội dung, kiểm tra Content-Type và Content-Encoding rồi gửi lại."
        "See the line and column in detail, mend the body, check Content-Type and Content-Encoding, send it again.";
    InvalidBody
        "Nội dung đọc được nhưng thiếu trường, thừa trường hoặc sai kiểu so với tài liệu API."
        "The body can be read, but members are missing, unknown or of another type than the contract says."
        "Sửa từng chỗ nêu trong errors; pointer chỉ đúng vị trí. Mẫu nằm trong tài liệu ở /docs/."
        "Mend each place told in errors; pointer says where. Examples are in the documentation at /docs/.";
    InvalidParameter
        "Một tham số trên đường dẫn hoặc sau dấu ? không đúng dạng, không thuộc danh mục hoặc gửi hai lần."
        "A parameter of the path or query has the wrong form, is not in its list, or is given twice."
        "Sửa các tham số nêu trong errors rồi gửi lại."
        "Mend the parameters told in errors and send it again.";
    UnknownParameter
        "Tên tham số không có trong tài liệu; máy chủ không bỏ qua để tránh kết quả sai ý."
        "The contract does not know the parameter; it is not ignored, so that no filter is lost unseen."
        "Kiểm tra chính tả; detail gợi ý tên gần nhất. Xóa tham số thừa."
        "Check the spelling; detail suggests the nearest name. Remove what is not needed.";
    InvalidHeader
        "Một tiêu đề như Idempotency-Key hoặc If-Match có ký tự hoặc độ dài không hợp lệ."
        "A header such as Idempotency-Key or If-Match has characters or a length that is not allowed."
        "Dùng ký tự ASCII in được; Idempotency-Key dài 1–255 ký tự và chỉ gửi một lần."
        "Use printable ASCII; Idempotency-Key has 1–255 characters and is sent once.";
    CursorMismatch
        "Con trỏ trang không do danh sách này cấp, hoặc bộ lọc, thứ tự đã đổi giữa chừng."
        "The cursor was not given by this list, or filter or order have changed meanwhile."
        "Bắt đầu lại từ trang đầu, bỏ cursor và giữ nguyên bộ lọc khi sang trang."
        "Begin at the first page without cursor, and keep the filter while paging.";
    Unauthenticated
        "Yêu cầu không kèm mã đăng nhập."
        "The request carries no token."
        "Đăng nhập lại. Phần mềm: gửi Authorization: Bearer với access_token."
        "Sign in. Programs send Authorization: Bearer with the access_token.";
    InvalidToken
        "Mã đăng nhập sai, hết hạn (tối đa 15 phút), hoặc phiên, tài khoản, mã bí mật đã bị thu hồi."
        "The token is wrong or has expired (15 minutes at most), or its session, account or secret was revoked."
        "Làm mới phiên bằng refresh_token; nếu vẫn bị từ chối thì đăng nhập lại."
        "Refresh the session with refresh_token; sign in again when that is refused, too.";
    InvalidCredentials
        "Tên đăng nhập hoặc mật khẩu không đúng, hoặc tài khoản đã ngừng."
        "User name or password is wrong, or the account is not active."
        "Nhập lại cẩn thận; quên mật khẩu thì nhờ quản trị hệ thống. Sai nhiều lần sẽ bị tạm khóa."
        "Type them again with care; an administrator can set a new password. Many failures lock signing in for a while.";
    Forbidden
        "Bạn thấy được đối tượng này nhưng vai trò của bạn không được làm việc này với đơn vị đó."
        "You may see it, but your roles do not allow this act for that department."
        "Nhờ người có thẩm quyền làm, hoặc đề nghị quản trị hệ thống cấp vai trò phù hợp."
        "Ask someone who may, or have an administrator grant you a fitting role.";
    NotFound
        "Không có đối tượng như vậy, hoặc nó nằm ngoài phạm vi bạn được xem."
        "There is nothing of the kind, or it is outside what you may see."
        "Kiểm tra mã hoặc địa chỉ. Nếu chắc chắn có, hỏi đơn vị đang quản lý."
        "Check the code or address. If it should exist, ask the department that keeps it.";
    MethodNotAllowed
        "Địa chỉ này có, nhưng không nhận phương thức HTTP đã dùng."
        "The address exists, but does not take this HTTP method."
        "Dùng một trong các phương thức nêu ở tiêu đề Allow."
        "Use one of the methods told in the Allow header.";
    NotAcceptable
        "Không trả được định dạng ghi trong tiêu đề Accept."
        "None of the formats in the Accept header is offered."
        "Chọn một định dạng nêu trong detail, ví dụ application/json hoặc text/csv."
        "Choose a format told in detail, such as application/json or text/csv.";
    RequestTimeout
        "Nội dung gửi lên đến quá chậm hoặc ngắt quãng quá lâu."
        "The body came too slowly or paused for too long."
        "Kiểm tra đường truyền rồi gửi lại, kèm cùng Idempotency-Key. Tệp lớn: nén gzip."
        "Check the network and send it again with the same Idempotency-Key. Compress large files.";
    TransitionNotAllowed
        "Trạng thái hiện tại không cho phép việc này: from là trạng thái, allowed là những việc làm được."
        "The present state does not allow the act: from is the state, allowed is what may be done."
        "Tải lại hồ sơ, xem allowed_acts và làm việc phù hợp."
        "Load the dossier again, look at allowed_acts and do what fits.";
    SlipNotApplicable
        "Hồ sơ chưa có sự việc mà phiếu này ghi nhận, ví dụ chưa có yêu cầu bổ sung."
        "What the slip tells of has not happened to the dossier, such as a supplement request."
        "Thực hiện việc đó trước, hoặc chọn loại phiếu khác."
        "Do that act first, or choose another kind of slip.";
    NoRuleSet
        "Không bộ quy định nào có hiệu lực vào ngày tiếp nhận hồ sơ."
        "No rule set was in force on the day the dossier was accepted."
        "Quản trị hệ thống bổ sung bộ quy định cho thời gian đó."
        "An administrator adds a rule set for that time.";
    CodeTaken
        "Mã đã thuộc về một đối tượng khác."
        "The code belongs to something else already."
        "Dùng mã khác, hoặc sửa đối tượng đang mang mã đó."
        "Use another code, or change what has it.";
    ReservationOver
        "Đợt giữ số đã hết hạn hoặc đã trả lại nên không dùng hay trả được nữa."
        "The block of numbers has expired or was released and cannot be used or released again."
        "Giữ một đợt số mới."
        "Reserve a new block.";
    PeriodLocked
        "Số liệu của đơn vị trong kỳ này đã nộp hoặc đã duyệt nên không sửa được như thường."
        "The figures of the department for this period were submitted or approved and are held."
        "Rút lại hoặc đề nghị trả lại; người duyệt được đính chính kèm correction_reason."
        "Withdraw them or have them returned; who approves may correct them with correction_reason.";
    ConcurrentChange
        "Cùng lúc đó một yêu cầu khác đã sửa đúng dữ liệu này; không có gì được ghi."
        "Another request changed the same at that moment; nothing was written."
        "Tải lại, xem thay đổi rồi gửi lại."
        "Load it again, look at the change and retry.";
    IdempotencyInProgress
        "Yêu cầu trước cùng Idempotency-Key vẫn đang được xử lý."
        "An earlier request with the same Idempotency-Key is still under way."
        "Đợi vài giây rồi gửi lại đúng yêu cầu đó với cùng khóa."
        "Wait some seconds and send the same request with the same key.";
    VersionMismatch
        "Có người đã sửa sau khi bạn mở: changed_by và changed_fields cho biết ai và những gì."
        "It was changed after you had loaded it: changed_by and changed_fields say by whom and what."
        "Tải lại, đối chiếu thay đổi rồi gửi lại với If-Match mới."
        "Load it again, compare, and send it with the new If-Match.";
    AlreadyExists
        "Bạn yêu cầu chỉ tạo mới (If-None-Match: *) nhưng mã này đã có."
        "You asked to create only (If-None-Match: *), but it exists."
        "Dùng mã khác, hoặc bỏ If-None-Match và gửi If-Match để sửa."
        "Use another code, or send If-Match instead in order to change it.";
    BodyTooLarge
        "Nội dung sau giải nén vượt giới hạn của máy chủ."
        "The body, unpacked, is beyond the limit of the server."
        "Chia nhỏ, hoặc dùng địa chỉ nạp hàng loạt (…/bulk)."
        "Split it, or use the bulk load (…/bulk).";
    UnsupportedMediaType
        "Content-Type hoặc Content-Encoding không thuộc các kiểu được nhận."
        "Content-Type or Content-Encoding is none of those taken."
        "Đặt Content-Type đúng như detail nêu, thường là application/json."
        "Set Content-Type as detail says, usually application/json.";
    RuleBroken
        "Nội dung đúng cấu trúc nhưng vi phạm một hay nhiều quy tắc nghiệp vụ; không có gì được ghi."
        "The body has the right shape but breaks business rules; nothing was written."
        "Sửa mọi lỗi trong errors: tất cả được nêu trong một lần."
        "Mend every fault in errors: all are told at once.";
    TooManyRows
        "Bảng tính không chứa hết số dòng."
        "A spreadsheet cannot hold so many rows."
        "Thu hẹp kỳ hoặc bộ lọc, hoặc lấy CSV."
        "Narrow the period or filter, or take CSV.";
    RowsRejected
        "Nạp theo kiểu atomic: có dòng sai nên cả lần nạp không được ghi."
        "In an atomic load some rows were refused, so nothing was written."
        "Sửa các dòng nêu trong results, hoặc nạp với mode=best_effort để ghi các dòng đúng."
        "Mend the rows in results, or load with mode=best_effort to write the good ones.";
    IdempotencyKeyReused
        "Khóa này đã dùng cho một nội dung khác trong 7 ngày qua."
        "The key was used with another body within the last 7 days."
        "Mỗi yêu cầu mới dùng một khóa mới; chỉ giữ khóa khi gửi lại y nguyên."
        "Use a new key for each new request; keep it only for an exact repetition.";
    PreconditionRequired
        "Sửa hoặc xử lý cái đã có phải nói rõ dựa trên phiên bản nào."
        "A change to what exists must say which version it was decided on."
        "Đọc đối tượng, lấy ETag và gửi vào If-Match."
        "Read it, take its ETag and send that as If-Match.";
    TooManyRequests
        "Bạn hoặc địa chỉ này gửi dày hơn mức cho phép."
        "You or this address ask more often than allowed."
        "Đợi số giây ở Retry-After; theo dõi RateLimit; nạp nhiều dòng bằng …/bulk."
        "Wait as Retry-After says; watch RateLimit; use …/bulk for many rows.";
    SignInLocked
        "Nhập sai nhiều lần nên tài khoản hoặc địa chỉ bị tạm khóa đăng nhập."
        "After many failures signing in is locked for the account or address."
        "Đợi số giây ở Retry-After rồi đăng nhập đúng; nếu không phải bạn, báo quản trị hệ thống."
        "Wait as Retry-After says, then sign in; tell an administrator if it was not you.";
    Internal
        "Máy chủ gặp lỗi ngoài dự kiến; không có gì được ghi."
        "Something unexpected failed in the server; nothing was written."
        "Gửi lại một lần với cùng Idempotency-Key; nếu vẫn lỗi, báo quản trị kèm request_id."
        "Retry once with the same Idempotency-Key; if it fails again, report request_id.";
    Unavailable
        "Cơ sở dữ liệu tạm bận hoặc mất kết nối; không có gì được ghi."
        "The database is busy or away for the moment; nothing was written."
        "Đợi số giây ở Retry-After rồi gửi lại với cùng Idempotency-Key."
        "Wait as Retry-After says and send it again with the same Idempotency-Key.";
    Overloaded
        "Quá nhiều yêu cầu cùng lúc nên máy chủ từ chối bớt."
        "Too many requests came at once, so some are turned away."
        "Đợi số giây ở Retry-After rồi gửi lại; giảm số yêu cầu song song."
        "Wait as Retry-After says, then retry with fewer requests at a time.";
    Required
        "Thiếu một trường mà tài liệu API bắt buộc."
        "A member that the contract requires is missing."
        "Thêm trường nêu ở pointer."
        "Add the member told by pointer.";
    WrongType
        "Giá trị khác kiểu, ví dụ chữ thay cho số."
        "The value has another type, such as text for a number."
        "Gửi đúng kiểu trong tài liệu API; số không đặt trong ngoặc kép."
        "Send the type in the contract; numbers are not quoted.";
    WrongFormat
        "Giá trị đúng kiểu nhưng sai dạng, ví dụ ngày viết 19/4/2022."
        "The type is right but not the form, such as a date written 19/4/2022."
        "Ngày viết 2022-04-19; thời điểm viết 2022-04-19T08:30:00+07:00."
        "Dates are 2022-04-19, instants 2022-04-19T08:30:00+07:00.";
    NotInList
        "Giá trị không thuộc danh mục cho phép."
        "The value is none of those allowed."
        "Chọn một giá trị nêu trong detail."
        "Choose one that detail names.";
    TooLong
        "Nội dung dài hơn giới hạn của trường."
        "The text is longer than the member may be."
        "Rút gọn theo số ký tự nêu trong detail."
        "Shorten it to the number of characters in detail.";
    TooShort
        "Nội dung hoặc danh sách ngắn hơn mức tối thiểu."
        "The text or list is shorter than it must be."
        "Nhập đủ số lượng nêu trong detail."
        "Give as much as detail says.";
    OutOfRange
        "Con số nhỏ hơn hoặc lớn hơn khoảng cho phép."
        "The number is below or above its range."
        "Nhập số trong khoảng nêu ở detail."
        "Give a number within the range in detail.";
    UnknownField
        "Trường không có trong tài liệu API; máy chủ không bỏ qua để tránh mất dữ liệu."
        "The contract does not know the member; it is not ignored, so that nothing is lost unseen."
        "Kiểm tra tên trường hoặc xóa nó."
        "Check its name or remove it.";
    Missing
        "Trường được phép trống nhưng ở trường hợp này phải có."
        "The member may be absent in general, but is needed here."
        "Bổ sung thông tin nêu ở pointer."
        "Give what pointer names.";
    UnknownCode
        "Mã không tồn tại hoặc ngoài phạm vi bạn được xem."
        "There is no such code, or it is outside what you may see."
        "Kiểm tra mã; nếu là danh mục mới, tạo trước rồi dùng."
        "Check the code; create what it names before you use it.";
    NotPermitted
        "Bạn không có quyền với đơn vị nêu trong dòng này."
        "You have no right to act for the department this names."
        "Chọn đơn vị của bạn, hoặc nhờ người có thẩm quyền gửi."
        "Name your own department, or have someone send it who may.";
    NotValidThen
        "Đơn vị, thủ tục hoặc chỉ tiêu không có hiệu lực vào ngày đó."
        "The department, procedure or indicator was not in force on that day."
        "Kiểm tra ngày, hoặc dùng mã kế nhiệm đang có hiệu lực."
        "Check the date, or use the successor that was in force.";
    DatesBackwards
        "Một mốc sau lại đứng trước mốc trước nó, ví dụ trả kết quả trước khi tiếp nhận."
        "What comes later is dated before what comes first, such as a return before the receipt."
        "Đối chiếu sổ sách và sửa ngày giờ sai."
        "Compare the records and mend the wrong date.";
    DateInFuture
        "Ngày giờ ghi nhận muộn hơn hiện tại."
        "What is told as done lies in the future."
        "Sửa ngày; kiểm tra đồng hồ và múi giờ của máy gửi."
        "Mend the date; check clock and time zone of the sender.";
    OverlappingPauses
        "Hai lần tạm dừng tính thời hạn chồng lên nhau."
        "Two pauses of the clock overlap."
        "Kết thúc lần trước rồi mới bắt đầu lần sau; sửa các mốc."
        "End one before the next begins; mend the instants.";
    CalendarMissing
        "Năm cần để tính thời hạn chưa có lịch làm việc; máy chủ không tự đoán."
        "A year needed for the due date has no calendar; it is never guessed."
        "Quản trị hệ thống nhập lịch của năm nêu trong detail."
        "An administrator enters the calendar of the year in detail.";
    LimitOutOfRange
        "Thời hạn giải quyết bằng không, âm hoặc quá dài."
        "The time limit is zero, negative or too long."
        "Nhập lại theo quyết định công bố thủ tục."
        "Give it as the decision on the procedure states.";
    DuplicateInPayload
        "Một mã xuất hiện nhiều lần trong cùng lần nạp; mọi dòng đó bị từ chối."
        "One key occurs several times in a load; every such row is refused."
        "Giữ lại một dòng cho mỗi mã."
        "Keep one row for each key.";
    DoesNotExist
        "Bạn chọn chỉ cập nhật (strategy=update) nhưng mã chưa có."
        "You chose to update only (strategy=update), but there is no such code."
        "Dùng strategy=upsert, hoặc tạo trước."
        "Use strategy=upsert, or create it first.";
    Exists
        "Bạn chọn chỉ tạo mới (strategy=create) nhưng mã đã có."
        "You chose to create only (strategy=create), but the code exists."
        "Dùng strategy=upsert, hoặc bỏ dòng đó."
        "Use strategy=upsert, or leave the row out.";
    InconsistentDecision
        "Kết quả giải quyết trái với các thông tin khác của hồ sơ, ví dụ đã trả mà chưa có kết quả."
        "The decision does not fit the other facts, such as a return without a decision."
        "Đối chiếu hồ sơ giấy và sửa trường sai."
        "Compare the paper file and mend what is wrong.";
    CircularParent
        "Đơn vị cấp trên lại trực thuộc chính đơn vị này."
        "The department above is itself below this one."
        "Chọn đơn vị cấp trên khác."
        "Choose another department above.";
    NotLaterThanDue
        "Ngày hẹn lại không muộn hơn hạn đang có hiệu lực."
        "The new date is not later than the due date in force."
        "Chọn ngày sau hạn đó."
        "Choose a later day.";
    InUse
        "Đang có dữ liệu dùng đến nên không đổi hoặc bỏ được."
        "Other data use it, so it cannot be changed or removed."
        "Đặt ngày hết hiệu lực thay vì xóa, hoặc chuyển dữ liệu sang cái khác trước."
        "End its validity instead, or move what uses it first.";
    BadMeasurement
        "Số đo không khớp định nghĩa chỉ tiêu, ví dụ thiếu mẫu số hoặc vượt 100 %."
        "The measurement does not fit the indicator, such as no denominator, or more than 100 %."
        "Xem đơn vị và cách tính của chỉ tiêu rồi nhập lại."
        "Look at unit and formula of the indicator and give it again.";
    BadIndicator
        "Các phần của định nghĩa chỉ tiêu mâu thuẫn nhau."
        "The parts of the indicator's definition contradict each other."
        "Sửa đơn vị, nguồn hoặc chỉ tiêu giao như detail nêu."
        "Mend unit, source or targets as detail says.";
    BadCriterion "Tiêu chí có điều mâu thuẫn: tiêu chí có thành phần mà lại có cách chấm, thang điểm không hợp lệ, số liệu không đúng cách chấm." "The criterion contradicts itself: it has parts and a kind of its own, its bands do not run downwards, or the score does not fit its kind."
        "Sửa chỗ nêu trong errors: chỉ tiêu chí không có thành phần mới được chấm; thang điểm có mốc khác nhau, mỗi mốc một cách tính." "Mend what errors tells: only a criterion without parts is scored; bands begin at different figures and say one way of counting each.";
    AboveMaximum "Điểm lớn hơn điểm tối đa của tiêu chí, hoặc tổng điểm tối đa của các thành phần lớn hơn của tiêu chí cha." "The points are more than the criterion's maximum, or the maxima of its parts are more together than its own."
        "Giảm điểm, hoặc sửa điểm tối đa trong bộ tiêu chí trước." "Give fewer points, or change the maximum in the sheet first.";
    BadOfficeHours
        "Giờ làm việc chồng nhau, ngược hoặc trống."
        "The office hours overlap, run backwards or are empty."
        "Nhập các buổi theo thứ tự, không chồng nhau."
        "Give the sessions in order and apart.";
    BadSchedule
        "Tiến độ của nhiệm vụ thiếu hoặc mâu thuẫn về thời gian."
        "The schedule of the task lacks a time or contradicts itself."
        "Sửa kiểu tiến độ và các mốc như detail nêu."
        "Mend its kind and dates as detail says.";
    NotOneStop
        "Đơn vị tiếp nhận không phải Bộ phận Một cửa."
        "The receiving department is not a one-stop counter."
        "Chọn Bộ phận Một cửa, hoặc bật one_stop cho đơn vị."
        "Choose a counter, or have one_stop set for the department.";
    NumberNotReserved
        "Số hồ sơ tự ghi không do hệ thống cấp và không thuộc đợt giữ nào."
        "The number was neither allotted by the system nor part of a reserved block."
        "Dùng số trong đợt đã giữ, hoặc để trống để hệ thống cấp."
        "Use one of a reserved block, or leave it out to be given one.";
    NumberReservedElsewhere
        "Số thuộc đợt giữ của Bộ phận Một cửa khác."
        "The number belongs to another counter's block."
        "Dùng số của đợt mình giữ."
        "Use a number of your own block.";
    NumbersExhausted
        "Đã dùng hết số của ngày."
        "All numbers of the day are used."
        "Trả lại các đợt giữ không dùng, hoặc báo quản trị hệ thống."
        "Release blocks that are not needed, or tell an administrator.";
    ValidityNotContiguous
        "Hiệu lực các bộ quy định phải nối tiếp, không hở, không chồng."
        "Rule sets must follow each other without gap or overlap."
        "Đặt ngày bắt đầu ngay sau ngày kết thúc của bộ trước."
        "Let it begin the day after the one before ends.";
    LaterThanParent
        "Hạn mới vượt quá hạn của nhiệm vụ cấp trên hoặc ngày cuối của kế hoạch."
        "The new date is later than the task above is due, or than the plan ends."
        "Chọn ngày sớm hơn, hoặc gia hạn nhiệm vụ cấp trên trước."
        "Choose an earlier day, or have the task above extended first.";
    NoPart
        "Đơn vị không chủ trì cũng không phối hợp nhiệm vụ này."
        "The department neither leads nor supports the task."
        "Chọn đơn vị có trong nhiệm vụ, hoặc sửa kế hoạch."
        "Name a department of the task, or change the plan.";
    BadSurvey
        "Thông tin của đợt khảo sát mâu thuẫn nhau, ví dụ cộng các lĩnh vực nhiều hơn số chung, hoặc chỉ tiêu không lấy từ khảo sát."
        "The members of the survey contradict each other, such as fields that add up to more than the whole, or an indicator that is not surveyed."
        "Đối chiếu với bảng tổng hợp phiếu rồi sửa trường được nêu."
        "Compare with the tally of the forms and correct the member named.";
    AnswersExceedSample
        "Số phiếu thu về lớn hơn cỡ mẫu, hoặc một câu hỏi có nhiều câu trả lời hơn số phiếu thu về."
        "More forms came back than people were to be asked, or a question has more answers than forms came back."
        "Xem lại cỡ mẫu, số phiếu thu về và số đếm từng mức, kể cả số không trả lời."
        "Look at the sample, the respondents and the counts of each level, those without an answer included.";
    BadDocument
        "Thông tin của văn bản mâu thuẫn nhau, hoặc văn bản đã hủy không được sửa."
        "What is said of the document does not hold together, or it was voided and stays as it is."
        "Đối chiếu số, ngày, sổ và đơn vị với văn bản giấy; sửa chỗ nêu trong errors."
        "Compare number, dates, book and department with the paper; mend what errors tell.";
    NumberTaken
        "Số này đã có trong sổ của năm ở cơ quan này; số của văn bản đã hủy vẫn được giữ."
        "The number is taken in this book and year of the agency; a voided document keeps its own."
        "Kiểm tra số, sổ và năm; dùng số chưa cấp."
        "Check number, book and year; use one that is free.";
    NotOwed
        "Đơn vị không phải giải trình nội dung này trong kỳ đã nêu."
        "The department owes no explanation of this for that period."
        "Xem nội dung phải giải trình ở /api/v1/explanations/owed rồi chọn lại."
        "See what is owed at /api/v1/explanations/owed and choose again.";
    SourceDueOnDiffers
        "Cảnh báo khi nạp: hạn hệ thống nguồn gửi khác hạn tính theo quy định; hạn tính được giữ nguyên."
        "A warning on a load: the due date sent differs from the computed one, which stands."
        "Không bắt buộc; kiểm tra lịch và thời hạn ở hệ thống nguồn."
        "Nothing must be done; check calendar and limit in the source system.";
}
