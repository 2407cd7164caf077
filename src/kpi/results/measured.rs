//! What was recorded of an indicator, or counted from the answers of a survey, as figures. Pure.

use uuid::Uuid;

use super::figures::Figure;
use super::wire::PublishedFigure;
use crate::http::decimal::{Decimal, Exact};
use crate::kpi::measurements::{Measured, MeasurementState, MeasurementView};
use crate::kpi::wire::{NoValue, Unit as Counted};
use crate::surveys;

fn shown(figure: Decimal) -> Option<serde_json::Number> {
    serde_json::Number::from_f64(figure.shown())
}

/// The figure that a measurement is.
pub fn figure(measured: &Measured) -> Figure {
    let view = &measured.view;
    Figure {
        department: Some(view.department.clone()),
        field: view.field.clone(),
        numerator: view.numerator.and_then(shown),
        denominator: view.denominator.and_then(shown),
        value: exact(measured),
        provisional: is_provisional(measured),
        ..Figure::default()
    }
}

fn is_provisional(measured: &Measured) -> bool {
    measured.view.state == MeasurementState::Provisional
}

/// The value of a measurement, unrounded.
pub fn exact(measured: &Measured) -> Option<Exact> {
    let view = &measured.view;
    let ratio = view.numerator.zip(view.denominator).and_then(|(n, d)| Exact::per_cent_of(n, d));
    view.value.map(Exact::of).or(ratio)
}

impl Measured {
    /// The share that a wave of a survey gives.
    pub fn of_survey(figure: surveys::Figure) -> Measured {
        let view = MeasurementView {
            id: Uuid::nil(),
            kpi: figure.kpi,
            department: figure.department,
            period: figure.period,
            field: figure.field,
            value: None,
            numerator: Decimal::of_count(figure.numerator),
            denominator: Decimal::of_count(figure.denominator),
            evidence: Vec::new(),
            note: None,
            state: if figure.provisional { MeasurementState::Provisional } else { MeasurementState::Final },
            published: false,
            correction_reason: None,
            recorded_at: figure.closed_at,
            version: 0,
        };
        Measured { view, department_name: figure.department_name, field_name: figure.field_name, survey: Some(figure.survey) }
    }

    /// Whether it is of the same department and field as another, of the same indicator and period.
    pub fn is_beside(&self, other: &Measured) -> bool {
        let place = |m: &Measured| (m.view.kpi.clone(), m.view.period.clone(), m.view.department.clone(), m.view.field.clone());
        place(self) == place(other)
    }
}

impl PublishedFigure {
    /// What was published, beside the computed figure.
    pub fn beside(computed: Option<Exact>, measured: &Measured) -> PublishedFigure {
        let value = exact(measured);
        let difference = computed.zip(value).and_then(|(computed, published)| computed.minus(published));
        PublishedFigure {
            value: value.map(Exact::rounded),
            difference: difference.map(Exact::rounded),
            recorded_at: measured.view.recorded_at,
        }
    }
}

/// Shares add up as sums over sums where each has its numerator and denominator, counts as they are; anything else does not.
pub fn sum(measured: &[&Measured], unit: Counted, about: Figure) -> Figure {
    let added = |of: fn(&Measured) -> Option<Decimal>| -> Option<Decimal> {
        let mut parts = measured.iter().map(|m| of(m));
        let first = parts.next()??;
        parts.try_fold(first, |sum, part| sum.checked_plus(part?))
    };
    let about = Figure { provisional: measured.iter().any(|m| is_provisional(m)), ..about };
    if unit == Counted::Count {
        if let Some(count) = added(|m| m.view.value) {
            return Figure { value: Some(Exact::of(count)), ..about };
        }
    } else if let Some((n, d)) = added(|m| m.view.numerator).zip(added(|m| m.view.denominator)) {
        return Figure { numerator: shown(n), denominator: shown(d), value: Exact::per_cent_of(n, d), ..about };
    }
    Figure { reason: Some(NoValue::NotAdditive), ..about }
}
