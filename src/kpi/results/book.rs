//! Everything that the figures of a request are made from, read once: definitions, measurements, and what was counted.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::figures::Desk;
use super::plan::{Asked, Cut, Plan};
use super::request::Request;
use super::sources::{self, Ask, Family, Row};
use super::store::{self, Unit};
use super::tree::Children;
use super::wire::KpiDepartment;
use crate::auth::{Permission, Reach};
use crate::calendar::vn_date;
use crate::error::{ApiError, Fault};
use crate::http::Call;
use crate::kpi::definitions::store::histories;
use crate::kpi::measurements::{Measured, all_measured};
use crate::kpi::store::some;
use crate::kpi::wire::{Formula, KpiView, NoValue, Source};
use crate::reports::period::{Range, Span};
use crate::reports::{self, Census, Chosen};
use crate::surveys;

/// The plan of every indicator in every period, by code and name.
pub type Plans = HashMap<(String, String), Result<Plan, NoValue>>;

/// What was counted.
pub type Slate = HashMap<(Cut, Family), Vec<Row>>;

/// What figures are made of, as far as it may be used, and the day they are made on.
pub struct Sight<'a> {
    pub today: NaiveDate,
    /// Whose dossiers, documents and tasks count.
    pub reach: &'a Reach,
    /// Whose measurements and surveys count.
    pub measurers: Reach,
}

impl<'a> Sight<'a> {
    pub fn of(call: &Call, reach: &'a Reach) -> Sight<'a> {
        Sight { today: vn_date(call.now), reach, measurers: call.actor.reach(Permission::ReadMeasurement) }
    }
}

pub struct Book<'a> {
    sight: Sight<'a>,
    pub request: &'a Request,
    pub chosen: Chosen,
    /// Those asked for, in that order.
    pub kpis: Vec<KpiView>,
    /// They, and those that their expressions name.
    all: Vec<KpiView>,
    pub units: Vec<Unit>,
    children: Option<Children>,
    procedures: HashMap<String, Uuid>,
    measured: Vec<Measured>,
    ever: HashSet<(String, String)>,
    pub plans: Plans,
    slate: Slate,
}

