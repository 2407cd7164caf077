"use strict";
// What the page says, in both languages; and how figures and dates are written in Vietnam.
const WORDS = {
  skip: ["Đến nội dung", "To the content"],
  title: ["Bảng điều hành", "Dashboard"],
  signIn: ["Đăng nhập", "Sign in"],
  signInHint: ["Bằng tài khoản được cấp trên hệ thống.", "With your account of this system."],
  signOut: ["Đăng xuất", "Sign out"],
  username: ["Tên đăng nhập", "Username"],
  password: ["Mật khẩu", "Password"],
  needBoth: ["Nhập tên đăng nhập và mật khẩu.", "Enter username and password."],
  signedOut: ["Phiên làm việc đã hết, hãy đăng nhập lại.", "Your session has ended; sign in again."],
  choose: ["Chọn kỳ và đơn vị", "Choose period and department"],
  year: ["Năm", "Year"],
  period: ["Kỳ", "Period"],
  cut: ["Cách tính kỳ", "Periods are cut"],
  calendar: ["Theo lịch", "By the calendar"],
  administrative: ["Kỳ báo cáo (15–14)", "Administrative (15–14)"],
  department: ["Đơn vị", "Department"],
  everything: ["Tất cả trong phạm vi được xem", "Everything in your sight"],
  print: ["In", "Print"],
  wholeYear: ["Cả năm", "Whole year"],
  half: ["6 tháng", "Half-year"],
  firstHalf: ["6 tháng đầu năm", "First half"],
  secondHalf: ["6 tháng cuối năm", "Second half"],
  nineMonths: ["9 tháng", "Nine months"],
  quarter: ["Quý", "Quarter"],
  month: ["Tháng", "Month"],
  attention: ["Cần xử lý ngay", "Needs attention now"],
  nothingWaits: ["Không có việc gì đang chờ.", "Nothing is waiting."],
  indicators: ["Chỉ tiêu", "Indicators"],
  others: ["Chỉ tiêu không có mục tiêu và chỉ số thành phần", "Indicators without a target, and parts of indices"],
  target: ["Mục tiêu", "Target"],
  noTarget: ["Không có mục tiêu", "No target"],
  met: ["Đạt", "Met"],
  not_met: ["Chưa đạt", "Not met"],
  no_data: ["Chưa có số liệu", "No figure"],
  no_target: ["Không có mục tiêu", "No target"],
  zero_denominator: ["Không phát sinh trong kỳ", "Nothing in the period"],
  no_measurement: ["Chưa nhập số đo", "Not measured yet"],
  no_data_source: ["Chưa có nguồn số liệu", "No source yet"],
  than: ["so với", "against"],
  unchanged: ["không đổi so với", "the same as"],
  noCourse: ["Chưa có kỳ khác để so sánh", "No other period to compare with"],
  dossiers: ["Hồ sơ thủ tục hành chính", "Dossiers"],
  received_total: ["Tổng số tiếp nhận", "Received"],
  received_online: ["Tiếp nhận trực tuyến", "Received online"],
  received_direct_postal: ["Trực tiếp, bưu chính", "Directly or by post"],
  carried_over: ["Từ kỳ trước", "Carried over"],
  resolved_total: ["Đã giải quyết", "Resolved"],
  resolved_early: ["Trước hạn", "Early"],
  resolved_on_time: ["Đúng hạn", "On time"],
  resolved_late: ["Quá hạn", "Late"],
  open_total: ["Đang giải quyết", "Open"],
  open_in_time: ["Trong hạn", "In time"],
  open_overdue: ["Đang quá hạn", "Overdue"],
  rate: ["Đúng hạn %", "On time %"],
  byMonth: ["Kết quả theo tháng tiếp nhận", "Outcomes by month of acceptance"],
  compared: ["Tỷ lệ giải quyết đúng hạn theo đơn vị", "Resolved on time, by department"],
  byDepartment: ["Tình hình giải quyết theo đơn vị (biểu II.06a)", "Results of handling by department (form II.06a)"],
  findings: ["Thiếu sót phát hiện trong kỳ", "Findings of the period"],
  withFindings: ["hồ sơ có thiếu sót", "dossiers with findings"],
  noFindings: ["Không có thiếu sót nào.", "No findings."],
  tasks: ["Nhiệm vụ", "Tasks"],
  noTasks: ["Không có nhiệm vụ nào.", "No tasks."],
  taskLine: ["lượt nhiệm vụ; đến hạn {due}, đúng hạn {onTime}; trễ hoặc gia hạn {late}", "times of tasks; {due} due, {onTime} on time; {late} late or extended"],
  documents: ["Văn bản đi", "Outgoing documents"],
  outgoing: ["Văn bản đi trong kỳ", "Outgoing in the period"],
  sent_electronically: ["Gửi điện tử (không tính văn bản mật)", "Sent electronically (secret ones left out)"],
  drafted_in_e_office: ["Tham mưu, duyệt trên E-Office", "Drafted and approved in E-Office"],
  total: ["Tổng cộng", "Total"],
  kind: ["Loại", "Kind"],
  count: ["Số lượng", "Count"],
  state: ["Trạng thái", "State"],
  noDossiers: ["Không có hồ sơ trong kỳ.", "No dossiers in the period."],
  goodOutcome: ["Đúng hạn", "On time"],
  lateSorry: ["Trễ hạn, có xin lỗi", "Late, with apology"],
  lateOutcome: ["Trễ hoặc quá hạn", "Late or overdue"],
  openOutcome: ["Đang giải quyết, chờ", "Open or waiting"],
  refusedOutcome: ["Từ chối, dừng", "Refused, terminated"],
  withdrawnOutcome: ["Rút", "Withdrawn"],
  close: ["Đóng", "Close"],
  back: ["← Quay lại danh sách", "← Back to the list"],
  history: ["Quá trình giải quyết", "What happened"],
  more: ["Xem thêm", "More"],
  empty: ["Không có dòng nào.", "Nothing to show."],
  shown: ["Đang hiện {n} dòng", "{n} rows shown"],
  loading: ["Đang tải…", "Loading…"],
  loaded: ["Đã tải xong.", "Loaded."],
  madeOf: ["Hợp thành từ", "Made of"],
  course: ["Diễn biến", "Course"],
  value: ["Giá trị", "Value"],
  numerator: ["Tử số", "Numerator"],
  denominator: ["Mẫu số", "Denominator"],
  parts: ["{n} trên {d}", "{n} of {d}"],
  source: ["Nguồn", "Source"],
  asOf: ["Từ {from} đến {to} · tính đến hết ngày {asOf} · lập lúc {at}", "{from} to {to} · judged at the end of {asOf} · made at {at}"],
  noConnection: ["Không kết nối được với máy chủ. Hãy thử lại.", "The server cannot be reached. Try again."],
  failed: ["Máy chủ không trả lời được ({status}).", "The server could not answer ({status})."],
  notAllowed: ["Tài khoản này không được xem bảng điều hành.", "This account may not see the dashboard."],
  kpiSum: ["{met} đạt · {not} chưa đạt · {none} chưa có số liệu, trên {all} chỉ tiêu có mục tiêu", "{met} met · {not} not met · {none} without a figure, of {all} with a target"],
  open: ["Mở", "Open"],
  yes: ["Có", "Yes"],
  no: ["Không", "No"],
};

