//! Nouns of plans: schedules, roles, states.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, SchemaType, Type};

use crate::http::{Day, Line};

/// What kind of schedule the words give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleKind {
    /// Begins and goes on: `Từ Quý I`.
    From,
    /// Within a stretch of time: `Quý II`.
    In,
    /// Before a day: `Trước 15/12`.
    Before,
    /// All the time: `Thường xuyên`.
    Ongoing,
    /// Again and again: `hằng tháng`.
    Recurring,
    /// Once something has happened: `Sau khi Bộ công bố`.
    AfterEvent,
    /// Done before the plan was written, with a document that proves it.
    AlreadyDone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    Weekly,
    Monthly,
    Quarterly,
    HalfYearly,
    Yearly,
    /// The source says "định kỳ" and no more.
    Unspecified,
}

/// One occurrence that the source names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Occurrence {
    pub name: Line,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 12)]
    pub month: Option<u8>,
    #[serde(default)]
    pub start_on: Option<Day>,
    #[serde(default)]
    pub end_on: Option<Day>,
    /// The earlier deadline inside the department, verbatim.
    #[serde(default)]
    pub internal_text: Option<Line>,
    #[serde(default)]
    pub internal_before_on: Option<Day>,
    #[serde(default)]
    pub internal_end_on: Option<Day>,
}

/// Months of the year, or none.
fn months() -> Array {
    let month = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(12));
    ArrayBuilder::new().schema_type(SchemaType::from_iter([Type::Array, Type::Null])).items(month).build()
}

/// How a schedule recurs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recurrence {
    pub frequency: Frequency,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 255)]
    pub interval: Option<u8>,
    #[serde(default)]
    #[schema(schema_with = months)]
    pub months: Option<Vec<u8>>,
    /// The occasion, verbatim: the monthly briefing.
    #[serde(default)]
    pub at: Option<Line>,
    #[serde(default)]
    pub occurrences: Vec<Occurrence>,
}

/// When something is to be done: the words of the source and what they mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Trước 15/12", "kind": "before", "before_on": "2022-12-15", "end_on": "2022-12-14"}))]
pub struct Schedule {
    /// Verbatim.
    pub text: Line,
    pub kind: ScheduleKind,
    #[serde(default)]
    pub start_on: Option<Day>,
    /// Last day in time.
    #[serde(default)]
    pub end_on: Option<Day>,
    /// The day before which it must be done.
    #[serde(default)]
    pub before_on: Option<Day>,
    /// Quarter that the words name.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 4)]
    pub quarter: Option<u8>,
    /// Month that the words name.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 12)]
    pub month: Option<u8>,
    /// What is waited for.
    #[serde(default)]
    pub event: Option<Line>,
    #[serde(default)]
    pub recurrence: Option<Recurrence>,
    /// Whether the year is printed, not taken from the plan.
    #[serde(default)]
    pub year_printed: bool,
}

/// A department's part in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskPart {
    /// Chủ trì.
    Lead,
    /// Phối hợp.
    Coordinate,
    /// Phê duyệt.
    Approve,
}

/// Whether a lead is written in the source or read out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadBasis {
    Stated,
    Mixed,
    Inferred,
    None,
}

/// What a document named by the plan is to the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentRelation {
    ProofOfCompletion,
    Basis,
    Reference,
}

/// Where a task stands on a day. Nothing is done unless someone closed it or the plan itself proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    NotStarted,
    InProgress,
    DueSoon,
    Overdue,
    DoneOnTime,
    DoneLate,
    /// Handed in; the office has not decided.
    HandedIn,
    /// The office gave it back.
    Returned,
    Cancelled,
    NotApplicable,
}

impl TaskState {
    pub const NAMES: &[&str] = &[
        "not_started",
        "in_progress",
        "due_soon",
        "overdue",
        "done_on_time",
        "done_late",
        "handed_in",
        "returned",
        "cancelled",
        "not_applicable",
    ];

    pub fn name(self) -> &'static str {
        TaskState::NAMES[self as usize]
    }
}
