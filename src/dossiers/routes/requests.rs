//! The acts on one of a dossier's requests, named by its number.

use crate::http::ServiceConfig;
use actix_web::{post, web};

use super::acts::id;
use crate::app::Shared;
use crate::auth::Permit;
use crate::auth::permissions::{Named, perm};
use crate::db::Db;
use crate::dossiers::acts;
use crate::dossiers::deeds::Deed;
use crate::dossiers::wire::{
    ActBody, Completion, ConsultationAnswer, ConsultationEscalation, ConsultationReminder, DossierView, Fulfilment, Payment, SuspensionEnd,
};
use crate::error::ApiError;
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::{Answer, Json, Line, Query, WriteProblems, write};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(record_completion)
        .service(fulfil_supplement)
        .service(record_payment)
        .service(end_suspension)
        .service(remind_agency)
        .service(record_answer)
        .service(escalate_consultation);
}

/// An act on one of a dossier's requests, by its number.
macro_rules! act_on {
    ($handler:ident, $permission:ident, $name:literal, $path:literal, $body:ident, $deed:ident, $summary:literal, $text:literal) => {
        #[doc = $summary]
        #[doc = ""]
        #[doc = $text]
        #[utoipa::path(tag = "dossiers", operation_id = stringify!($handler), security(("bearer" = [])), request_body = $body,
            params(("id" = Uuid, Path, description = "Id of the dossier"), ("n" = i16, Path, description = "Number of the request, from 1", minimum = 1),
                WriteParams, ChangeHeaders),
            extensions(("x-permission" = json!($name))),
            responses((status = 200, description = "Done; the dossier as it is now", body = DossierView), WriteProblems))]
        #[post($path)]
        async fn $handler(
            permit: Permit<perm::$permission>,
            path: web::Path<(String, String)>,
            _: Query<WriteParams>,
            body: Json<$body>,
            db: Db,
            shared: web::Data<Shared>,
        ) -> Answer {
            let n = path.1.parse().map_err(|_| ApiError::not_found())?;
            act_on(&permit, &path.0, |body| $deed(n, body), body, (&db, &shared)).await
        }
    };
}

async fn act_on<P: Named, B: ActBody>(
    permit: &Permit<P>,
    path: &str,
    deed: impl FnOnce(B) -> Deed,
    body: Json<B>,
    (db, shared): (&Db, &Shared),
) -> Answer {
    let id = id(path)?;
    let (at, hash) = (body.value.occurred_at(), body.hash);
    let deed = deed(body.value);
    write(db.get_ref(), permit, &hash, async |tx| acts::perform(tx, permit, &shared.vault, P::PERMISSION, id, &deed, at).await).await
}

fn complete(n: usize, _: Completion) -> Deed {
    Deed::Complete { n }
}

fn fulfil(n: i16, _: Fulfilment) -> Deed {
    Deed::FulfilSupplement { n }
}

fn pay(n: i16, _: Payment) -> Deed {
    Deed::RecordPayment { n }
}

fn resume(n: i16, _: SuspensionEnd) -> Deed {
    Deed::EndSuspension { n }
}

fn remind(n: usize, body: ConsultationReminder) -> Deed {
    Deed::Remind { n, document_no: body.document_no.map(Line::into_string).unwrap_or_default() }
}

fn answered(n: usize, _: ConsultationAnswer) -> Deed {
    Deed::RecordAnswer { n }
}

fn escalated(n: usize, _: ConsultationEscalation) -> Deed {
    Deed::Escalate { n }
}

act_on!(
    record_completion,
    RecordCompletion,
    "dossier:record_completion",
    "/api/v1/dossiers/{id}/completion-requests/{n}/completion",
    Completion,
    complete,
    "Record a completion",
    "What was asked for before acceptance is here; the dossier may be accepted."
);
act_on!(
    fulfil_supplement,
    FulfilSupplement,
    "dossier:fulfil_supplement",
    "/api/v1/dossiers/{id}/supplement-requests/{n}/fulfilment",
    Fulfilment,
    fulfil,
    "Record that papers have arrived",
    "Fulfils a supplement request; the clock runs on by the dossier's supplement policy."
);
act_on!(
    record_payment,
    RecordPayment,
    "dossier:record_payment",
    "/api/v1/dossiers/{id}/fee-requests/{n}/payment",
    Payment,
    pay,
    "Record a payment",
    "The fee is paid; the clock runs on."
);
act_on!(
    end_suspension,
    SuspendDossier,
    "dossier:suspend",
    "/api/v1/dossiers/{id}/suspensions/{n}/end",
    SuspensionEnd,
    resume,
    "End a suspension",
    "The ground is gone; the clock runs on."
);
act_on!(
    remind_agency,
    ConsultAgency,
    "dossier:consult",
    "/api/v1/dossiers/{id}/consultations/{n}/reminders",
    ConsultationReminder,
    remind,
    "Remind a consulted agency",
    "In writing; after two reminders without an answer the silence is to be escalated."
);
act_on!(
    record_answer,
    ConsultAgency,
    "dossier:consult",
    "/api/v1/dossiers/{id}/consultations/{n}/answer",
    ConsultationAnswer,
    answered,
    "Record a consulted agency's answer",
    "It has answered."
);
act_on!(
    escalate_consultation,
    ConsultAgency,
    "dossier:consult",
    "/api/v1/dossiers/{id}/consultations/{n}/escalation",
    ConsultationEscalation,
    escalated,
    "Escalate a consultation",
    "The silence is reported to the provincial committee."
);
