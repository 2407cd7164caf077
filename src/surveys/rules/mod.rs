//! What must hold of a wave, what may be done with it, and what its answers come to. Pure.

pub mod statistics;
pub mod tally;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::model::{SurveyAct, SurveyChange, SurveyScale, SurveyState};
use super::wire::{NewSurvey, SurveyAnswers, SurveyPublication, SurveyView};
use crate::error::{Code, Fault};
use crate::http::Day;
use crate::reports::period::{Period, PeriodSet};
use statistics::{Share, Z, two_proportions};
use tally::Tally;

/// Where an act leads from a state; `None` where the state does not allow it.
pub fn after(state: SurveyState, act: SurveyAct) -> Option<SurveyState> {
    match (state, act) {
        (SurveyState::Open, SurveyAct::Close) => Some(SurveyState::Closed),
        (SurveyState::Closed | SurveyState::Published, SurveyAct::Correct) => Some(state),
        (SurveyState::Closed | SurveyState::Published, SurveyAct::Publish) => Some(SurveyState::Published),
        _ => None,
    }
}

pub fn allowed(state: SurveyState) -> Vec<SurveyAct> {
    SurveyAct::ALL.iter().copied().filter(|act| after(state, *act).is_some()).collect()
}

/// Whether the body says what stands there already.
pub fn same(new: &NewSurvey, old: &SurveyView) -> bool {
    let (Value::Object(new), old) = (json!(new), json!(old)) else { return false };
    new.iter().all(|(member, value)| old.get(member) == Some(value))
}

/// What is known of the department that a wave names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Unknown,
    OutOfReach,
    Good,
}

/// What is known of an indicator that a wave names.
#[derive(Clone, Copy, Debug)]
pub struct Indicator {
    pub is_computed: bool,
    pub is_percent: bool,
}

/// A wave before or after.
#[derive(Clone, Debug)]
pub struct Neighbour {
    pub code: String,
    pub department: String,
    pub period: String,
}

/// What a wave may refer to.
pub struct Ground {
    pub today: NaiveDate,
    pub department: Place,
    pub kpis: HashMap<String, Indicator>,
    pub fields: HashSet<String>,
    /// The wave that it says it follows, if that is in sight.
    pub before: Option<Neighbour>,
    /// Those that follow it.
    pub next: Vec<Neighbour>,
}

impl Ground {
    fn kpi_fault(&self, code: &str) -> Option<(Code, &'static str, &'static str)> {
        let indicator = self.kpis.get(code)?;
        if indicator.is_computed {
            Some((Code::BadSurvey, "Chỉ tiêu này do hệ thống tính, không lấy từ khảo sát.", "This indicator is computed, not surveyed."))
        } else if !indicator.is_percent {
            Some((Code::BadSurvey, "Chỉ tiêu này không tính bằng phần trăm.", "This indicator is not counted in per cent."))
        } else {
            None
        }
    }

    fn check_kpi(&self, code: &str, at: String) -> Option<Fault> {
        if !self.kpis.contains_key(code) {
            return Some(Fault::unknown(at, code));
        }
        self.kpi_fault(code).map(|(fault, vi, en)| Fault::new(fault, at, vi, en))
    }

    fn check_field(&self, code: Option<&str>, at: String) -> Option<Fault> {
        code.filter(|code| !self.fields.contains(*code)).map(|code| Fault::unknown(at, code))
    }
}

fn bad(at: impl Into<std::borrow::Cow<'static, str>>, vi: &str, en: &str) -> Fault {
    Fault::new(Code::BadSurvey, at, vi, en)
}

