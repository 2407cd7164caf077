//! Permissions in handler signatures: the first extractor of every operation.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use crate::app::Shared;
use crate::auth::permissions::Named;
use crate::auth::{Admission, Reach};
use crate::error::{ApiError, Code};
use crate::http::Call;
use crate::http::middleware::RequestId;

/// Proof that the caller holds permission `P` somewhere; [`Permit::reach`] says where.
pub struct Permit<P> {
    call: Call,
    permission: PhantomData<P>,
}

impl<P: Named> Permit<P> {
    pub fn reach(&self) -> Reach {
        self.call.actor.reach(P::PERMISSION)
    }

    /// # Errors
    /// 403 when the permission does not reach that department.
    pub fn check_reaches(&self, department: uuid::Uuid) -> Result<(), ApiError> {
        if self.reach().covers(department) { Ok(()) } else { Err(forbidden()) }
    }
}

impl<P> Deref for Permit<P> {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

pub fn forbidden() -> ApiError {
    ApiError::new(Code::Forbidden)
        .say("Vai trò của bạn không được phép làm việc này ở đơn vị này.", "Your roles do not allow this in this department.")
}

impl<P: Named + 'static> FromRequest for Permit<P> {
    type Error = ApiError;
    // Ready at the first poll, so that it speaks before a body that cannot be read does.
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(permit(req))
    }
}

fn permit<P: Named>(req: &HttpRequest) -> Result<Permit<P>, ApiError> {
    let extensions = req.extensions();
    let actor = match extensions.get::<Admission>() {
        Some(Admission::Actor(actor)) => actor.clone(),
        Some(Admission::BadToken) => return Err(ApiError::new(Code::InvalidToken)),
        Some(Admission::Unknown(error)) => {
            let told = ApiError::new(error.code());
            return Err(match error.source_text() {
                Some(cause) => told.because(cause),
                None => told,
            });
        }
        Some(Admission::NoToken) | None => return Err(ApiError::new(Code::Unauthenticated)),
    };
    if !actor.has(P::PERMISSION) {
        return Err(forbidden());
    }
    let request_id = extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let shared = req.app_data::<web::Data<Shared>>().ok_or_else(|| ApiError::new(Code::Internal))?;
    let call = Call::of(req, actor, shared.now(), request_id, shared.keys.retries.clone())?;
    Ok(Permit { call, permission: PhantomData })
}
