//! The acts: a transition is a resource.

use crate::http::ServiceConfig;
use actix_web::{post, web};
use uuid::Uuid;

use crate::app::Shared;
use crate::auth::Permit;
use crate::auth::permissions::{Named, perm};
use crate::db::Db;
use crate::dossiers::acts;
use crate::dossiers::deeds::Deed;
use crate::dossiers::wire::{
    Acceptance, ActBody, ApologyNotice, CompletionRequest, ConsultationRequest, DossierView, FeeRequest, HandOver, NewDossier,
    NonAcceptance, Processing, RefusalNotice, Resolution, SupplementRequest, SuspensionNotice, TerminationNotice, TransferNotice, Voiding,
    Withdrawal,
};
use crate::error::ApiError;
use crate::http::call::{ChangeHeaders, RetryHeaders, WriteParams};
use crate::http::{Answer, Json, Query, WriteProblems, write};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(receive_dossier)
        .service(accept_dossier)
        .service(decline_dossier)
        .service(process_dossier)
        .service(request_supplement)
        .service(request_fee)
        .service(suspend_dossier)
        .service(consult_agency)
        .service(terminate_dossier)
        .service(apologise_dossier)
        .service(refuse_dossier)
        .service(resolve_dossier)
        .service(return_dossier)
        .service(withdraw_dossier)
        .service(void_dossier)
        .service(request_completion)
        .service(transfer_dossier);
}

/// A path id that is no UUID names nothing.
pub(super) fn id(text: &str) -> Result<Uuid, ApiError> {
    Uuid::parse_str(text).map_err(|_| ApiError::not_found())
}

/// Receive a dossier
///
/// At a one-stop counter. A number `{agency}-{yymmdd}-{nnnn}` is allotted unless the caller brings a code. With
/// `accept` it is accepted at once and its clock starts.
#[utoipa::path(tag = "dossiers", operation_id = "receive_dossier", security(("bearer" = [])), request_body = NewDossier,
    params(WriteParams, RetryHeaders), extensions(("x-permission" = json!("dossier:receive"))),
    responses((status = 201, description = "Received", body = DossierView), WriteProblems))]
#[post("/api/v1/dossiers")]
async fn receive_dossier(
    permit: Permit<perm::ReceiveDossier>,
    _: Query<WriteParams>,
    body: Json<NewDossier>,
    db: Db,
    shared: web::Data<Shared>,
) -> Answer {
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::receive(tx, &permit, &shared.vault, &body.value).await).await
}

async fn perform<P: Named, B: ActBody + Clone + Into<Deed>>(
    permit: &Permit<P>,
    path: &str,
    body: &Json<B>,
    (db, shared): (&Db, &Shared),
) -> Answer {
    let id = id(path)?;
    let (deed, at) = (body.value.clone().into(), body.value.occurred_at());
    write(db.get_ref(), permit, &body.hash, async |tx| acts::perform(tx, permit, &shared.vault, P::PERMISSION, id, &deed, at).await).await
}

macro_rules! act {
    ($handler:ident, $permission:ident, $name:literal, $path:literal, $body:ident, $summary:literal, $text:literal) => {
        #[doc = $summary]
        #[doc = ""]
        #[doc = $text]
        #[utoipa::path(tag = "dossiers", operation_id = stringify!($handler), security(("bearer" = [])), request_body = $body,
                            params(("id" = Uuid, Path, description = "Id of the dossier"), WriteParams, ChangeHeaders),
                            extensions(("x-permission" = json!($name))),
                            responses((status = 200, description = "Done; the dossier as it is now", body = DossierView), WriteProblems))]
        #[post($path)]
        async fn $handler(
            permit: Permit<perm::$permission>,
            path: web::Path<String>,
            _: Query<WriteParams>,
            body: Json<$body>,
            db: Db,
            shared: web::Data<Shared>,
        ) -> Answer {
            perform(&permit, &path, &body, (&db, &shared)).await
        }
    };
}

