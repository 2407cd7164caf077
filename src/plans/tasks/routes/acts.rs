//! The acts on tasks: a transition is a resource.

use crate::http::ServiceConfig;
use actix_web::{post, web};

use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::db::Db;
use crate::http::call::{ChangeHeaders, WriteParams};
use crate::http::{Answer, Json, Query, WriteProblems, write};
use crate::plans::tasks::acts;
use crate::plans::tasks::wire::{
    AssignmentAcceptance, CounterProposal, ExtensionAnswer, NewAssignment, NewEvent, NewExtension, StatedReason, TaskCancellation,
    TaskConfirmation, TaskReturn, TaskView,
};

macro_rules! act {
    ($handler:ident, $permission:ident, $name:literal, $path:literal, $body:ident, $act:ident, $summary:literal, $text:literal) => {
        #[doc = $summary]
        #[doc = ""]
        #[doc = $text]
        #[utoipa::path(tag = "plans", operation_id = stringify!($handler), security(("bearer" = [])), request_body = $body,
            params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"), WriteParams, ChangeHeaders),
            extensions(("x-permission" = json!($name))),
            responses((status = 201, description = "The task as it is now", body = TaskView), WriteProblems))]
        #[post($path)]
        async fn $handler(
            permit: Permit<perm::$permission>,
            key: web::Path<String>,
            _: Query<WriteParams>,
            body: Json<$body>,
            db: Db,
        ) -> Answer {
            let key = key.as_str().into();
            write(db.get_ref(), &permit, &body.hash, async |tx| acts::$act(tx, &permit, &key, &body.value).await).await
        }
    };
}

/// An act on a request for more time.
macro_rules! on_extension {
    ($handler:ident, $permission:ident, $name:literal, $path:literal, $body:ident, |$place:ident, $said:ident, $tx:ident, $permit:ident| $call:expr,
     $summary:literal, $text:literal) => {
        #[doc = $summary]
        #[doc = ""]
        #[doc = $text]
        #[utoipa::path(tag = "plans", operation_id = stringify!($handler), security(("bearer" = [])), request_body = $body,
                                    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"),
                                        ("n" = i32, Path, description = "Number of the request", example = 1), WriteParams, ChangeHeaders),
                                    extensions(("x-permission" = json!($name))),
                                    responses((status = 201, description = "The task as it is now", body = TaskView), WriteProblems))]
        #[post($path)]
        async fn $handler(
            permit: Permit<perm::$permission>,
            path: web::Path<(String, String)>,
            _: Query<WriteParams>,
            body: Json<$body>,
            db: Db,
        ) -> Answer {
            let (key, n) = path.into_inner();
            let (key, n) = (key.as_str().into(), super::number(&n)?);
            write(db.get_ref(), &permit, &body.hash, async |$tx| {
                let ($place, $said, $permit) = ((&key, n), &body.value, &permit);
                $call.await
            })
            .await
        }
    };
}

act!(
    assign_task,
    AssignTask,
    "task:assign",
    "/api/v1/tasks/{key}/assignments",
    NewAssignment,
    assign,
    "Assign a task",
    "The office or the director gives the task to a department with the part it has; the head of a department that has part names who does it. Answers the task."
);
act!(
    trigger_task,
    WriteTask,
    "task:write",
    "/api/v1/tasks/{key}/trigger",
    NewEvent,
    trigger,
    "Record the event that a task waits for",
    "Its first and last day follow from the event. Sent again it corrects them, with the reason as its note. Answers the task."
);
act!(
    confirm_task,
    ConfirmTask,
    "task:confirm",
    "/api/v1/tasks/{key}/confirmation",
    TaskConfirmation,
    confirm,
    "Confirm what was handed in",
    "The office confirms it; that closes the task, or the occurrence, as of the day it was done. Answers the task."
);
act!(
    return_task,
    ConfirmTask,
    "task:confirm",
    "/api/v1/tasks/{key}/return",
    TaskReturn,
    give_back,
    "Give a task back",
    "The office gives back what was handed in. Where nothing waits, what was closed is taken up again. Answers the task."
);
act!(
    cancel_task,
    WriteTask,
    "task:write",
    "/api/v1/tasks/{key}/cancellation",
    TaskCancellation,
    cancel,
    "Cancel a task",
    "By a document, with a reason. It counts no more. Answers the task."
);
act!(
    set_task_not_applicable,
    WriteTask,
    "task:write",
    "/api/v1/tasks/{key}/not-applicable",
    StatedReason,
    set_not_applicable,
    "Find that a task does not apply",
    "With a reason. It counts no more. Answers the task."
);
act!(
    ask_extension,
    AskExtension,
    "task:ask_extension",
    "/api/v1/tasks/{key}/extension-requests",
    NewExtension,
    ask_extension,
    "Ask for more time",
    "A leading department asks for a later day; one request waits at a time. A task that was given more time counts as extended for ever. Answers the task."
);