/// Every fault of a wave as it is put.
pub fn survey_faults(new: &NewSurvey, ground: &Ground) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(new.name.is_blank().then(|| Fault::missing("/name")));
    match ground.department {
        Place::Unknown => faults.push(Fault::unknown("/department", new.department.as_str())),
        Place::OutOfReach => faults.push(Fault::plain(Code::NotPermitted, "/department")),
        Place::Good => {}
    }
    if Period::parse(new.period.as_str()).is_none() {
        let (vi, en) = ("Mã kỳ như 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.", "A period like 2022, 2022H1, 2022Q2, 2022-04, 2022-9M.");
        faults.push(Fault::new(Code::WrongFormat, "/period", vi, en));
    }
    faults.extend(new.method.name.is_blank().then(|| Fault::missing("/method/name")));
    faults.extend(size_faults(new));
    faults.extend(fieldwork_faults(new, ground.today));
    for (i, evidence) in new.evidence.iter().enumerate() {
        let at = |member: &str| format!("/evidence/{i}/{member}");
        let blank = [("document_number", evidence.document_number.is_blank()), ("title", evidence.title.is_blank())];
        faults.extend(blank.into_iter().filter(|(_, blank)| *blank).map(|(member, _)| Fault::missing(at(member))));
        faults.extend((evidence.issued_on.0 > ground.today).then(|| Fault::plain(Code::DateInFuture, at("issued_on"))));
        let link = evidence.link.as_ref().map_or("https://", |link| link.as_str());
        if !(link.starts_with("https://") || link.starts_with("http://")) {
            let (vi, en) = ("Đường dẫn bắt đầu bằng https:// hoặc http://.", "A link begins with https:// or http://.");
            faults.push(Fault::new(Code::WrongFormat, at("link"), vi, en));
        }
    }
    faults.extend(order_faults(new, ground));
    for (i, feed) in new.feeds.iter().enumerate() {
        faults.extend(ground.check_kpi(feed.kpi.as_str(), format!("/feeds/{i}/kpi")));
        faults.extend(ground.check_field(feed.field.as_ref().map(|f| f.as_str()), format!("/feeds/{i}/field")));
        if new.feeds[..i].iter().any(|before| before.kpi == feed.kpi) {
            faults.push(Fault::plain(Code::DuplicateInPayload, format!("/feeds/{i}/kpi")));
        }
    }
    let rows: Vec<&SurveyAnswers> = new.answers.iter().collect();
    faults.extend(answer_faults(&rows, new.respondents.get(), new.method.scale, ground).into_iter().map(|(i, fault)| {
        let pointer = format!("/answers/{i}{}", fault.pointer);
        Fault { pointer: pointer.into(), ..fault }
    }));
    faults
}

fn size_faults(new: &NewSurvey) -> Vec<Fault> {
    let mut faults = Vec::new();
    if new.sample_size.get() == 0 {
        faults.push(bad("/sample_size", "Cỡ mẫu phải lớn hơn 0.", "The sample is of one person at least."));
    }
    if new.population.is_some_and(|population| new.sample_size > population) {
        faults.push(bad("/sample_size", "Cỡ mẫu lớn hơn tổng thể.", "The sample is larger than what it was drawn from."));
    }
    if new.respondents > new.sample_size {
        let (vi, en) = ("Số phiếu thu về lớn hơn cỡ mẫu.", "More forms came back than people were to be asked.");
        faults.push(Fault::new(Code::AnswersExceedSample, "/respondents", vi, en));
    }
    faults
}

fn fieldwork_faults(new: &NewSurvey, today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let (Some(from), Some(to)) = (new.fieldwork_from, new.fieldwork_to)
        && from > to
    {
        faults.push(Fault::plain(Code::DatesBackwards, "/fieldwork_to"));
    }
    if new.respondents.get() > 0 && new.fieldwork_from.is_some_and(|from| from.0 > today) {
        let (vi, en) = ("Đã có phiếu thu về trước ngày bắt đầu khảo sát.", "Forms came back before anybody was asked.");
        faults.push(Fault::new(Code::DateInFuture, "/fieldwork_from", vi, en));
    }
    faults
}

/// First day of a period, to tell which of two comes first.
fn begins(period: &str) -> Option<NaiveDate> {
    Period::parse(period).map(|period| period.days(PeriodSet::Calendar).from)
}

/// A wave and the one it follows are of one department, in the order of their periods; so they never go in a circle.
fn order_faults(new: &NewSurvey, ground: &Ground) -> Vec<Fault> {
    let mut faults = Vec::new();
    let (department, own) = (new.department.as_str(), begins(new.period.as_str()));
    let in_order = |first: Option<NaiveDate>, then: Option<NaiveDate>| first.zip(then).is_none_or(|(first, then)| first < then);
    match (&new.follows, &ground.before) {
        (None, _) => {}
        (Some(code), None) => faults.push(Fault::unknown("/follows", code.as_str())),
        (Some(_), Some(before)) if before.department != department => {
            faults.push(bad("/follows", "Đợt trước là của đơn vị khác.", "The wave before is of another department."));
        }
        (Some(_), Some(before)) if !in_order(begins(&before.period), own) => {
            let (vi, en) = ("Đợt trước phải thuộc kỳ sớm hơn.", "The wave before must be of an earlier period.");
            faults.push(Fault::new(Code::DatesBackwards, "/follows", vi, en));
        }
        _ => {}
    }
    for next in &ground.next {
        let code = &next.code;
        if next.department != department {
            let (vi, en) = (format!("Đợt “{code}” so sánh với đợt này."), format!("“{code}” is compared with this wave."));
            faults.push(Fault::new(Code::InUse, "/department", vi, en));
        } else if !in_order(own, begins(&next.period)) {
            let (vi, en) =
                (format!("Đợt sau “{code}” thuộc kỳ không muộn hơn."), format!("“{code}”, which follows, is of no later period."));
            faults.push(Fault::new(Code::DatesBackwards, "/period", vi, en));
        }
    }
    faults
}

