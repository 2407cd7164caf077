//! What a score must fulfil, and which one counts. Pure.

use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;

use crate::criteria::model::{Basis, Kind};
use crate::criteria::wire::{Band, Figure, NewCriterion, NewCriterionAppraisal, NewCriterionScore, Proof};
use crate::error::{Code, Fault};
use crate::http::At;
use crate::http::decimal::{Decimal, Exact};

/// What a criterion was scored.
#[derive(Clone, Debug, Deserialize)]
pub struct Score {
    pub id: Uuid,
    /// Number of the criterion.
    pub criterion: String,
    pub self_score: Option<Decimal>,
    pub figure: Option<Figure>,
    pub evidence: Vec<Proof>,
    pub note: Option<String>,
    pub scored_by: Option<String>,
    pub scored_at: Option<At>,
    pub appraised_score: Option<Decimal>,
    pub survey_score: Option<Decimal>,
    pub appraisal_note: Option<String>,
    pub appraised_by: Option<String>,
    pub appraised_at: Option<At>,
    pub version: i32,
}

impl Score {
    pub fn computed(&self, criterion: &NewCriterion) -> Option<Decimal> {
        points(criterion, self.figure.as_ref()?)
    }

    /// What counts: the appraised score, else what a survey or a figure gives, else the department's own.
    pub fn counted(&self, criterion: &NewCriterion) -> Option<(Decimal, Basis)> {
        let survey = self.survey_score.filter(|_| criterion.kind == Some(Kind::Survey));
        let ways = [
            (self.appraised_score, Basis::Appraised),
            (survey, Basis::Survey),
            (self.computed(criterion), Basis::Computed),
            (self.self_score, Basis::Own),
        ];
        ways.into_iter().find_map(|(points, basis)| Some((points?, basis)))
    }

    /// The most points that anybody gave.
    pub fn highest(&self) -> Decimal {
        [self.self_score, self.appraised_score, self.survey_score].into_iter().flatten().max().unwrap_or(Decimal::ZERO)
    }

    pub fn is_as(&self, new: &NewCriterionScore) -> bool {
        self.self_score == new.self_score
            && self.figure == new.figure
            && self.evidence == new.evidence
            && self.note.as_deref() == new.note.as_ref().map(|n| n.as_str())
    }

    pub fn is_appraised_as(&self, new: &NewCriterionAppraisal) -> bool {
        self.appraised_score == new.appraised_score
            && self.survey_score == new.survey_score
            && self.appraisal_note.as_deref() == new.note.as_ref().map(|n| n.as_str())
    }
}

/// The figure, unrounded: a rate is per cent.
fn exact(figure: &Figure) -> Option<Exact> {
    match (figure.value, figure.numerator, figure.denominator) {
        (Some(value), _, _) => Some(Exact::of(value)),
        (None, Some(numerator), Some(denominator)) => Exact::per_cent_of(numerator, denominator),
        _ => None,
    }
}

/// The points that a figure gives, to a millionth; thresholds are compared unrounded.
pub fn points(criterion: &NewCriterion, figure: &Figure) -> Option<Decimal> {
    let (figure, max) = (exact(figure)?, criterion.max_points);
    match criterion.kind {
        Some(Kind::Formula) => Some(figure.points(max, criterion.full_at.unwrap_or(Decimal::HUNDRED))),
        Some(Kind::Bands) => {
            let reached = criterion.bands.iter().filter(|band| figure.compare(band.from).is_ge());
            Some(reached.max_by_key(|band| band.from).map_or(Decimal::ZERO, |band| step(band, figure, max)))
        }
        _ => None,
    }
}

fn step(band: &Band, figure: Exact, max: Decimal) -> Decimal {
    match (band.points, band.factor, band.per) {
        (Some(points), _, _) => points.min(max),
        (None, Some(factor), _) => Exact::of(factor).points(max, Decimal::ONE),
        (None, None, Some(per)) => figure.points(max, per),
        (None, None, None) => Decimal::ZERO,
    }
}

fn bad(at: &'static str, vi: &str, en: &str) -> Fault {
    Fault::new(Code::BadCriterion, at, vi, en)
}

