//! What people do with surveys: put a wave, load its answers, close it, correct it, record what was published.

use std::collections::{BTreeSet, HashMap};

use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{SurveyAct, SurveyState};
use super::rules::{self, Closing, Place};
use super::store::{self, Named, Stored};
use super::wire::{NewSurvey, SurveyAnswers, SurveyClosure, SurveyCorrection, SurveyPublication, SurveyView};
use crate::audit::{self, Entry};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::bulk::{BulkRow, RowStatus, Strategy, Verdict};
use crate::http::values::{Key, Line, Prose};
use crate::http::{Call, Reply};

type Writer = Permit<perm::WriteSurvey>;

/// Creates or changes the wave with this code, its answers included.
///
/// # Errors
/// 404 for one out of sight, 403 for one out of reach, 409 once it is closed, 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, permit: &Writer, code: &str, new: &NewSurvey) -> Result<Reply, ApiError> {
    new.code.check_path(code, "/code")?;
    store::lock(tx).await?;
    let before = store::find(tx, &Reach::All, &Key::Code(code.to_owned())).await?;
    if let Some(old) = &before {
        if !permit.actor.reach(Permission::ReadSurvey).covers(old.department_id) {
            return Err(ApiError::not_found());
        }
        permit.check_reaches(old.department_id)?;
        if !permit.changes(old.view.id, old.view.version, rules::same(new, &old.view))? {
            return Reply::unchanged(old.view.version, &view(permit, old.clone()));
        }
        if old.view.state != SurveyState::Open {
            return Err(refused(permit, old, "put"));
        }
    }
    check(tx, permit, new, before.as_ref().map(|old| old.view.id)).await?;
    let id = before.as_ref().map_or_else(Uuid::now_v7, |old| old.view.id);
    store::save(tx, permit, id, new).await?;
    let (department, now) = read(tx, permit, id).await?;
    let mut detail = json!(now);
    if let Some(old) = &before {
        detail[audit::CHANGED] = json!(audit::changed(&json!(old.view), &json!(now)));
    }
    record(tx, permit, "put", department, &now, detail).await?;
    match before {
        Some(_) => Reply::ok(now.version, &now),
        None => Reply::created(format!("/api/v1/surveys/{code}"), now.version, &now),
    }
}

/// 422 with every fault of a wave as it is put.
async fn check(tx: &DatabaseTransaction, permit: &Writer, new: &NewSurvey, id: Option<Uuid>) -> Result<(), ApiError> {
    let faults = faults(tx, permit, new, id).await?;
    if faults.is_empty() { Ok(()) } else { Err(ApiError::broken(faults)) }
}

async fn faults(tx: &DatabaseTransaction, permit: &Writer, new: &NewSurvey, id: Option<Uuid>) -> Result<Vec<Fault>, ApiError> {
    let known = departments::known(tx).await?;
    let place = match known.get(new.department.as_str()) {
        None => Place::Unknown,
        Some(department) if !permit.reach().covers(department.id) => Place::OutOfReach,
        Some(_) => Place::Good,
    };
    let kpis = new.feeds.iter().map(|feed| &feed.kpi).chain(new.answers.iter().map(|row| &row.factor));
    let fields = new.feeds.iter().filter_map(|feed| feed.field.as_ref()).chain(new.answers.iter().filter_map(|row| row.field.as_ref()));
    let named = Named {
        kpis: kpis.map(ToString::to_string).collect(),
        fields: fields.map(ToString::to_string).collect(),
        follows: new.follows.as_ref().map(|code| code.as_str()),
        id,
    };
    let reach = permit.actor.reach(Permission::ReadSurvey);
    let ground = store::ground(tx, &reach, named, place, vn_date(permit.now)).await?;
    Ok(rules::survey_faults(new, &ground))
}

/// A wave as it is now, with its department.
async fn read(tx: &DatabaseTransaction, permit: &Writer, id: Uuid) -> Result<(Uuid, SurveyView), ApiError> {
    let stored = store::find(tx, &Reach::All, &Key::Id(id)).await?.ok_or_else(ApiError::not_found)?;
    Ok((stored.department_id, view(permit, stored)))
}

