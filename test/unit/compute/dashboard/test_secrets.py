"""What is decided of secrets, listeners that end TLS, and the first page of a list."""

from __future__ import annotations

import pytest

from compute.dashboard.frame.addresses import first_page
from compute.dashboard.frame.fields import BadForm, Field, Form, Values, refilled
from compute.dashboard.frame.menu import menu_of
from compute.dashboard.frame.session import Session, session_of
from compute.dashboard.frame.submitted import Submitted
from compute.dashboard.pages.balancers.tls import TERMINATED_HTTPS, tls_order
from compute.dashboard.pages.objects.preview import text_of
from compute.dashboard.pages.secrets.forms import order_of
from compute.dashboard.pages.secrets.store import Payload, id_of, label_of

REF = "http://127.0.0.1/key-manager/v1/secrets/5e1f"


def test_what_a_secret_keeps_is_shown_as_text_where_it_is_some() -> None:
    assert (
        Payload("Gr\u00fc\u00dfe\n".encode(), "text/plain").text == "Gr\u00fc\u00dfe\n"
    )
    assert Payload(b"\x00\x01", "application/octet-stream").text is None
    assert Payload(b"\xff", "application/octet-stream").text is None


def test_references_have_ids() -> None:
    assert id_of(REF) == id_of({"secret_ref": REF + "/"}) == "5e1f"
    assert label_of({"name": None, "secret_ref": REF}) == "5e1f"


def test_secrets_are_not_in_forms_again() -> None:
    form = Form("f", [Field("a", "A", "secret"), Field("b", "B")], "go", "/")
    sent = Submitted({"a": ["told"], "b": ["plain"]})
    again = refilled(form, sent, {})
    assert [each.value for each in again.flat()] == ["", "plain"]
    assert [each.is_secret for each in again.flat()] == [True, False]


def test_keys_are_ordered_alone_or_in_pairs() -> None:
    assert order_of("n", "aes-256", "")["type"] == "key"
    pair = order_of("", "rsa-2048", "2027-01-31")
    assert pair["type"] == "asymmetric" and "name" not in pair["meta"]
    assert pair["meta"]["expiration"].startswith("2027-01-31T")


def test_tls_ends_where_it_says_so_and_only_there() -> None:
    given = Values(Submitted(), {"certificate": REF, "hsts": ""}, {"versions": ["v"]})
    order = tls_order(TERMINATED_HTTPS, given)
    assert order["default_tls_container_ref"] == REF
    assert order["hsts_max_age"] is None and order["tls_versions"] == ["v"]
    with pytest.raises(BadForm):
        tls_order("HTTP", given)
    with pytest.raises(BadForm):
        tls_order(TERMINATED_HTTPS, Values(Submitted(), {}))
    assert tls_order("TCP", Values(Submitted(), {})) == {}


def test_a_manager_of_a_domain_sees_its_menu() -> None:
    sales = {"id": "d", "name": "sales"}
    told = {
        "expires_at": "2030-01-01T00:00:00Z",
        "roles": [{"name": "admin"}],
        "user": {"id": "u", "name": "n", "domain": sales},
        "domain": sales,
    }
    session = session_of("t", {"token": told})
    assert session.scope_name == "domain sales" and not session.is_admin
    shown = [each.key for group in menu_of(session) for each in group.entries]
    assert shown == ["overview", "projects", "people"]
    nowhere = Session("t", "c", 0.0, "u", "n", "d", "sales")
    assert nowhere.scope_name == "no project"


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("/servers", ""),
        ("/servers?status=ERROR", ""),
        ("/servers?marker=a%26b", "/servers"),
        ("/servers?status=A%26B&marker=x&offset=3", "/servers?status=A%26B"),
    ],
)
def test_the_first_page_keeps_what_else_was_asked(address: str, first: str) -> None:
    assert first_page(address) == first


def test_previews_have_no_controls() -> None:
    assert text_of(b"a\r\nb\x1b[0m\xff") == "a\nb\ufffd[0m\ufffd"