// Codes that come from the API, as people say them.
const CODES = {
  on_time: ["Đúng hạn", "On time"], early: ["Trước hạn", "Early"], late: ["Quá hạn", "Late"], in_time: ["Trong hạn", "In time"],
  overdue: ["Quá hạn", "Overdue"], not_applicable: ["Không xét", "Not applicable"], late_with_apology: ["Trễ hạn, có xin lỗi", "Late, with apology"],
  late_without_apology: ["Trễ hạn, không xin lỗi", "Late, no apology"], supplement_requested: ["Chờ bổ sung", "Supplement requested"],
  suspended: ["Tạm dừng", "Suspended"], overdue_with_apology: ["Quá hạn, đã xin lỗi", "Overdue, apologised"], in_progress: ["Đang giải quyết", "In progress"],
  submitted: ["Mới nộp", "Submitted"], awaiting_completion: ["Chờ hoàn thiện", "Awaiting completion"], not_accepted: ["Không tiếp nhận", "Not accepted"],
  accepted: ["Đã tiếp nhận", "Accepted"], processing: ["Đang giải quyết", "Processing"], awaiting_supplement: ["Chờ bổ sung", "Awaiting supplement"],
  awaiting_fee: ["Chờ nghĩa vụ tài chính", "Awaiting fee"], resolved: ["Đã giải quyết", "Resolved"], returned: ["Đã trả kết quả", "Returned"],
  refused: ["Từ chối", "Refused"], terminated: ["Dừng giải quyết", "Terminated"], withdrawn: ["Đã rút", "Withdrawn"], voided: ["Đã hủy", "Voided"],
  direct: ["Trực tiếp", "Direct"], online: ["Trực tuyến", "Online"], postal: ["Bưu chính", "Postal"],
  not_started: ["Chưa thực hiện", "Not started"], due_soon: ["Sắp đến hạn", "Due soon"], done_on_time: ["Hoàn thành đúng hạn", "Done on time"],
  done_late: ["Hoàn thành quá hạn", "Done late"], handed_in: ["Đã nộp", "Handed in"], cancelled: ["Đã hủy", "Cancelled"],
  overdue_internally: ["Quá hạn nội bộ", "Overdue internally"], upcoming: ["Chưa đến hạn", "Upcoming"], consolidated: ["Đã tổng hợp", "Consolidated"],
  raised: ["Đã phản ánh", "Raised"], escalated: ["Trình Giám đốc", "Escalated"], owed: ["Chưa giải trình", "Owed"], draft: ["Dự thảo", "Draft"],
  submission: ["Nộp hồ sơ", "Submission"], acceptance: ["Tiếp nhận", "Acceptance"], "non-acceptance": ["Từ chối tiếp nhận", "Non-acceptance"],
  "completion-request": ["Hướng dẫn hoàn thiện", "Completion request"], completion: ["Hoàn thiện hồ sơ", "Completion"], "supplement-request": ["Yêu cầu bổ sung", "Supplement request"],
  fulfilment: ["Bổ sung xong", "Fulfilment"], "fee-request": ["Yêu cầu nghĩa vụ tài chính", "Fee request"], payment: ["Đã nộp", "Payment"], suspension: ["Tạm dừng", "Suspension"],
  "suspension-end": ["Hết tạm dừng", "End of suspension"], consultation: ["Lấy ý kiến", "Consultation"], "consultation-answer": ["Trả lời ý kiến", "Answer"],
  "consultation-reminder": ["Đôn đốc", "Reminder"], "consultation-escalation": ["Báo cáo cấp trên", "Escalation"], apology: ["Xin lỗi, hẹn lại", "Apology"], transfer: ["Chuyển đơn vị", "Transfer"],
  "calendar-revision": ["Tính lại theo lịch", "Calendar revision"], resolution: ["Giải quyết xong", "Resolution"], refusal: ["Từ chối giải quyết", "Refusal"], termination: ["Dừng giải quyết", "Termination"],
  return: ["Trả kết quả", "Return of results"], withdrawal: ["Rút hồ sơ", "Withdrawal"], void: ["Hủy", "Void"],
  dossier: ["Hồ sơ", "Dossier"], task: ["Nhiệm vụ", "Task"], document: ["Văn bản", "Document"], measurement: ["Số đo", "Measurement"], indicator: ["Chỉ tiêu", "Indicator"],
  outgoing: ["Văn bản đi", "Outgoing"], incoming: ["Văn bản đến", "Incoming"], normal: ["Thường", "Normal"],
};