/// Loads answers into an open wave: rows take the place of those with the same factor, field and question. Gives a verdict on each.
///
/// # Errors
/// 404, 403 and 409 as of an act; refusals of rows are in the verdicts.
pub async fn load(
    tx: &DatabaseTransaction,
    permit: &Writer,
    key: &Key,
    rows: &[(u64, SurveyAnswers)],
    strategy: Strategy,
) -> Result<Vec<Verdict>, ApiError> {
    let old = standing(tx, permit, key).await?;
    if old.view.state != SurveyState::Open {
        return Err(refused(permit, &old, "load"));
    }
    let mut refused = row_faults(tx, permit, &old.view, rows, strategy).await?;
    let known = |row: &SurveyAnswers| old.view.answers.iter().position(|other| other.place() == row.place());
    let (mut verdicts, mut answers, mut changed) = (Vec::with_capacity(rows.len()), old.view.answers.clone(), Vec::new());
    for (place, (index, row)) in rows.iter().enumerate() {
        let code = row.code().into_owned();
        verdicts.push(match (refused.remove(&place), known(row)) {
            (Some(faults), _) => Verdict::rejected(*index, Some(code), faults),
            (None, Some(at)) if answers[at] == *row => Verdict::of(*index, &code, RowStatus::Unchanged),
            (None, Some(at)) => {
                answers[at] = row.clone();
                let verdict = Verdict::of(*index, &code, RowStatus::Updated);
                changed.push(code);
                verdict
            }
            (None, None) => {
                answers.push(row.clone());
                let verdict = Verdict::of(*index, &code, RowStatus::Created);
                changed.push(code);
                verdict
            }
        });
    }
    if !changed.is_empty() {
        store::save_answers(tx, permit, old.view.id, &answers).await?;
        let (department, now) = read(tx, permit, old.view.id).await?;
        let mut detail = json!({"rows": changed, "answers": now.answers});
        detail[audit::CHANGED] = json!(["answers"]);
        record(tx, permit, "load", department, &now, detail).await?;
    }
    Ok(verdicts)
}

/// What keeps rows out, by their place in the load; a row that is kept out makes room for others.
async fn row_faults(
    tx: &DatabaseTransaction,
    permit: &Writer,
    survey: &SurveyView,
    rows: &[(u64, SurveyAnswers)],
    strategy: Strategy,
) -> Result<HashMap<usize, Vec<Fault>>, ApiError> {
    let all = || survey.answers.iter().chain(rows.iter().map(|(_, row)| row));
    let kpis: BTreeSet<String> = all().map(|row| row.factor.to_string()).collect();
    let fields: BTreeSet<String> = all().filter_map(|row| row.field().map(str::to_owned)).collect();
    let named = Named { kpis: kpis.into_iter().collect(), fields: fields.into_iter().collect(), follows: None, id: None };
    let ground = store::ground(tx, &permit.reach(), named, Place::Good, vn_date(permit.now)).await?;
    let mut refused: HashMap<usize, Vec<Fault>> = HashMap::new();
    for (place, (_, row)) in rows.iter().enumerate() {
        let exists = survey.answers.iter().any(|other| other.place() == row.place());
        if let Some(fault) = strategy.fault(exists) {
            refused.insert(place, vec![Fault { pointer: "/factor".into(), ..fault }]);
        }
    }
    loop {
        let taken: Vec<(usize, &SurveyAnswers)> =
            rows.iter().enumerate().filter(|(place, _)| !refused.contains_key(place)).map(|(place, (_, row))| (place, row)).collect();
        let stays = |row: &&SurveyAnswers| !taken.iter().any(|(_, new)| new.place() == row.place());
        let staying: Vec<&SurveyAnswers> = survey.answers.iter().filter(stays).collect();
        let merged: Vec<&SurveyAnswers> = staying.iter().copied().chain(taken.iter().map(|(_, row)| *row)).collect();
        let mut more: HashMap<usize, Vec<Fault>> = HashMap::new();
        for (at, fault) in rules::answer_faults(&merged, survey.respondents.get(), survey.method.scale, &ground) {
            match at.checked_sub(staying.len()) {
                Some(new) => more.entry(taken[new].0).or_default().push(fault),
                // What stands there no longer fits what comes in about the same question.
                None => {
                    for (place, _) in taken.iter().filter(|(_, row)| row.asked() == staying[at].asked()) {
                        more.entry(*place).or_default().push(Fault { pointer: "".into(), ..fault.clone() });
                    }
                }
            }
        }
        if more.is_empty() {
            return Ok(refused);
        }
        refused.extend(more);
    }
}

/// The wave that a key names, for an act on it.
async fn standing(tx: &DatabaseTransaction, permit: &Writer, key: &Key) -> Result<Stored, ApiError> {
    store::lock(tx).await?;
    let reach = permit.actor.reach(Permission::ReadSurvey);
    let found = store::find(tx, &reach, key).await?.ok_or_else(ApiError::not_found)?;
    permit.check_reaches(found.department_id)?;
    Ok(found)
}

/// The same, once its version and state allow the act.
async fn allowing(tx: &DatabaseTransaction, permit: &Writer, key: &Key, act: SurveyAct) -> Result<Stored, ApiError> {
    let found = standing(tx, permit, key).await?;
    permit.check_version(found.view.id, found.view.version)?;
    match rules::after(found.view.state, act) {
        Some(_) => Ok(found),
        None => Err(refused(permit, &found, act.name())),
    }
}

/// What is said with an act.
struct Said<'a> {
    text: Option<&'a Prose>,
    document_no: Option<&'a Line>,
}