fn above(at: &'static str, points: Decimal, max: Decimal) -> Fault {
    let (points, max) = (points.shown(), max.shown());
    Fault::new(Code::AboveMaximum, at, format!("{points} điểm, tối đa {max}."), format!("{points} points, the maximum is {max}."))
}

fn only_without_parts(criterion: &NewCriterion) -> Option<Fault> {
    let (vi, en) = ("Tiêu chí có thành phần: chỉ chấm từng thành phần.", "The criterion has parts: only these are scored.");
    criterion.kind.is_none().then(|| bad("", vi, en))
}

/// Points within the maximum; all or none where it is yes or no.
fn points_fault(at: &'static str, points: Option<Decimal>, criterion: &NewCriterion) -> Option<Fault> {
    let (points, max) = (points?, criterion.max_points);
    if points > max {
        return Some(above(at, points, max));
    }
    let halfway = criterion.kind == Some(Kind::YesNo) && points != max && !points.is_zero();
    halfway.then(|| bad(at, "Có hoặc không: 0 hoặc điểm tối đa.", "Yes or no: 0 or the maximum."))
}

/// Every fault of what a department scores itself.
pub fn score_faults(new: &NewCriterionScore, criterion: &NewCriterion, today: NaiveDate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = only_without_parts(criterion).into_iter().collect();
    faults.extend(points_fault("/self_score", new.self_score, criterion));
    if criterion.kind == Some(Kind::Survey) && new.self_score.is_some() {
        faults.push(bad(
            "/self_score",
            "Điểm điều tra do khảo sát cho, đơn vị không tự chấm.",
            "A survey gives the points, not the department.",
        ));
    }
    match &new.figure {
        Some(figure) => faults.extend(figure_fault(figure, criterion)),
        None if new.self_score.is_none() && criterion.kind != Some(Kind::Survey) => faults.push(Fault::missing("/self_score")),
        None => {}
    }
    for (i, proof) in new.evidence.iter().enumerate() {
        faults.extend(proof_faults(proof, i, today));
    }
    faults
}

fn figure_fault(figure: &Figure, criterion: &NewCriterion) -> Option<Fault> {
    if !criterion.kind.is_some_and(Kind::is_computed) {
        return Some(bad("/figure", "Cách chấm này không dùng số liệu.", "This kind takes no figure."));
    }
    match (figure.value, figure.numerator, figure.denominator) {
        (Some(_), None, None) => None,
        (None, Some(_), Some(denominator)) if denominator.is_zero() => {
            Some(bad("/figure/denominator", "Mẫu số phải lớn hơn 0.", "The denominator must be greater than 0."))
        }
        (None, Some(_), Some(_)) => None,
        _ => Some(bad(
            "/figure/value",
            "Nhập value, hoặc cả numerator và denominator.",
            "Give value, or both numerator and denominator, and not all of them.",
        )),
    }
}

fn proof_faults(proof: &Proof, i: usize, today: NaiveDate) -> Vec<Fault> {
    let at = |member: &str| format!("/evidence/{i}/{member}");
    let mut faults = Vec::new();
    if proof.document_number.is_blank() {
        faults.push(Fault::missing(at("document_number")));
    }
    if proof.issued_on.is_some_and(|day| day.0 > today) {
        faults.push(Fault::plain(Code::DateInFuture, at("issued_on")));
    }
    let link = proof.link.as_ref().map_or("https://", |link| link.as_str());
    if !(link.starts_with("https://") || link.starts_with("http://")) {
        let (vi, en) = ("Đường dẫn bắt đầu bằng https:// hoặc http://.", "A link begins with https:// or http://.");
        faults.push(Fault::new(Code::WrongFormat, at("link"), vi, en));
    }
    faults
}

/// Every fault of an appraisal.
pub fn appraisal_faults(new: &NewCriterionAppraisal, criterion: &NewCriterion) -> Vec<Fault> {
    let mut faults: Vec<Fault> = only_without_parts(criterion).into_iter().collect();
    faults.extend(points_fault("/appraised_score", new.appraised_score, criterion));
    faults.extend(points_fault("/survey_score", new.survey_score, criterion));
    if criterion.kind != Some(Kind::Survey) && new.survey_score.is_some() {
        faults.push(bad("/survey_score", "Tiêu chí này không chấm bằng điều tra.", "No survey scores this criterion."));
    }
    faults
}
