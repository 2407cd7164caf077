"""A program with the generated client does a counter's first minutes of work."""

import os
import uuid

from python_client import AuthenticatedClient
from python_client.api.auth import create_session
from python_client.api.dossiers import accept_dossier, list_dossiers, receive_dossier
from python_client.models import Acceptance, Applicant, ApplicantKind, Channel, Credentials, DossierView, NewDossier, Problem
from python_client.models import DossierPage, SessionTokens

URL = os.environ.get("DUNGHEN_URL", "http://127.0.0.1:8080")
PASSWORD = os.environ.get("DUNGHEN_PASSWORD", "dunghen-demo-2022")

session = create_session.sync(client=AuthenticatedClient(base_url=URL, token="none"), body=Credentials(username="one_stop", password=PASSWORD))
assert isinstance(session, SessionTokens), session
client = AuthenticatedClient(base_url=URL, token=session.access_token)

page = list_dossiers.sync(client=client, limit=2)
assert isinstance(page, DossierPage) and len(page.items) == 2, page


def received(procedure: str) -> NewDossier:
    applicant = Applicant(kind=ApplicantKind.CITIZEN, name="Nguyễn Văn A")
    return NewDossier(procedure=procedure, receiving_department="MC", channel=Channel.DIRECT, applicant=applicant)


key = str(uuid.uuid4())
made = receive_dossier.sync_detailed(client=client, body=received(page.items[0].procedure), idempotency_key=key)
assert isinstance(made.parsed, DossierView), made
again = receive_dossier.sync_detailed(client=client, body=received(page.items[0].procedure), idempotency_key=key)
assert isinstance(again.parsed, DossierView) and again.parsed.id == made.parsed.id, again
assert again.headers["idempotency-replayed"] == "true"

dossier = made.parsed.id
stale = accept_dossier.sync_detailed(dossier, client=client, body=Acceptance(), if_match='"99"')
assert stale.status_code == 412 and isinstance(stale.parsed, Problem) and stale.parsed.code == "version_mismatch", stale
accepted = accept_dossier.sync_detailed(dossier, client=client, body=Acceptance(), if_match=made.headers["etag"])
assert isinstance(accepted.parsed, DossierView) and accepted.parsed.status.value == "accepted", accepted

broken = receive_dossier.sync_detailed(client=client, body=received("khong-co"))
assert broken.status_code == 422 and isinstance(broken.parsed, Problem), broken
assert any(fault.pointer == "/procedure" for fault in broken.parsed.errors), broken
print("python client: signed in, listed, received, accepted, told what was wrong")
