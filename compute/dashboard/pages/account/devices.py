"""Devices whose passcodes prove that it is really oneself (TOTP, RFC 6238).

A new secret is only kept once the device has shown a passcode of it: a device that was
set up wrongly would lock its owner out.
"""

from __future__ import annotations

import base64
import os
import re
from hmac import compare_digest
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from compute.dashboard.frame.fields import BadForm, Field, Form, Values
from compute.dashboard.frame.routes import deed, form
from compute.dashboard.frame.session import Session
from compute.dashboard.frame.view import Action, Drawing, Empty, Row, Table, Text
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.account.qr_code import qr_code

# What identity checks passcodes with, and what all authenticators take as given.
DIGITS, STEP_SECONDS = 6, 30
SECRET_BYTES = 20
ISSUER = "Ringstack"
# As this page writes secrets: 160 bits in base32, without padding.
_SECRET = re.compile("[A-Z2-7]{32}")

LIST = {"type": "totp"}


def device_table(devices: Any) -> Table:
    """The devices that one has."""
    rows = [
        Row(
            [Text(each["id"], "mono")],
            [
                Action(
                    "Remove",
                    f"/account/device/{each['id']}/delete",
                    "Remove this device? Its passcodes open nothing any more. If you"
                    " must give one to sign in and have no other device, you are locked"
                    " out.",
                    look="danger",
                )
            ],
        )
        for each in devices
    ]
    add = Action("Add one\u2026", "/account/device/new", is_form=True)
    empty = Empty(
        "None yet. A telephone or a key that shows passcodes makes a stolen password"
        " useless, once an administrator asks you for them.",
        add,
    )
    return Table("devices", ["ID"], rows, empty, "Devices for passcodes", [add])


def device_form(visit: Visit) -> Form:
    """A new secret, or the one that was shown when this form was answered."""
    secret = visit.submitted.one("secret")
    if not _SECRET.fullmatch(secret):
        secret = base64.b32encode(os.urandom(SECRET_BYTES)).decode()
    return Form(
        "Add a device",
        [
            Field("secret", "Secret", "hidden", [secret]),
            Field(
                "passcode",
                "Passcode that it shows now",
                is_required=True,
                autocomplete="one-time-code",
                help=f"It cannot scan? Type in this secret: {_in_fours(secret)}",
            ),
        ],
        "Add it",
        "/account",
        lead="Scan this with an authenticator: an app, or a key with a screen.",
        picture=Drawing(
            "code",
            "qr_code.html",
            qr_code(enrolment_uri(visit.session, secret)),
            "QR code of the new secret",
        ),
    )


def enrolment_uri(session: Session, secret: str) -> str:
    """The secret as authenticators read it, under the person's name."""
    label = quote(f"{ISSUER}:{session.user_name}", safe="")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': ISSUER})}"


def add_device(visit: Visit, values: Values) -> Redirect:
    """Keep the secret, when the passcode is of it."""
    secret, passcode = values["secret"], "".join(values["passcode"].split())
    if not _SECRET.fullmatch(secret):
        raise BadForm({"": "That secret is not of this page: here is a new one."})
    if not shows(secret, passcode, visit.now):
        raise BadForm(
            {
                "passcode": "That is not what it should show. Scan the picture again,"
                " and see that the device's clock is right."
            }
        )
    body = {"type": "totp", "blob": secret, "user_id": visit.session.user_id}
    visit.rooms.post("identity", "credentials", body={"credential": body})
    return Redirect("/account", Notice("The device is added."))


def shows(secret: str, passcode: str, now: float) -> bool:
    """Whether a device with this secret shows that now, or did half a minute ago."""
    key = base64.b32decode(secret)
    clock = TOTP(key, DIGITS, SHA1(), STEP_SECONDS)
    given = passcode.encode("utf-8", "replace")
    moments = (now, max(now - STEP_SECONDS, 0))
    right = [compare_digest(clock.generate(int(each)), given) for each in moments]
    return any(right)


def delete_device(visit: Visit, values: Values) -> Redirect:
    """Forget it."""
    visit.rooms.delete("identity", "credentials", visit["id"])
    return Redirect("/account", Notice("The device is removed."))


def _in_fours(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


ROUTES = [
    form("account/device/new", device_form, add_device),
    deed(
        "account/device/{id}/delete",
        delete_device,
        "Remove this device? Its passcodes open nothing any more.",
    ),
]
