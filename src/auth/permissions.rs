//! The table of permissions: which role may do what, and over which departments.

use crate::auth::Role;

/// How far a role's permission goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Everywhere.
    All,
    /// The department of the grant.
    Own,
    /// The department of the grant and all below it.
    Below,
}

macro_rules! permissions {
    ($($variant:ident $name:literal [$($role:ident $span:ident),*];)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission { $($variant),+ }

        impl Permission {
            pub const ALL: &[Permission] = &[$(Permission::$variant),+];

            pub fn name(self) -> &'static str {
                match self { $(Permission::$variant => $name),+ }
            }

            /// The reach of this permission for a role; none when the role does not have it.
            pub fn span(self, role: Role) -> Option<Span> {
                let table: &[(Role, Span)] = match self {
                    $(Permission::$variant => &[$((Role::$role, Span::$span)),*]),+
                };
                table.iter().find(|(r, _)| *r == role).map(|(_, span)| *span)
            }
        }

        /// One type for each permission, so that a handler names it in its signature.
        pub mod perm {
            $(pub struct $variant;
              impl super::Named for $variant {
                  const PERMISSION: super::Permission = super::Permission::$variant;
              })+
        }
    };
}

/// A permission known at compile time.
pub trait Named {
    const PERMISSION: Permission;
}