on_extension!(
    approve_extension,
    DecideExtension,
    "task:decide_extension",
    "/api/v1/tasks/{key}/extension-requests/{n}/approval",
    ExtensionAnswer,
    |place, said, tx, permit| acts::approve_extension(tx, permit, place, said),
    "Give more time",
    "The director or the office approves the day asked for, which becomes the last day in time; the first one stays on record. Answers the task."
);
on_extension!(
    reject_extension,
    DecideExtension,
    "task:decide_extension",
    "/api/v1/tasks/{key}/extension-requests/{n}/rejection",
    StatedReason,
    |place, said, tx, permit| acts::reject_extension(tx, permit, place, said),
    "Give no more time",
    "With a reason. Answers the task."
);
on_extension!(
    counter_propose_extension,
    DecideExtension,
    "task:decide_extension",
    "/api/v1/tasks/{key}/extension-requests/{n}/counter-proposal",
    CounterProposal,
    |place, said, tx, permit| acts::counter_propose_extension(tx, permit, place, said),
    "Offer another day",
    "Than the one asked for, with a reason. The department accepts it or withdraws. Answers the task."
);
on_extension!(
    accept_extension,
    AskExtension,
    "task:ask_extension",
    "/api/v1/tasks/{key}/extension-requests/{n}/acceptance",
    ExtensionAnswer,
    |place, said, tx, permit| acts::accept_extension(tx, permit, place, said),
    "Accept the day that was offered",
    "It becomes the last day in time. Answers the task."
);
on_extension!(
    withdraw_extension,
    AskExtension,
    "task:ask_extension",
    "/api/v1/tasks/{key}/extension-requests/{n}/withdrawal",
    ExtensionAnswer,
    |place, said, tx, permit| acts::withdraw_extension(tx, permit, place, said),
    "Withdraw a request for more time",
    "While it waits. Answers the task."
);

/// Take a task
///
/// A department takes what it was given. Answers the task.
#[utoipa::path(tag = "plans", operation_id = "accept_assignment", security(("bearer" = [])), request_body = AssignmentAcceptance,
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"),
        ("department" = String, Path, description = "Code of the department", example = "DKKD"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("task:accept"))),
    responses((status = 201, description = "The task as it is now", body = TaskView), WriteProblems))]
#[post("/api/v1/tasks/{key}/assignments/{department}/acceptance")]
async fn accept_assignment(
    permit: Permit<perm::AcceptTask>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<AssignmentAcceptance>,
    db: Db,
) -> Answer {
    let (key, department) = path.into_inner();
    let key = key.as_str().into();
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::accept(tx, &permit, (&key, &department), &body.value).await).await
}

/// Refuse a task
///
/// A department gives it back to the office, with a reason. Answers the task.
#[utoipa::path(tag = "plans", operation_id = "refuse_assignment", security(("bearer" = [])), request_body = StatedReason,
    params(("key" = String, Path, description = "Id or code", example = "kh-1186-skhdt-2022.II.1-1.1a"),
        ("department" = String, Path, description = "Code of the department", example = "DKKD"), WriteParams, ChangeHeaders),
    extensions(("x-permission" = json!("task:accept"))),
    responses((status = 201, description = "The task as it is now", body = TaskView), WriteProblems))]
#[post("/api/v1/tasks/{key}/assignments/{department}/refusal")]
async fn refuse_assignment(
    permit: Permit<perm::AcceptTask>,
    path: web::Path<(String, String)>,
    _: Query<WriteParams>,
    body: Json<StatedReason>,
    db: Db,
) -> Answer {
    let (key, department) = path.into_inner();
    let key = key.as_str().into();
    write(db.get_ref(), &permit, &body.hash, async |tx| acts::refuse(tx, &permit, (&key, &department), &body.value).await).await
}

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(assign_task)
        .service(trigger_task)
        .service(confirm_task)
        .service(return_task)
        .service(cancel_task)
        .service(set_task_not_applicable)
        .service(ask_extension)
        .service(approve_extension)
        .service(reject_extension)
        .service(counter_propose_extension)
        .service(accept_extension)
        .service(withdraw_extension)
        .service(accept_assignment)
        .service(refuse_assignment);
}