impl<'a> Book<'a> {
    /// Reads all but what is counted.
    ///
    /// # Errors
    /// 422 with every code that does not exist or is out of reach.
    pub async fn open(db: &impl ConnectionTrait, sight: Sight<'a>, request: &'a Request, spans: &[Span]) -> Result<Book<'a>, ApiError> {
        let (reach, measurers) = (sight.reach, &sight.measurers);
        let mut chosen = reports::choose(db, reach, &request.slice).await?;
        let mut kpis = some(db, &request.kpis).await?;
        let missing: Vec<Fault> =
            request.kpis.iter().filter(|code| kpis.iter().all(|k| k.code != **code)).map(|code| Fault::unknown("kpi", code)).collect();
        if !missing.is_empty() {
            return Err(ApiError::broken(missing));
        }
        kpis.sort_by_key(|kpi| request.kpis.iter().position(|code| *code == kpi.code));
        let units = store::units(db).await?;
        let asked = chosen.department.as_ref().map(|d| d.code.as_str());
        let children = asked.filter(|_| request.children).map(|code| Children::of_department(&units, code, |unit| reach.covers(unit.id)));
        if let Some(children) = &children {
            chosen.departments = Some(units.iter().filter(|unit| children.contains(&unit.code)).map(|unit| unit.id).collect());
        }
        // An expression, also one of an earlier definition, may name any other.
        let plain = |kpi: &KpiView| kpi.expression.is_none() && kpi.valid_from.is_none();
        let all = if request.kpis.is_empty() || kpis.iter().all(plain) { kpis.clone() } else { some(db, &[]).await? };
        let ids: Vec<Uuid> = all.iter().map(|k| k.id).collect();
        let versions = histories(db, &ids).await?;
        let mut plans = Plans::new();
        let asked = Asked { request, chosen: &chosen, units: &units };
        for span in spans {
            let mut wanted: Vec<&str> = kpis.iter().map(|kpi| kpi.code.as_str()).collect();
            while let Some(code) = wanted.pop() {
                let key = (code.to_owned(), span.name.clone());
                let Some(kpi) = all.iter().find(|kpi| kpi.code == code).filter(|_| !plans.contains_key(&key)) else { continue };
                let plan = asked.plan(kpi, versions.get(&kpi.id).map(Vec::as_slice).unwrap_or_default(), span);
                let inputs: Vec<String> = plan.as_ref().map(|plan| plan.definition.inputs.clone()).unwrap_or_default();
                wanted.extend(all.iter().map(|kpi| kpi.code.as_str()).filter(|code| inputs.iter().any(|input| input == code)));
                plans.insert(key, plan);
            }
        }
        let ids: Vec<Uuid> = all.iter().filter(|kpi| plans.keys().any(|(code, _)| *code == kpi.code)).map(|kpi| kpi.id).collect();
        let periods: Vec<String> = spans.iter().map(|s| s.name.clone()).collect();
        let mut measured = all_measured(db, measurers, &ids, &periods).await?;
        measured.extend(surveyed(db, measurers, &all, &periods).await?);
        let is_measured = |id: &Uuid| all.iter().any(|kpi| kpi.id == *id && kpi.source != Source::Computed);
        let ids: Vec<Uuid> = ids.into_iter().filter(is_measured).collect();
        let ever = if ids.is_empty() { HashSet::new() } else { store::ever_measured(db, measurers, &ids).await? };
        let named: Vec<String> = plans.values().flatten().filter_map(|plan| plan.cut.procedure.clone()).collect();
        let procedures = store::procedures(db, &named).await?;
        let slate = Slate::new();
        Ok(Book { sight, request, chosen, kpis, all, units, children, procedures, measured, ever, plans, slate })
    }

    /// Counts what the formulas need: each family once for what is cut alike.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&mut self, db: &impl ConnectionTrait) -> Result<(), ApiError> {
        let mut wanted: HashMap<(Cut, Family), Vec<Formula>> = HashMap::new();
        for plan in self.plans.values().flatten() {
            if let Some((formula, counting)) = plan.definition.formula.zip(plan.counting()) {
                let formulas = wanted.entry((plan.cut.clone(), counting.family())).or_default();
                if !formulas.contains(&formula) {
                    formulas.push(formula);
                }
            }
        }
        let mut slate = Slate::new();
        if let Some(census) = &self.request.census {
            self.count_over(db, census, &mut wanted, &mut slate).await?;
        }
        for ((cut, family), formulas) in wanted {
            let chosen = self.chosen_of(&cut);
            let rows = sources::rows(db, &self.ask(&chosen, &formulas), family, cut.days).await?;
            slate.insert((cut, family), rows);
        }
        self.slate = slate;
        Ok(())
    }

    /// Takes what a census tells from what is wanted, each family once for all periods.
    async fn count_over(
        &self,
        db: &impl ConnectionTrait,
        census: &Census,
        wanted: &mut HashMap<(Cut, Family), Vec<Formula>>,
        slate: &mut Slate,
    ) -> Result<(), ApiError> {
        for family in Family::OVER {
            let told = |cut: &Cut| {
                let narrowed = (&cut.field, &cut.procedure) != (&self.chosen.field, &self.chosen.procedure_code);
                census.holds(cut.days) && cut.within.is_none() && !narrowed
            };
            let taken: Vec<((Cut, Family), Vec<Formula>)> = wanted.extract_if(|(cut, own), _| *own == family && told(cut)).collect();
            let mut formulas: Vec<Formula> = Vec::new();
            for formula in taken.iter().flat_map(|(_, formulas)| formulas) {
                if !formulas.contains(formula) {
                    formulas.push(*formula);
                }
            }
            let days: Vec<Range> = taken.iter().map(|((cut, _), _)| cut.days).collect();
            let rows = sources::rows_over(db, &self.ask(&self.chosen, &formulas), family, &days, census).await?;
            slate.extend(taken.into_iter().map(|(key, _)| key).zip(rows));
        }
        Ok(())
    }

    /// What is chosen of what was asked for.
    pub fn chosen_of(&self, cut: &Cut) -> Chosen {
        Asked { request: self.request, chosen: &self.chosen, units: &self.units }.chosen(cut, &self.procedures)
    }

    pub fn ask<'b>(&'b self, chosen: &'b Chosen, formulas: &'b [Formula]) -> Ask<'b> {
        Ask {
            today: self.sight.today,
            reach: self.sight.reach,
            chosen,
            group_by: self.request.group_by,
            children: self.children.as_ref(),
            formulas,
        }
    }

    pub fn desk(&self) -> Desk<'_> {
        let sees = |unit: &Unit| self.sight.measurers.covers(unit.id);
        let chosen = |unit: &&Unit| self.chosen.departments.as_ref().is_none_or(|ids| ids.contains(&unit.id)) && sees(unit);
        Desk {
            request: self.request,
            chosen: &self.chosen,
            units: &self.units,
            among: self.units.iter().filter(chosen).map(|unit| unit.code.as_str()).collect(),
            children: self.children.as_ref(),
            measured: &self.measured,
            ever: &self.ever,
            plans: &self.plans,
            slate: &self.slate,
        }
    }

    /// An indicator as it is defined in a period, where it has figures.
    pub fn plan(&self, code: &str, span: &Span) -> Option<&Plan> {
        self.plans.get(&(code.to_owned(), span.name.clone())).and_then(|plan| plan.as_ref().ok())
    }

    /// An indicator that was asked for, or is named by one.
    pub fn kpi(&self, code: &str) -> Option<&KpiView> {
        self.all.iter().find(|kpi| kpi.code == code)
    }

    pub fn named(&self, code: &str) -> KpiDepartment {
        let name = self.units.iter().find(|unit| unit.code == code).map(|unit| unit.name.clone()).unwrap_or_default();
        KpiDepartment { code: code.to_owned(), name }
    }
}

/// What closed waves of surveys give the indicators that are surveyed; of several for the same place, the one that was closed last.
async fn surveyed(db: &impl ConnectionTrait, reach: &Reach, kpis: &[KpiView], periods: &[String]) -> Result<Vec<Measured>, ApiError> {
    let codes: Vec<String> = kpis.iter().filter(|kpi| kpi.source == Source::Survey).map(|kpi| kpi.code.clone()).collect();
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let mut places = HashSet::new();
    let mut figures = surveys::figures(db, reach, &codes, None, periods).await?;
    figures.retain(|f| places.insert((f.kpi.clone(), f.department.clone(), f.period.clone(), f.field.clone())));
    Ok(figures.into_iter().map(Measured::of_survey).collect())
}