// Columns of lists that are known, by the member that shows what kind of list it is.
const COLUMNS = {
  code: ["Mã số", "Code"], procedure: ["Thủ tục", "Procedure"], resolving_department: ["Đơn vị giải quyết", "Department"], channel: ["Hình thức", "Channel"],
  accepted_at: ["Tiếp nhận", "Accepted"], due_on: ["Hạn trả", "Due"], finished_on: ["Giải quyết xong", "Finished"], status: ["Trạng thái", "Status"],
  outcome: ["Kết quả", "Outcome"], timeliness: ["Thời hạn", "Timeliness"], title: ["Nội dung", "Title"], lead: ["Chủ trì", "Lead"], state: ["Trạng thái", "State"],
  plan: ["Kế hoạch", "Plan"], completed_on: ["Hoàn thành", "Completed"], number: ["Số", "Number"], symbol: ["Ký hiệu", "Symbol"], issued_on: ["Ngày văn bản", "Issued"],
  summary: ["Trích yếu", "Summary"], department: ["Đơn vị", "Department"], department_name: ["Đơn vị", "Department"], kind: ["Loại", "Kind"], raised_on: ["Ngày nêu", "Raised"],
  what: ["Báo cáo", "Report"], period: ["Kỳ", "Period"], internal_due_on: ["Hạn nội bộ", "Internal day"], missing: ["Chưa nộp", "Missing"], value: ["Giá trị", "Value"],
  numerator: ["Tử số", "Numerator"], denominator: ["Mẫu số", "Denominator"], kpi: ["Chỉ tiêu", "Indicator"], field: ["Lĩnh vực", "Field"], key: ["Mã", "Code"],
  name: ["Tên", "Name"], day: ["Ngày", "Day"], days_late: ["Ngày làm việc đã trễ", "Working days late"], text: ["Nội dung", "Text"], target: ["Mục tiêu", "Target"],
  comparator: ["So sánh", "Comparison"], met: ["Đạt", "Met"], reason: ["Lý do", "Reason"], duty: ["Chế độ báo cáo", "Duty"], cause: ["Nguyên nhân", "Cause"],
  note: ["Ghi chú", "Note"], recorded_at: ["Ghi nhận", "Recorded"], finished_at: ["Giải quyết xong", "Finished"], first_due_on: ["Hạn ban đầu", "First due"],
  evidence: ["Tài liệu", "Evidence"], drafted_in_e_office: ["Tham mưu E-Office", "Drafted in E-Office"], sent_electronically: ["Gửi điện tử", "Sent electronically"],
  at: ["Lúc", "At"], act: ["Việc", "Act"], document_no: ["Số văn bản", "Document"], recorded_by: ["Người nhập", "Entered by"],
  on: ["Ngày tính", "Counted on"], in_numerator: ["Tính vào tử số", "In the numerator"], occurrence: ["Lần thực hiện", "Occurrence"],
  local_code: ["Mục", "Item"], total: ["Tổng số", "Total"], agency: ["Cơ quan", "Agency"],
};

