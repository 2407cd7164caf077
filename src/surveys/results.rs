//! What a wave comes to: the index of the whole, of each factor and each field, beside what was published and the wave before.

use super::model::{SurveyChange, SurveyPercent};
use super::rules;
use super::rules::statistics::{self, MINIMUM, Share};
use super::rules::tally::{self, Tally};
use super::store::Names;
use super::wire::{
    SurveyBefore, SurveyComparison, SurveyInterval, SurveyLine, SurveyPublishedBeside, SurveyPublishedValue, SurveyResults, SurveyView,
};
use crate::http::Lang;
use crate::http::table::{Cell, Table};
use crate::text::Text;

/// What a wave comes to, in the caller's words.
pub fn results(survey: &SurveyView, before: Option<&SurveyView>, names: &Names, lang: Lang) -> SurveyResults {
    let desk = Desk { survey, before, lang };
    let (whole, factors, fields) = (tally::whole(&survey.answers), tally::factors(&survey.answers), tally::fields(&survey.answers));
    let of_before = |tallies: &dyn Fn(&SurveyView) -> Vec<(String, Tally)>| before.map(tallies).unwrap_or_default();
    let factors_before = of_before(&|view| tally::factors(&view.answers));
    let fields_before = of_before(&|view| tally::fields(&view.answers));
    let whole_before = before.map(|view| tally::whole(&view.answers));
    SurveyResults {
        survey: survey.code.clone(),
        name: survey.name.clone(),
        department: survey.department.clone(),
        period: survey.period.clone(),
        state: survey.state,
        scale: survey.method.scale,
        population: survey.population,
        sample_size: survey.sample_size,
        respondents: survey.respondents,
        response_rate: statistics::rate(survey.respondents.get(), survey.sample_size.get()),
        minimum: MINIMUM,
        compared_with: before.map(|view| SurveyBefore {
            survey: view.code.clone(),
            period: view.period.clone(),
            state: view.state,
            same_method: view.method.name == survey.method.name
                && view.method.version == survey.method.version
                && view.method.scale == survey.method.scale,
        }),
        whole: desk.line(whole, whole_before, &|value| value.factor.is_none() && value.field.is_none()),
        factors: desk.lines(factors, &factors_before, &|code, value| value.factor.as_ref().is_some_and(|f| f.as_str() == code), &|code| {
            names.kpis.get(code).cloned()
        }),
        fields: desk.lines(fields, &fields_before, &|code, value| value.field.as_ref().is_some_and(|f| f.as_str() == code), &|code| {
            names.fields.get(code).cloned()
        }),
    }
}

/// What all lines are made with.
struct Desk<'a> {
    survey: &'a SurveyView,
    before: Option<&'a SurveyView>,
    lang: Lang,
}

impl Desk<'_> {
    fn lines(
        &self,
        tallies: Vec<(String, Tally)>,
        before: &[(String, Tally)],
        is_about: &dyn Fn(&str, &SurveyPublishedValue) -> bool,
        name: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<SurveyLine> {
        let ranks = tally::ranks(&tallies.iter().map(|(_, tally)| tally.share()).collect::<Vec<_>>());
        let made = tallies.into_iter().zip(ranks).map(|((code, tally), rank)| {
            let then = before.iter().find(|(known, _)| *known == code).map(|(_, tally)| *tally);
            let line = self.line(tally, then, &|value| is_about(&code, value));
            SurveyLine { name: name(&code), key: Some(code), rank, ..line }
        });
        let mut lines: Vec<SurveyLine> = made.collect();
        // Equal ones stay in the order of the questionnaire; what has no rank comes last.
        lines.sort_by_key(|line| line.rank.unwrap_or(i64::MAX));
        lines
    }

    fn line(&self, tally: Tally, before: Option<Tally>, is_about: &dyn Fn(&SurveyPublishedValue) -> bool) -> SurveyLine {
        let share = tally.share();
        let publication = self.survey.publication.as_ref();
        let published = publication.and_then(|p| p.values.iter().find(|value| is_about(value))).map(|value| beside(value.value, share));
        SurveyLine {
            key: None,
            name: None,
            levels: tally.shown(),
            no_answer: tally.no_answer,
            valid: share.valid,
            satisfied: share.satisfied,
            value: share.value(),
            interval: statistics::wilson(share)
                .map(|(from, to)| SurveyInterval { from: statistics::as_per_cent(from), to: statistics::as_per_cent(to) }),
            too_few_answers: share.is_too_small(),
            rank: None,
            published,
            previous: self.before.map(|wave| self.comparison(share, before.map(Tally::share), wave)),
        }
    }

    fn comparison(&self, now: Share, before: Option<Share>, wave: &SurveyView) -> SurveyComparison {
        let then = before.unwrap_or_default();
        let (change, z) = rules::change(now, before, wave.method.scale == self.survey.method.scale);
        SurveyComparison {
            valid: then.valid,
            satisfied: then.satisfied,
            value: then.value(),
            difference: now.less(then),
            z: z.map(|z| (z * 100.0).round() / 100.0),
            intervals_overlap: statistics::overlap(now, then),
            change,
            text: self.lang.pick(words(change, now.less(then), &wave.code)),
        }
    }
}

