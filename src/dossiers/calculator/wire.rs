//! What is sent to the calculator, and the clock as it is shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calendar::{AsOf, TimeOfDay};
use crate::dossiers::clock::{ClockState, DEFAULT_SAME_DAY_CUTOFF, Limit, Pause, PauseKind, Reading, Step, SupplementPolicy, Terms};
use crate::http::{At, Day, Lang};

/// Pauses taken at most: each may tell every day of the calendar again.
pub const MOST_PAUSES: usize = 50;

/// A dossier's facts, as far as its clock asks for them. Absent members take their default.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"accepted_at": "2022-06-06T09:00:00+07:00", "limit": {"value": 10, "unit": "working_day"}, "policy": "pause",
    "same_day_cutoff": "15:00", "pauses": [{"kind": "supplement", "from": "2022-06-10T09:00:00+07:00", "to": "2022-06-22T09:00:00+07:00"}],
    "as_of": null}))]
pub struct Calculation {
    /// When the dossier was received in full.
    pub accepted_at: At,
    /// Null when the procedure has none: then there are no dates.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// What a fulfilled supplement request does to the limit; `pause` by default.
    #[serde(default)]
    pub policy: SupplementPolicy,
    /// Time in Vietnam from which a receipt under limit 0 is due the next working day; 15:00 by default.
    #[serde(default)]
    pub same_day_cutoff: Option<TimeOfDay>,
    /// In any order; they may touch, but not overlap.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub pauses: Vec<CalculationPause>,
    /// Facts at or before it count: an instant, or a date meaning its end in Vietnam. Null for every fact sent.
    #[serde(default)]
    pub as_of: Option<AsOf>,
}

/// A stretch of waiting, beginning included, end not.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "supplement", "from": "2022-06-10T09:00:00+07:00", "to": null}))]
pub struct CalculationPause {
    pub kind: PauseKind,
    pub from: At,
    /// Null while it is open.
    #[serde(default)]
    pub to: Option<At>,
}

impl Calculation {
    pub fn terms(&self) -> Terms {
        let same_day_cutoff = self.same_day_cutoff.map_or(DEFAULT_SAME_DAY_CUTOFF, |time| time.0);
        Terms { limit: self.limit, policy: self.policy, same_day_cutoff }
    }

    pub fn pauses(&self) -> Vec<Pause> {
        self.pauses.iter().map(|pause| Pause { kind: pause.kind, from: pause.from.0, to: pause.to.map(|to| to.0) }).collect()
    }
}

/// What the clock shows. All dates are null without a limit, except `effective_on`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"effective_on": "2022-06-07", "first_due_on": "2022-06-10", "due_on": "2022-06-10", "due_at": null, "due_before": null,
    "state": "running", "steps": [
        {"code": "counted_day", "on": "2022-06-08", "at": null, "text": "Thứ Tư 08/06/2022: ngày làm việc thứ 1."}]}))]
pub struct ClockView {
    /// The day to which the receipt belongs; it is not counted.
    pub effective_on: Day,
    /// The due date as if nothing had ever paused.
    pub first_due_on: Option<Day>,
    /// The due date in force; null while a pause is open.
    pub due_on: Option<Day>,
    /// Its instant, for limits in working hours only.
    pub due_at: Option<At>,
    /// While a pause is open, the due date that was in force when it began; otherwise null.
    pub due_before: Option<Day>,
    pub state: ClockState,
    /// The explanation, in the order of counting.
    pub steps: Vec<ClockStep>,
}

/// One step of the explanation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockStep {
    /// What kind of step: `received`, `effective_day`, `limit`, `no_limit`, `skipped_day`, `counted_day`, `counted_hours`,
    /// `same_day`, `after_cutoff`, `rolled`, `first_due`, `pause_began`, `still_paused`, `fulfilled`, `fulfilled_day`,
    /// `waited`, `asked_after_due`, `restarted`, `recounted_day`, `recounted_hours`, `moved_day`, `moved_hours`,
    /// `due_unchanged`, `due_moved`.
    #[schema(value_type = String, example = "counted_day")]
    pub code: &'static str,
    /// The date it speaks of.
    pub on: Option<Day>,
    /// The instant it speaks of, where the time of day matters.
    pub at: Option<At>,
    /// In the caller's language.
    pub text: String,
}

impl ClockView {
    pub fn new(reading: &Reading, steps: Vec<Step>, lang: Lang) -> Self {
        let step = |step: Step| ClockStep { code: step.code, on: step.on.map(Day), at: step.at.map(At), text: lang.pick(step.text) };
        ClockView {
            effective_on: Day(reading.effective_on),
            first_due_on: reading.first_due_on.map(Day),
            due_on: reading.due_on.map(Day),
            due_at: reading.due_at.map(At),
            due_before: reading.due_before.map(Day),
            state: reading.state,
            steps: steps.into_iter().map(step).collect(),
        }
    }
}
