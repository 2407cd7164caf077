//! What is wrong with a calculation, every fault at its place. Pure.

use super::wire::{Calculation, MOST_PAUSES};
use crate::calendar::Calendar;
use crate::dossiers::clock::{self, ClockError, Reading, Step, Terms};
use crate::error::{ApiError, Code, Fault};

/// Runs the clock and tells its steps.
///
/// # Errors
/// 400 for too many pauses; 422 with every fault, under the code of the first.
pub fn calculate(calendar: &Calendar, facts: &Calculation) -> Result<(Reading, Vec<Step>), ApiError> {
    if facts.pauses.len() > MOST_PAUSES {
        let (vi, en) = (format!("Tối đa {MOST_PAUSES} phần tử."), format!("At most {MOST_PAUSES} items."));
        return Err(ApiError::new(Code::InvalidBody).faults(vec![Fault::new(Code::TooLong, "/pauses", vi, en)]));
    }
    let as_of = facts.as_of.map(|moment| moment.0);
    clock::explain(calendar, facts.accepted_at.0, &facts.terms(), &facts.pauses(), as_of).map_err(|error| {
        let mut faults = faults(calendar, facts);
        if faults.is_empty() {
            faults.push(fault(error, "/accepted_at"));
        }
        let text = error.text();
        ApiError::new(code(error)).say(text.vi, text.en).faults(faults)
    })
}

fn code(error: ClockError) -> Code {
    match error {
        ClockError::CalendarMissing { .. } => Code::CalendarMissing,
        ClockError::OverlappingPauses { .. } => Code::OverlappingPauses,
        ClockError::PauseBeforeAcceptance { .. } | ClockError::PauseEndsBeforeItBegins { .. } => Code::DatesBackwards,
        ClockError::LimitOutOfRange { .. } => Code::LimitOutOfRange,
    }
}

fn fault(error: ClockError, pointer: impl Into<String>) -> Fault {
    let text = error.text();
    Fault::new(code(error), pointer.into(), text.vi, text.en)
}

/// The clock names one error; here the limit, and every pause for itself, are asked apart. Overlaps are looked for only
/// when each pause makes sense.
fn faults(calendar: &Calendar, facts: &Calculation) -> Vec<Fault> {
    let as_of = facts.as_of.map(|moment| moment.0);
    let unlimited = Terms { limit: None, ..facts.terms() };
    let pauses = facts.pauses();
    let mut faults: Vec<Fault> =
        facts.limit.and_then(|limit| limit.check().err()).map(|e| fault(e.into(), "/limit/value")).into_iter().collect();
    let mut backwards = false;
    for (i, pause) in pauses.iter().enumerate() {
        let at = match clock::read(calendar, facts.accepted_at.0, &unlimited, std::slice::from_ref(pause), as_of) {
            Err(error @ ClockError::PauseBeforeAcceptance { .. }) => Some((error, "from")),
            Err(error @ ClockError::PauseEndsBeforeItBegins { .. }) => Some((error, "to")),
            _ => None,
        };
        backwards |= at.is_some();
        faults.extend(at.map(|(error, member)| fault(error, format!("/pauses/{i}/{member}"))));
    }
    if backwards {
        return faults;
    }
    if let Err(error) = clock::read(calendar, facts.accepted_at.0, &unlimited, &pauses, as_of) {
        let pointer = match error {
            ClockError::OverlappingPauses { from } => {
                let i = pauses.iter().rposition(|pause| pause.from == from).unwrap_or_default();
                format!("/pauses/{i}/from")
            }
            _ => "/accepted_at".to_owned(),
        };
        faults.push(fault(error, pointer));
    }
    faults
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::calendar::Day;

    fn vn() -> Calendar {
        let rows = csv::Reader::from_reader(include_str!("../../../data/calendar/vn.csv").as_bytes()).into_deserialize();
        Calendar::new("vn", 1, rows.collect::<Result<Vec<Day>, _>>().unwrap())
    }

    fn refused(body: Value) -> (&'static str, Vec<(&'static str, String)>) {
        let error = calculate(&vn(), &serde_json::from_value(body).unwrap()).unwrap_err();
        (error.code().name(), error.fault_list().iter().map(|f| (f.code.name(), f.pointer.to_string())).collect())
    }

    fn pause(from: &str, to: &str) -> Value {
        json!({"kind": "fee", "from": format!("2022-06-{from}T09:00:00+07:00"), "to": format!("2022-06-{to}T09:00:00+07:00")})
    }

    #[test]
    fn every_fault_is_found_at_its_place() {
        let at = "2022-06-06T09:00:00+07:00";
        let days = |value: u32| json!({"value": value, "unit": "calendar_day"});
        for (body, code, pointers) in [
            (json!({"accepted_at": at, "limit": days(0)}), "limit_out_of_range", vec!["/limit/value"]),
            (
                json!({"accepted_at": at, "limit": days(3), "pauses": [pause("08", "09"), pause("01", "02")]}),
                "dates_backwards",
                vec!["/pauses/1/from"],
            ),
            (
                json!({"accepted_at": at, "limit": days(3), "pauses": [pause("09", "08"), pause("01", "02")]}),
                "dates_backwards",
                vec!["/pauses/0/to", "/pauses/1/from"],
            ),
            (
                json!({"accepted_at": at, "limit": days(3), "pauses": [pause("10", "14"), pause("08", "13")]}),
                "overlapping_pauses",
                vec!["/pauses/0/from"],
            ),
            (
                json!({"accepted_at": at, "limit": days(4000), "pauses": [pause("08", "10"), pause("09", "10")]}),
                "limit_out_of_range",
                vec!["/limit/value", "/pauses/1/from"],
            ),
            (json!({"accepted_at": "2031-01-01T09:00:00+07:00", "limit": days(1)}), "calendar_missing", vec!["/accepted_at"]),
            (json!({"accepted_at": "2027-12-30T09:00:00+07:00", "limit": days(5)}), "calendar_missing", vec!["/accepted_at"]),
        ] {
            let (found, faults) = refused(body.clone());
            let places: Vec<_> = faults.iter().map(|(_, pointer)| pointer.as_str()).collect();
            assert_eq!((found, places), (code, pointers), "{body}");
            assert_eq!(faults[0].0, code, "{body}");
        }
        let many = vec![pause("08", "08"); MOST_PAUSES + 1];
        assert_eq!(refused(json!({"accepted_at": at, "pauses": many})), ("invalid_body", vec![("too_long", "/pauses".into())]));
    }
}
