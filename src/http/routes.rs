//! Where slices register their operations: to be served, or to be told of in the contract.

use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::OpenApiFactory;

/// A handler with its `#[utoipa::path]` can be served and tells of itself; a serving thread does the one, the contract the other. Telling
/// of all operations takes more memory than a server at rest.
pub enum ServiceConfig<'a> {
    Served(&'a mut web::ServiceConfig),
    Told(&'a mut OpenApi),
}

impl ServiceConfig<'_> {
    pub fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self {
        match self {
            ServiceConfig::Served(config) => {
                config.service(operation);
            }
            ServiceConfig::Told(contract) => {
                contract.paths.merge(operation.paths());
                let mut schemas = Vec::new();
                operation.schemas(&mut schemas);
                contract.components.get_or_insert_default().schemas.extend(schemas);
            }
        }
        self
    }
}