/// Every fault of the rows of a wave, with the place of the row; the pointer says where in the row.
pub fn answer_faults(rows: &[&SurveyAnswers], respondents: i64, scale: SurveyScale, ground: &Ground) -> Vec<(usize, Fault)> {
    let mut faults = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let mut add = |fault: Fault| faults.push((i, fault));
        ground.check_kpi(row.factor.as_str(), "/factor".into()).into_iter().for_each(&mut add);
        ground.check_field(row.field(), "/field".into()).into_iter().for_each(&mut add);
        if row.question.as_ref().is_some_and(|question| question.is_blank()) {
            add(Fault::missing("/question"));
        }
        if scale == SurveyScale::ThreePoint {
            for (at, count) in [("/very_dissatisfied", row.very_dissatisfied), ("/neutral", row.neutral)] {
                if count.get() > 0 {
                    add(bad(at, "Thang đo ba mức không có mức này.", "The scale of three levels does not have this one."));
                }
            }
        }
        let before = &rows[..i];
        if before.iter().any(|other| other.place() == row.place()) {
            add(Fault::plain(Code::DuplicateInPayload, ""));
            continue;
        }
        if before.iter().any(|other| other.factor == row.factor && other.question.is_some() != row.question.is_some()) {
            let (vi, en) = (
                "Yếu tố này đã có số liệu hỏi chung hoặc theo câu hỏi khác; không nhập cả hai.",
                "The factor was asked either as one or by questions, not both.",
            );
            add(bad("/question", vi, en));
        }
        room_faults(rows, i, respondents).into_iter().for_each(add);
    }
    faults
}

/// A question has no more answers than there were respondents, and fields are parts of all.
fn room_faults(rows: &[&SurveyAnswers], i: usize, respondents: i64) -> Option<Fault> {
    let row = rows[i];
    let exceeds = |at: i64| {
        let (vi, en) = (
            format!("Câu hỏi này có {at} phiếu, nhiều hơn {respondents} phiếu thu về."),
            format!("The question has {at} forms, more than the {respondents} that came back."),
        );
        Fault::new(Code::AnswersExceedSample, "", vi, en)
    };
    let own = Tally::of(row);
    if own.forms() > respondents {
        return Some(exceeds(own.forms()));
    }
    row.field.as_ref()?;
    let (mut parts, mut all) = (own, None);
    for (j, other) in rows.iter().enumerate().filter(|(j, other)| *j != i && other.asked() == row.asked()) {
        match other.field() {
            None => all = Some(Tally::of(other)),
            // Told of the row that is one too many, and of those after it.
            Some(_) if j < i => parts = parts.and(Tally::of(other)),
            Some(_) => {}
        }
    }
    match all {
        Some(all) if !parts.is_part_of(all) => Some(bad(
            "",
            "Cộng các lĩnh vực thì nhiều hơn số chung của câu hỏi.",
            "The fields add up to more than the question has for all.",
        )),
        None if parts.forms() > respondents => Some(exceeds(parts.forms())),
        _ => None,
    }
}

/// What of a wave must be there when it is closed.
pub struct Closing<'a> {
    respondents: i64,
    fieldwork: (Option<Day>, Option<Day>),
    conductor: Option<&'a str>,
    evidence: usize,
    answers: &'a [SurveyAnswers],
}