permissions! {
    ReadSelf "self:read" [Admin All, Director All, Office All, OneStop All, Head All, Officer All, Clerk All, Auditor All, Integration All];
    ReadDepartment "department:read" [Admin All, Director All, Office All, OneStop All, Head All, Officer All, Clerk All, Auditor All, Integration All];
    WriteDepartment "department:write" [Admin All];
    ReadUser "user:read" [Admin All, Auditor All];
    WriteUser "user:write" [Admin All];
    ReadClient "client:read" [Admin All, Auditor All];
    WriteClient "client:write" [Admin All];
    ReadCalendar "calendar:read" [Admin All, Director All, Office All, OneStop All, Head All, Officer All, Clerk All, Auditor All, Integration All];
    WriteCalendar "calendar:write" [Admin All];
    ReadProcedure "procedure:read" [Admin All, Director All, Office All, OneStop All, Head All, Officer All, Clerk All, Auditor All, Integration All];
    WriteProcedure "procedure:write" [Admin All];
    ReadRuleSet "rule_set:read" [Admin All, Director All, Office All, OneStop All, Head All, Officer All, Clerk All, Auditor All, Integration All];
    WriteRuleSet "rule_set:write" [Admin All];

    ReadJob "job:read" [Admin All, Director Own, Office All, OneStop Own, Head Own, Officer Own, Clerk Own, Auditor All, Integration Own];
    CancelJob "job:cancel" [Admin All, Director Own, Office Own, OneStop Own, Head Own, Officer Own, Clerk Own, Auditor Own, Integration Own];
    MakeExport "export:make" [Admin All, Director All, Office All, OneStop All, Head All, Officer All, Clerk All, Auditor All, Integration All];

    ReadDossier "dossier:read" [Director All, Office All, OneStop All, Head Below, Officer Own, Clerk Own, Auditor All, Integration Below];
    ReadPersonalData "dossier:read_personal_data" [OneStop All, Head Below, Officer Own];
    PurgePersonalData "dossier:purge_personal_data" [Admin All];
    ReceiveDossier "dossier:receive" [OneStop All];
    AcceptDossier "dossier:accept" [OneStop All];
    DeclineDossier "dossier:decline" [OneStop All];
    RequestCompletion "dossier:request_completion" [OneStop All];
    RecordCompletion "dossier:record_completion" [OneStop All];
    ProcessDossier "dossier:process" [Head Below, Officer Own];
    RequestSupplement "dossier:request_supplement" [OneStop All, Head Below, Officer Own];
    FulfilSupplement "dossier:fulfil_supplement" [OneStop All];
    RequestFee "dossier:request_fee" [OneStop All, Head Below, Officer Own];
    RecordPayment "dossier:record_payment" [OneStop All];
    SuspendDossier "dossier:suspend" [Head Below];
    ConsultAgency "dossier:consult" [Head Below, Officer Own];
    TerminateDossier "dossier:terminate" [Head Below];
    ApologiseDossier "dossier:apologise" [OneStop All, Head Below, Officer Own];
    RefuseDossier "dossier:refuse" [Head Below, Officer Own];
    ResolveDossier "dossier:resolve" [Head Below, Officer Own];
    ReturnDossier "dossier:return" [OneStop All];
    TransferDossier "dossier:transfer" [Office All, OneStop All, Head Below];
    WithdrawDossier "dossier:withdraw" [OneStop All];
    VoidDossier "dossier:void" [Office All, OneStop All];
    LoadDossier "dossier:load" [Office All, Integration Below];
    ReviseDossiers "dossier:revise" [Director All, Office All];
    ReadNumbers "dossier_number:read" [Director All, Office All, OneStop All, Auditor All];
    ReserveNumbers "dossier_number:reserve" [OneStop All];
    ReadRegister "register:read" [Director All, Office All, OneStop All, Head Below, Officer Own, Clerk Own, Auditor All];

    ReadDocument "document:read" [Director All, Office All, OneStop Own, Head Below, Officer Own, Clerk All, Auditor All, Integration Below];
    ReadSecretDocument "document:read_secret" [Director All, Office All, Head Below, Officer Own, Clerk All, Integration Below];
    WriteDocument "document:write" [Office All, Clerk All, Integration Below];
    VoidDocument "document:void" [Office All, Clerk All];

    FreezeReport "snapshot:freeze" [Office All, Head Below];
    ReadSnapshot "snapshot:read" [Director All, Office All, Head Below, Auditor All];
    ReadReport "report:read" [Director All, Office All, OneStop All, Head Below, Officer Own, Clerk Own, Auditor All];

    ReadPlan "plan:read" [Director All, Office All, OneStop All, Head All, Officer All, Clerk All, Auditor All];
    WritePlan "plan:write" [Office All];
    ReadTask "task:read" [Director All, Office All, OneStop Own, Head Below, Officer Own, Clerk Own, Auditor All];
    WriteTask "task:write" [Office All];
    AssignTask "task:assign" [Director All, Office All, Head Below];
    AcceptTask "task:accept" [OneStop Own, Head Below];
    ReportTask "task:report" [Office All, OneStop Own, Head Below, Officer Own];
    CompleteTask "task:complete" [Office All, OneStop Own, Head Below, Officer Own];
    ConfirmTask "task:confirm" [Office All];
    AskExtension "task:ask_extension" [Office All, OneStop Own, Head Below, Officer Own];
    DecideExtension "task:decide_extension" [Director All, Office All];

    ReadObstacle "obstacle:read" [Director All, Office All, OneStop Own, Head Below, Officer Own, Clerk Own, Auditor All];
    RaiseObstacle "obstacle:raise" [Office All, OneStop Own, Head Below, Officer Own];
    AnswerObstacle "obstacle:answer" [Office All];
    DecideObstacle "obstacle:decide" [Director All];
    CloseObstacle "obstacle:close" [Office All, Head Below];
    ReadExplanation "explanation:read" [Director All, Office All, OneStop Own, Head Below, Officer Own, Clerk Own, Auditor All];
    WriteExplanation "explanation:write" [Office All, Head Below];
    ReviewExplanation "explanation:review" [Office All];
    ReadDecision "decision:read" [Director All, Office All, OneStop Own, Head Below, Officer Own, Clerk Own, Auditor All];
    WriteDecision "decision:write" [Director All, Office All];
    ReadDuty "duty:read" [Director All, Office All, OneStop All, Head All, Officer All, Clerk All, Auditor All];
    WriteDuty "duty:write" [Office All];
    ReadHandIn "duty:read_hand_ins" [Director All, Office All, OneStop Own, Head Below, Officer Own, Clerk Own, Auditor All];
    HandIn "duty:hand_in" [Office All, OneStop Own, Head Below, Officer Own];
    ConsolidateDuty "duty:consolidate" [Office All];
    DispatchDuty "duty:dispatch" [Office All, Clerk All];

    ReadKpi "kpi:read" [Director All, Office All, OneStop All, Head All, Officer All, Clerk All, Auditor All];
    WriteKpi "kpi:write" [Office All];
    ReadMeasurement "measurement:read" [Director All, Office All, Head Below, Officer Own, OneStop Own, Clerk Own, Auditor All];
    WriteMeasurement "measurement:write" [Office All, Head Below];
    ReadSurvey "survey:read" [Director All, Office All, OneStop All, Head Below, Officer Own, Clerk Own, Auditor All, Integration Below];
    WriteSurvey "survey:write" [Office All, Integration Below];
    SubmitFigures "submission:submit" [Office All, Head Below];
    ApproveFigures "submission:approve" [Director All, Office All];
    ReopenFigures "submission:reopen" [Director All];

    ReadCriteria "criteria:read" [Director All, Office All, OneStop All, Head All, Officer All, Clerk All, Auditor All];
    WriteCriteria "criteria:write" [Office All];
    ScoreCriterion "criteria:score" [Office All, OneStop Own, Head Below];
    AppraiseCriterion "criteria:appraise" [Director All, Office All];
}
