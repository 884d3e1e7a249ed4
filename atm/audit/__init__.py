"""Audit log of acts and decisions: append-only chained JSON lines with forward-secure MACs.

Each entry carries a MAC over its content and the MAC before it, made with a key that serves for
this one entry: after it the key is replaced by HMAC(key, "next") and is gone. Whoever takes the
machine's present key cannot make an earlier entry: what Bellare and Yee (1997) named forward
integrity. Schneier and Kelsey ("Secure Audit Logs to Support Computer Forensics", 1999) write of
the same means that entries made before the machine's compromise become "impossible to
undetectably modify or destroy"; for the newest ones that asks for a witness elsewhere, which here
is the anchor. Only the auditor, who holds a first key (the verifier), can check the log.
"""

from atm.audit.entries import AuditError
from atm.audit.log import AuditLog

__all__ = ["AuditError", "AuditLog"]
