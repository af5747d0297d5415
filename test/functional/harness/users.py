"""Who uses the stores of the functional tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """A user line: account and user, key, groups."""

    account: str
    name: str
    key: str
    groups: str = ""

    @property
    def login(self) -> str:
        return f"{self.account}:{self.name}"

    @property
    def storage_account(self) -> str:
        return f"AUTH_{self.account}"

    @property
    def line(self) -> str:
        return f"user_{self.account}_{self.name} = {self.key} {self.groups}".rstrip()


TESTER = User("test", "tester", "testing", ".admin")
# The same account, without any rights of his own.
GUEST = User("test", "tester3", "testing3")
# Another account's owner.
STRANGER = User("test2", "tester2", "testing2", ".admin")
# For listings of whole accounts, that nobody else writes to.
LISTER = User("lister", "owner", "listing", ".admin")
RECLONER = User("rclone", "owner", "recloning", ".admin")
COMMANDER = User("commander", "owner", "commanding", ".admin")
# Whoever may do everything everywhere.
RESELLER = User("admin", "admin", "admin", ".admin .reseller_admin")
READER = User("auditor", "reader", "reading", ".reseller_reader")

EVERYBODY = (
    TESTER,
    GUEST,
    STRANGER,
    LISTER,
    RECLONER,
    COMMANDER,
    RESELLER,
    READER,
)
LINES = "\n".join(user.line for user in EVERYBODY)