act!(
    accept_dossier,
    AcceptDossier,
    "dossier:accept",
    "/api/v1/dossiers/{id}/acceptance",
    Acceptance,
    "Accept a dossier",
    "It is complete and valid; its clock starts."
);
act!(
    decline_dossier,
    DeclineDossier,
    "dossier:decline",
    "/api/v1/dossiers/{id}/non-acceptance",
    NonAcceptance,
    "Refuse a dossier at the counter",
    "Before acceptance, with the reason."
);
act!(
    process_dossier,
    ProcessDossier,
    "dossier:process",
    "/api/v1/dossiers/{id}/processing",
    Processing,
    "Begin processing",
    "By the resolving department."
);
act!(
    request_supplement,
    RequestSupplement,
    "dossier:request_supplement",
    "/api/v1/dossiers/{id}/supplement-requests",
    SupplementRequest,
    "Request a supplement",
    "By notice, with the reason; the clock stops until the papers are here."
);
act!(
    apologise_dossier,
    ApologiseDossier,
    "dossier:apologise",
    "/api/v1/dossiers/{id}/apologies",
    ApologyNotice,
    "Apologise for lateness",
    "With the reason and a new date. The due date does not move."
);
act!(
    refuse_dossier,
    RefuseDossier,
    "dossier:refuse",
    "/api/v1/dossiers/{id}/refusal",
    RefusalNotice,
    "Refuse a dossier",
    "In writing, with the reason and the document's number."
);
act!(
    resolve_dossier,
    ResolveDossier,
    "dossier:resolve",
    "/api/v1/dossiers/{id}/resolution",
    Resolution,
    "Resolve a dossier",
    "Processing is done: this is the finish that timeliness is judged by."
);
act!(
    return_dossier,
    ReturnDossier,
    "dossier:return",
    "/api/v1/dossiers/{id}/return",
    HandOver,
    "Hand over the result",
    "To the applicant; it does not touch timeliness."
);
act!(
    withdraw_dossier,
    WithdrawDossier,
    "dossier:withdraw",
    "/api/v1/dossiers/{id}/withdrawal",
    Withdrawal,
    "Withdraw a dossier",
    "By the applicant, before the result."
);
act!(
    void_dossier,
    VoidDossier,
    "dossier:void",
    "/api/v1/dossiers/{id}/void",
    Voiding,
    "Void a dossier",
    "A wrong or duplicate entry; reports that end from today on leave it out."
);

act!(
    request_fee,
    RequestFee,
    "dossier:request_fee",
    "/api/v1/dossiers/{id}/fee-requests",
    FeeRequest,
    "Request a fee",
    "The clock stops until it is paid."
);
act!(
    suspend_dossier,
    SuspendDossier,
    "dossier:suspend",
    "/api/v1/dossiers/{id}/suspensions",
    SuspensionNotice,
    "Suspend a dossier",
    "On a legal ground, with the reason; the clock stops."
);
act!(
    consult_agency,
    ConsultAgency,
    "dossier:consult",
    "/api/v1/dossiers/{id}/consultations",
    ConsultationRequest,
    "Consult another agency",
    "The clock runs on while its answer is awaited."
);
act!(
    terminate_dossier,
    TerminateDossier,
    "dossier:terminate",
    "/api/v1/dossiers/{id}/termination",
    TerminationNotice,
    "Terminate a dossier",
    "Stopped for good by the agency, by notice, with the reason."
);
act!(
    request_completion,
    RequestCompletion,
    "dossier:request_completion",
    "/api/v1/dossiers/{id}/completion-requests",
    CompletionRequest,
    "Request completion",
    "Before acceptance: all that is missing is told at once, with the reason. No clock runs yet."
);
act!(
    transfer_dossier,
    TransferDossier,
    "dossier:transfer",
    "/api/v1/dossiers/{id}/transfer",
    TransferNotice,
    "Transfer a dossier",
    "To another department, which resolves it from now on. The due date does not move; reports count it where it was at their end."
);