fn beside(value: SurveyPercent, share: Share) -> SurveyPublishedBeside {
    SurveyPublishedBeside { value, difference: share.published_less(value.0) }
}

fn words(change: SurveyChange, difference: Option<f64>, before: &str) -> Text {
    let by = difference.unwrap_or_default().abs();
    match change {
        SurveyChange::Rose => Text::new(
            format!("Tăng {by:.2} điểm phần trăm so với đợt “{before}”, có ý nghĩa thống kê ở mức tin cậy 95 %."),
            format!("Up by {by:.2} percentage points on “{before}”, significant at 95 %."),
        ),
        SurveyChange::Fell => Text::new(
            format!("Giảm {by:.2} điểm phần trăm so với đợt “{before}”, có ý nghĩa thống kê ở mức tin cậy 95 %."),
            format!("Down by {by:.2} percentage points on “{before}”, significant at 95 %."),
        ),
        SurveyChange::NoClearChange => Text::new(
            format!("Chênh {by:.2} điểm phần trăm so với đợt “{before}”, còn trong sai số chọn mẫu."),
            format!("{by:.2} percentage points from “{before}”, which may be chance."),
        ),
        SurveyChange::TooFewAnswers => Text::new(
            format!("Đợt này hoặc đợt “{before}” có dưới {MINIMUM} câu trả lời hợp lệ, chưa đủ để kết luận tăng hay giảm."),
            format!("This wave or “{before}” has fewer than {MINIMUM} valid answers: too few to tell."),
        ),
        SurveyChange::NotComparable => Text::new(
            format!("Không so sánh được với đợt “{before}”: khác thang đo hoặc không có câu trả lời."),
            format!("Not comparable with “{before}”: another scale, or no answers."),
        ),
    }
}

/// The results as a table: the whole, then factors, then fields.
pub fn table(results: &SurveyResults, lang: Lang) -> Table {
    let columns = [
        ("Phần", "Part"),
        ("Mã", "Code"),
        ("Tên", "Name"),
        ("Rất không hài lòng", "Very dissatisfied"),
        ("Không hài lòng", "Dissatisfied"),
        ("Bình thường", "Neutral"),
        ("Hài lòng", "Satisfied"),
        ("Rất hài lòng", "Very satisfied"),
        ("Không trả lời", "No answer"),
        ("Hợp lệ", "Valid"),
        ("Hài lòng và rất hài lòng", "Satisfied and very satisfied"),
        ("Chỉ số (%)", "Index (%)"),
        ("Khoảng tin cậy 95 % từ", "95 % interval from"),
        ("đến", "to"),
        ("Thứ hạng", "Rank"),
        ("Giá trị công bố", "Published"),
        ("Chênh với công bố", "Published less computed"),
        ("Đợt trước (%)", "Wave before (%)"),
        ("So với đợt trước", "Against the wave before"),
    ];
    let parts = [("Chung", "Whole"), ("Yếu tố", "Factor"), ("Lĩnh vực", "Field")];
    let lines = std::iter::once((0, &results.whole))
        .chain(results.factors.iter().map(|line| (1, line)))
        .chain(results.fields.iter().map(|line| (2, line)));
    let text = |value: &Option<String>| value.clone().map_or(Cell::Empty, Cell::Text);
    let number = |value: Option<f64>| value.map_or(Cell::Empty, Cell::Number);
    let rows = lines.map(|(part, line)| {
        let (vi, en) = parts[part];
        let previous = line.previous.as_ref();
        vec![
            Cell::Text(lang.pick(Text::new(vi, en))),
            text(&line.key),
            text(&line.name),
            Cell::Count(line.levels.very_dissatisfied),
            Cell::Count(line.levels.dissatisfied),
            Cell::Count(line.levels.neutral),
            Cell::Count(line.levels.satisfied),
            Cell::Count(line.levels.very_satisfied),
            Cell::Count(line.no_answer),
            Cell::Count(line.valid),
            Cell::Count(line.satisfied),
            number(line.value),
            number(line.interval.map(|i| i.from)),
            number(line.interval.map(|i| i.to)),
            line.rank.map_or(Cell::Empty, Cell::Count),
            number(line.published.map(|p| p.value.shown())),
            number(line.published.and_then(|p| p.difference)),
            number(previous.and_then(|p| p.value)),
            previous.map_or(Cell::Empty, |p| Cell::Text(p.text.clone())),
        ]
    });
    Table { name: "survey-results", columns: columns.into_iter().map(|(vi, en)| Text::new(vi, en)).collect(), rows: rows.collect() }
}