let lang = sessionStorage.getItem("dunghen.lang") === "en" ? "en" : "vi";
const pick = pair => pair[lang === "en" ? 1 : 0];
const say = (word, values = {}) => pick(WORDS[word] ?? [word, word]).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const told = code => (code in CODES ? pick(CODES[code]) : code);
const locale = () => (lang === "en" ? "en-GB" : "vi-VN");
const count = n => new Intl.NumberFormat(locale(), { maximumFractionDigits: 2 }).format(n);
const exact = n => new Intl.NumberFormat(locale(), { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(n);
const figure = (n, unit) => (unit === "percent" ? `${exact(n)} %` : count(n));
const day = iso => iso.slice(0, 10).split("-").reverse().join("/");
// The API tells instants at the time of Vietnam.
const instant = iso => `${day(iso)} ${iso.slice(11, 16)}`;
const compared = { ">=": "≥", "<=": "≤", "=": "=" };

// `2022-04` as people say it.
function periodName(code) {
  const [year, part] = [code.slice(0, 4), code.slice(4)];
  if (!part) return lang === "en" ? year : `năm ${year}`;
  if (part === "-9M") return `${say("nineMonths").toLowerCase()} ${year}`;
  if (part[0] === "H") return `${say(part === "H1" ? "firstHalf" : "secondHalf").toLowerCase()} ${year}`;
  if (part[0] === "Q") return `${say("quarter").toLowerCase()} ${part[1]}/${year}`;
  return `${say("month").toLowerCase()} ${part.slice(1)}/${year}`;
}