/// Writes the act down and answers with the wave as it is now.
async fn done(tx: &DatabaseTransaction, permit: &Writer, old: &Stored, act: SurveyAct, said: Said<'_>) -> Result<Reply, ApiError> {
    let text = said.text.map(|text| text.as_str().to_owned());
    store::add_step(tx, permit, old.view.id, act, text, said.document_no.map(|no| no.as_str().to_owned())).await?;
    let (department, now) = read(tx, permit, old.view.id).await?;
    let changed = audit::changed(&json!(old.view), &json!(now));
    let before = json!(old.view);
    let was: serde_json::Map<String, Value> =
        changed.iter().filter(|name| *name != "timeline").filter_map(|name| Some((name.clone(), before.get(name)?.clone()))).collect();
    let mut detail = json!({"step": now.timeline.last(), "state": now.state, "was": was});
    detail[audit::CHANGED] = json!(changed);
    record(tx, permit, act.name(), department, &now, detail).await?;
    Reply::ok(now.version, &now)
}

/// Ends the entering of a wave.
///
/// # Errors
/// 404, 403, 409, 412 and 428 of any act; 422 with all that is still lacking.
pub async fn close(tx: &DatabaseTransaction, permit: &Writer, key: &Key, closure: &SurveyClosure) -> Result<Reply, ApiError> {
    let old = allowing(tx, permit, key, SurveyAct::Close).await?;
    let lacking = rules::closing_faults(&Closing::of(&old.view), vn_date(permit.now));
    if !lacking.is_empty() {
        return Err(ApiError::broken(lacking));
    }
    store::close(tx, permit, old.view.id).await?;
    done(tx, permit, &old, SurveyAct::Close, Said { text: closure.text.as_ref(), document_no: closure.document_no.as_ref() }).await
}

/// Puts a closed wave right, with the reason.
///
/// # Errors
/// As [`close`], and 422 for what a `PUT` would be refused for.
pub async fn correct(tx: &DatabaseTransaction, permit: &Writer, key: &Key, correction: &SurveyCorrection) -> Result<Reply, ApiError> {
    let old = allowing(tx, permit, key, SurveyAct::Correct).await?;
    let new = &correction.survey;
    new.code.check_path(&old.view.code, "/survey/code")?;
    if rules::same(new, &old.view) {
        return Reply::unchanged(old.view.version, &view(permit, old.clone()));
    }
    let mut of_survey = faults(tx, permit, new, Some(old.view.id)).await?;
    of_survey.extend(rules::closing_faults(&Closing::of_new(new), vn_date(permit.now)));
    of_survey.extend(rules::still_published(new, old.view.publication.as_ref()));
    let mut all: Vec<Fault> = correction.reason.is_blank().then(|| Fault::missing("/reason")).into_iter().collect();
    all.extend(of_survey.into_iter().map(|fault| Fault { pointer: format!("/survey{}", fault.pointer).into(), ..fault }));
    if !all.is_empty() {
        return Err(ApiError::broken(all));
    }
    store::save(tx, permit, old.view.id, new).await?;
    let said = Said { text: Some(&correction.reason), document_no: correction.document_no.as_ref() };
    done(tx, permit, &old, SurveyAct::Correct, said).await
}

/// Records what was published of a closed wave; what was recorded before is replaced.
///
/// # Errors
/// 404, 403, 409, 412 and 428 of any act; 422 with every fault.
pub async fn publish(tx: &DatabaseTransaction, permit: &Writer, key: &Key, new: &SurveyPublication) -> Result<Reply, ApiError> {
    let old = allowing(tx, permit, key, SurveyAct::Publish).await?;
    let faults = rules::publication_faults(new, &old.view, vn_date(permit.now));
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    store::publish(tx, permit, old.view.id, new).await?;
    done(tx, permit, &old, SurveyAct::Publish, Said { text: None, document_no: Some(&new.document_number) }).await
}

fn refused(call: &Call, found: &Stored, requested: &str) -> ApiError {
    let (vi, en) = match found.view.state {
        SurveyState::Open => ("Đợt khảo sát chưa khóa số liệu.", "The survey is still open."),
        _ => ("Đợt khảo sát đã khóa số liệu; chỉ đính chính kèm lý do.", "The survey is closed; it is only corrected, with the reason."),
    };
    ApiError::new(Code::TransitionNotAllowed)
        .say(vi, en)
        .member("from", found.view.state.name())
        .member("requested", requested)
        .member("allowed", json!(allowed(call, found)))
}

fn allowed(call: &Call, found: &Stored) -> Vec<SurveyAct> {
    let may = call.actor.reach(Permission::WriteSurvey).covers(found.department_id);
    if may { rules::allowed(found.view.state) } else { Vec::new() }
}

/// A wave as the caller sees it.
pub fn view(call: &Call, found: Stored) -> SurveyView {
    SurveyView { allowed_acts: allowed(call, &found), ..found.view }
}

async fn record(
    tx: &DatabaseTransaction,
    call: &Call,
    act: &'static str,
    department: Uuid,
    view: &SurveyView,
    detail: Value,
) -> Result<(), ApiError> {
    let entry = Entry {
        act,
        subject_type: "survey",
        subject_id: view.id,
        subject_code: Some(view.code.clone()),
        department_id: Some(department),
        version: view.version,
        occurred_at: call.now,
        detail,
    };
    Ok(audit::record(tx, call, &[entry]).await?)
}