impl<'a> Closing<'a> {
    pub fn of(view: &'a SurveyView) -> Closing<'a> {
        Closing {
            respondents: view.respondents.get(),
            fieldwork: (view.fieldwork_from, view.fieldwork_to),
            conductor: view.conductor.as_deref(),
            evidence: view.evidence.len(),
            answers: &view.answers,
        }
    }

    pub fn of_new(new: &'a NewSurvey) -> Closing<'a> {
        Closing {
            respondents: new.respondents.get(),
            fieldwork: (new.fieldwork_from, new.fieldwork_to),
            conductor: new.conductor.as_ref().map(|who| who.as_str()),
            evidence: new.evidence.len(),
            answers: &new.answers,
        }
    }
}

/// What a wave lacks to be closed.
pub fn closing_faults(closing: &Closing<'_>, today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend((closing.respondents == 0).then(|| Fault::missing("/respondents")));
    faults.extend(closing.fieldwork.0.is_none().then(|| Fault::missing("/fieldwork_from")));
    match closing.fieldwork.1 {
        None => faults.push(Fault::missing("/fieldwork_to")),
        Some(to) if to.0 > today => {
            let (vi, en) = ("Cuộc khảo sát chưa kết thúc.", "People are still being asked.");
            faults.push(Fault::new(Code::DateInFuture, "/fieldwork_to", vi, en));
        }
        Some(_) => {}
    }
    faults.extend(closing.conductor.is_none_or(|who| who.trim().is_empty()).then(|| Fault::missing("/conductor")));
    faults.extend((closing.evidence == 0).then(|| Fault::missing("/evidence")));
    faults.extend((tally::whole(closing.answers).valid() == 0).then(|| Fault::missing("/answers")));
    faults
}

/// Every fault of what is said to have been published of a wave.
pub fn publication_faults(new: &SurveyPublication, survey: &SurveyView, today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(new.document_number.is_blank().then(|| Fault::missing("/document_number")));
    if new.published_on.0 > today {
        faults.push(Fault::plain(Code::DateInFuture, "/published_on"));
    } else if survey.fieldwork_to.is_some_and(|to| new.published_on < to) {
        let (vi, en) = ("Công bố trước khi khảo sát xong.", "Published before all were asked.");
        faults.push(Fault::new(Code::DatesBackwards, "/published_on", vi, en));
    }
    faults.extend(new.values.is_empty().then(|| Fault::missing("/values")));
    for (i, value) in new.values.iter().enumerate() {
        let at = |member: &str| format!("/values/{i}/{member}");
        if value.factor.is_some() && value.field.is_some() {
            let (vi, en) = ("Giá trị là của một yếu tố hoặc của một lĩnh vực.", "A value is of a factor or of a field.");
            faults.push(bad(at("field"), vi, en));
        }
        let asked = |is: &dyn Fn(&SurveyAnswers) -> bool| survey.answers.iter().any(is);
        if let Some(factor) = value.factor.as_ref().filter(|factor| !asked(&|row| row.factor == **factor)) {
            faults.push(Fault::unknown(at("factor"), factor.as_str()));
        }
        if let Some(field) = value.field.as_ref().filter(|field| !asked(&|row| row.field.as_ref() == Some(field))) {
            faults.push(Fault::unknown(at("field"), field.as_str()));
        }
        if new.values[..i].iter().any(|before| before.factor == value.factor && before.field == value.field) {
            faults.push(Fault::plain(Code::DuplicateInPayload, format!("/values/{i}")));
        }
    }
    faults
}

/// A correction keeps what published values are about.
pub fn still_published(new: &NewSurvey, publication: Option<&SurveyPublication>) -> Option<Fault> {
    let values = publication.map(|p| p.values.as_slice()).unwrap_or_default();
    let gone = values.iter().find(|value| {
        let about = |row: &SurveyAnswers| {
            value.factor.as_ref().is_none_or(|f| *f == row.factor) && value.field.as_ref().is_none_or(|f| row.field.as_ref() == Some(f))
        };
        !new.answers.iter().any(about)
    })?;
    let what = gone.factor.as_ref().or(gone.field.as_ref()).map_or("", |code| code.as_str());
    let (vi, en) = (format!("Đã công bố giá trị của “{what}”."), format!("A value of “{what}” was published."));
    Some(Fault::new(Code::InUse, "/answers", vi, en))
}

/// How an index stands to the one before, and how far apart they are in standard errors.
pub fn change(now: Share, before: Option<Share>, same_scale: bool) -> (SurveyChange, Option<f64>) {
    let Some((before, z)) = before.filter(|_| same_scale).and_then(|before| Some((before, two_proportions(now, before)?))) else {
        return (SurveyChange::NotComparable, None);
    };
    let change = if now.is_too_small() || before.is_too_small() {
        SurveyChange::TooFewAnswers
    } else if z > Z {
        SurveyChange::Rose
    } else if z < -Z {
        SurveyChange::Fell
    } else {
        SurveyChange::NoClearChange
    };
    (change, Some(z))
}

#[cfg(test)]
mod tests;
