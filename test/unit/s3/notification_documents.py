"""Documents that say who is told what happens in a bucket."""

from __future__ import annotations

ARN = "arn:aws:sqs:us-east-1:AUTH_alice:hook"


def configuration(*content: str) -> bytes:
    """The document that a bucket is given, of these rules."""
    joined = "".join(
        f"<QueueConfiguration>{item}</QueueConfiguration>" for item in content
    )
    return f"<NotificationConfiguration>{joined}</NotificationConfiguration>".encode()


def rule(
    *events: str, arn: str = ARN, prefix: str = "", suffix: str = "", name: str = "r"
) -> str:
    """What is told to whom, as one rule."""
    filters = "".join(
        f"<FilterRule><Name>{kind}</Name><Value>{value}</Value></FilterRule>"
        for kind, value in (("prefix", prefix), ("suffix", suffix))
        if value
    )
    told = "".join(f"<Event>s3:{event}</Event>" for event in events)
    return (
        f"<Id>{name}</Id><Filter><S3Key>{filters}</S3Key></Filter>"
        f"<Queue>{arn}</Queue>{told}"
    )
