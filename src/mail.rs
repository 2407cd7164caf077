//! E-mail through the office's SMTP server; off unless it is set up.

use std::time::Duration;

use lettre::message::header::{ContentTransferEncoding, ContentType, MessageId};
use lettre::message::{Body, Mailbox};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;

use crate::config::{MailTls, Settings};

/// Why a message did not go out.
#[derive(Debug)]
pub struct MailError(String);

impl std::fmt::Display for MailError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MailError {}

fn broken(error: impl std::fmt::Display) -> MailError {
    MailError(error.to_string())
}

/// Sends messages from one address through one server.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// None where mail is off.
    ///
    /// # Errors
    /// The sender is no address, or TLS cannot be set up.
    pub fn of(settings: &Settings) -> Result<Option<Mailer>, MailError> {
        let mail = &settings.mail;
        if !mail.enabled {
            return Ok(None);
        }
        let builder = match mail.tls {
            MailTls::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host),
            MailTls::Starttls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&mail.host).map_err(broken)?,
            MailTls::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&mail.host).map_err(broken)?,
        };
        let builder = builder.port(mail.port).timeout(Some(Duration::from_secs(mail.timeout_s)));
        let builder = if mail.username.is_empty() {
            builder
        } else {
            builder.credentials(Credentials::new(mail.username.clone(), mail.password.expose_secret().to_owned()))
        };
        Ok(Some(Mailer { transport: builder.build(), from: mail.from.parse().map_err(broken)? }))
    }

    /// Sends plain text to one person. `id` names the message, so that a mail system can tell that it has it already.
    ///
    /// # Errors
    /// The address is none, or the server did not take the message.
    pub async fn send(&self, name: &str, address: &str, id: &str, subject: &str, body: String) -> Result<(), MailError> {
        let domain = self.from.email.domain();
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(name.to_owned()), address.parse().map_err(broken)?))
            .subject(subject)
            .header(MessageId::from(format!("<{id}@{domain}>")))
            .header(ContentType::TEXT_PLAIN)
            .body(Body::new_with_encoding(body, ContentTransferEncoding::Base64).map_err(|_| broken("the text cannot be encoded"))?)
            .map_err(broken)?;
        self.transport.send(message).await.map(drop).map_err(broken)
    }
}
